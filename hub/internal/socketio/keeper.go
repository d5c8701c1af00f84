package socketio

import (
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/recovery"
)

// keeper keeps sessions at the engine as they change, for the time after a hub that was killed. A nil one keeps none.
type keeper struct {
	// set at construction
	of    *comeback
	every time.Duration // after which one that has not changed is kept again

	mu      sync.Mutex // guards the fields below; a leaf
	dirty   map[*recovery.Session]struct{}
	running bool
	renewal *time.Timer
	closed  bool
	done    sync.WaitGroup // of run
}

// touch says that a session has changed. It may be called with locks held.
func (k *keeper) touch(session *recovery.Session) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.touchLocked(session)
}

func (k *keeper) touchLocked(session *recovery.Session) {
	if k.closed {
		return
	}
	k.dirty[session] = struct{}{}
	if !k.running {
		k.running = true
		k.done.Go(k.run)
	}
	if k.renewal == nil {
		k.renewal = time.AfterFunc(k.every, k.renew)
	}
}

// renew keeps all sessions again before the engine forgets them.
func (k *keeper) renew() {
	all := k.of.recovery.All()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.renewal = nil
	for _, session := range all {
		k.touchLocked(session)
	}
}

// run keeps what has changed, until nothing has.
func (k *keeper) run() {
	for {
		k.mu.Lock()
		if len(k.dirty) == 0 || k.closed {
			k.running = false
			k.mu.Unlock()
			return
		}
		list := k.dirty
		k.dirty = make(map[*recovery.Session]struct{})
		k.mu.Unlock()
		for session := range list {
			k.keep(session)
		}
	}
}

func (k *keeper) keep(session *recovery.Session) {
	c := k.of
	value := keptOf(session).record(session).Encode()
	c.recovery.WhileAlive(session, func() { c.sessions.Keep(session.PID(), value, true, nil) })
}

// record is that of a session wherever it is.
func (k *kept) record(session *recovery.Session) *recovery.Record {
	r := k.namespace.recovering
	r.mu.Lock()
	defer r.mu.Unlock()
	s := k.socket
	if s == nil {
		record := r.store.Record(session, r.away.Rooms(session))
		k.fill(record)
		record.Away, record.At = time.Since(k.left).Milliseconds(), time.Now().UnixMilli()
		return record
	}
	session.Trail.Leave(r.reach(k.namespace.name))
	record := r.store.Record(session, k.namespace.rooms.Rooms(s))
	record.Last = nil // more may be sent to it
	live := kept{namespace: k.namespace, memo: k.memo, mustAsk: k.mustAsk, policy: s.policy.Load()}
	s.mu.Lock()
	live.data, live.version = s.data.get()
	live.roomsVersion = s.membership.version
	s.mu.Unlock()
	live.fill(record)
	return record
}

// drop says that a session has ended. It is called with locks held.
func (k *keeper) drop(pid string) {
	if k != nil {
		k.of.sessions.Drop(pid)
	}
}

// close ends it: what changes from now on is not kept.
func (k *keeper) close() {
	if k == nil {
		return
	}
	k.mu.Lock()
	k.closed = true
	if k.renewal != nil {
		k.renewal.Stop()
	}
	k.mu.Unlock()
	k.done.Wait()
}
