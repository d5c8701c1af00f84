package socketio

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// sharer is what there is of it that sessions are shared with other hubs.
type sharer struct {
	// set at construction

	// sessions are those of other hubs. Nil: they are not shared.
	sessions Sessions
	hub      string // Elsewhere.Hub; empty without sessions
	data     func(*cluster.Data) (DataChange, error)
	memos    Memos
	// keeper keeps sessions whose browsers are there. Nil: they are not kept.
	keeper *keeper

	// sharing says that what nobody else hears of is put into the engine's log.
	sharing atomic.Bool
}

func (s *sharer) init(of *comeback, config Config) {
	e := config.Elsewhere
	if e.Sessions == nil || !config.Recovery.Enabled {
		return
	}
	s.sessions, s.hub, s.data, s.memos = e.Sessions, e.Hub, e.Data, e.Memos
	if e.KeepLive {
		s.keeper = &keeper{of: of, every: config.Recovery.MaxDuration / 2, dirty: make(map[*recovery.Session]struct{})}
		s.sharing.Store(true)
	}
}

// Share puts what nobody else has heard of into the engine's log, and what comes from now on as it comes: the receivers go to
// other hubs. It does nothing where sessions are not shared.
func (c *comeback) Share() {
	if c.hub == "" || c.sharing.Swap(true) {
		return
	}
	c.namespaces.byName.Range(func(name, value any) bool {
		r := value.(*namespace).recovering
		if r == nil {
			return true
		}
		r.mu.Lock()
		entries := r.log.TakeUnshared()
		r.mu.Unlock()
		for _, e := range entries {
			r.sessions.Share(name.(string), e.Target, e.Bare(), e.Point().Place)
		}
		return true
	})
}

// keepElsewhere keeps a session that ends here for other hubs.
func (c *comeback) keepElsewhere(r *recovery.Record) {
	r.At, r.Final = time.Now().UnixMilli(), true
	c.sessions.Keep(r.PID, r.Encode(), false, nil)
}

// keepAway keeps the sessions that are away, as the hub ends.
func (c *comeback) keepAway() {
	if c.hub == "" {
		return
	}
	c.namespaces.byName.Range(func(_, value any) bool {
		r := value.(*namespace).recovering
		if r == nil {
			return true
		}
		var records []*recovery.Record
		r.mu.Lock()
		away := pick(r.away, cluster.Target{All: true})
		for _, m := range away.list {
			session := m.(*recovery.Session)
			k := keptOf(session)
			record := r.store.Record(session, r.away.Rooms(session))
			k.fill(record)
			record.Away = time.Since(k.left).Milliseconds()
			records = append(records, record)
		}
		away.release()
		r.mu.Unlock()
		for _, record := range records {
			c.keepElsewhere(record)
		}
		return true
	})
}
