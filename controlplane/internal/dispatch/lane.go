package dispatch

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// Lane is one socket as one group sees it, or one connect attempt. Pushes to it
// come one at a time, in the order that is to be kept; all else may happen at the
// same time.
type Lane struct {
	shelf
	owner Owner // nil for a connect attempt

	// anew says that the socket is introduced again when the group's attach epoch
	// moves on.
	anew   atomic.Bool
	holder atomic.Pointer[holder]

	// The rest, and the shelf's queue, is guarded by the holder's mutex.
	turn   node[*Lane] // in holder.turns, if the head of the queue may go
	bound  node[*Lane] // in holder.lanes, if the holder is an instance
	flight list[*Delivery]
	strict int // strict deliveries in the flight
	// adrift counts deliveries in state detached: until they have landed nothing of the
	// lane is handed over, for they may come back in front of it.
	adrift int

	// intro is the identity of the introduction, 0 before the first one was handed over.
	intro     uint64
	introTry  uint32
	epoch     epoch // of the last introduction that was handed over
	introduce bool  // an introduction is in the queue or in the flight
	leaving   bool  // its Disconnected was pushed
	ended     bool

	ready time.Time // when the head of the queue was last unblocked
	timer *time.Timer
}

// epoch says which introductions a lane has seen. The zero epoch is before all.
type epoch struct{ attach, lost uint32 }

// NewLane returns a lane for a socket. The meter is that of the socket.
func (g *Group) NewLane(owner Owner, meter *park.Meter) *Lane {
	l := &Lane{shelf: shelf{group: g, meter: meter}, owner: owner}
	l.turn.value, l.bound.value = l, l
	l.holder.Store(&g.pool)
	return l
}

// Group is the group that the lane belongs to.
func (l *Lane) Group() *Group { return l.group }

// SetAnew says whether the socket is introduced again when the group attaches anew.
func (l *Lane) SetAnew(anew bool) {
	if l.anew.Load() != anew {
		l.anew.Store(anew)
	}
}

// lock locks the lane's holder and returns it. A lane may move between the look
// at its holder and the lock: then the mutex is the wrong one, and it looks again.
// Once the lock is held the lane stays, for moving it takes this very mutex.
func (l *Lane) lock() *holder {
	for {
		h := l.holder.Load()
		h.mu.Lock()
		if l.holder.Load() == h {
			return h
		}
		h.mu.Unlock()
	}
}

// mayGo reports whether a delivery may be handed over beside what is in the flight.
func (l *Lane) mayGo(d *Delivery) bool {
	if l.adrift > 0 || l.strict > 0 || (d.Strict && l.flight.len > 0) {
		return false
	}
	return d.due.IsZero() || !time.Now().Before(d.due)
}

// arm gives the lane a turn if the head of its queue may go.
func (l *Lane) arm(h *holder) {
	if l.turn.list != nil || l.queue.front == nil {
		return
	}
	head := l.queue.front.value
	if l.mayGo(head) {
		h.enqueue(l)
		return
	}
	// Blocked by a strict delivery in the flight, or by one adrift: its settlement arms
	// the lane. Blocked by the delay of a retry: the timer does.
	if wait := time.Until(head.due); !head.due.IsZero() && wait > 0 {
		l.stopTimer()
		l.timer = time.AfterFunc(wait, l.resume)
	}
}

// resume arms the lane after the delay of a retry.
func (l *Lane) resume() {
	h := l.lock()
	l.timer = nil
	l.ready = time.Now()
	l.arm(h)
	if h.inst != nil {
		h.inst.fill()
		h.mu.Unlock()
		return
	}
	if l.group.closed {
		h.forget(l)
	} else {
		l.group.feedLocked()
	}
	h.mu.Unlock()
}

// end takes the lane out of its holder for good. What is in the queue is dropped by
// the caller before.
func (l *Lane) end(h *holder) {
	l.ended = true
	h.dequeue(l)
	h.unbind(l)
	l.stopTimer()
}

func (l *Lane) stopTimer() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}
