package socketio

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// sharer is what a server has of it that sessions are shared with other hubs.
type sharer struct {
	// set at construction
	hub       string // empty: they are not
	memos     Memos
	detection time.Duration
	// keeper keeps sessions whose browsers are there. Nil: they are not kept.
	keeper *keeper

	// sharing says that what nobody else hears of is put into the engine's log.
	sharing atomic.Bool
}

func (s *sharer) init(server *Server, config Config) {
	s.detection = config.Recovery.Detection
	e := config.Elsewhere
	if e.Sessions == nil || !config.Recovery.Enabled {
		return
	}
	s.hub, s.memos = e.Hub, e.Memos
	if e.KeepLive {
		s.keeper = &keeper{server: server, every: config.Recovery.MaxDuration / 2, dirty: make(map[*recovery.Session]struct{})}
		s.sharing.Store(true)
	}
}

// Share puts what nobody else has heard of into the engine's log, and what comes from now on as it comes: the receivers go to
// other hubs. It does nothing where sessions are not shared.
func (s *Server) Share() {
	if s.hub == "" || s.sharing.Swap(true) {
		return
	}
	s.namespaces.byName.Range(func(name, value any) bool {
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
func (s *Server) keepElsewhere(r *recovery.Record) {
	r.At, r.Final = time.Now().UnixMilli(), true
	s.elsewhere.Sessions.Keep(r.PID, r.Encode(), false, nil)
}

// keepAway keeps the sessions that are away, as the hub ends.
func (s *Server) keepAway() {
	if s.hub == "" {
		return
	}
	s.namespaces.byName.Range(func(_, value any) bool {
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
			s.keepElsewhere(record)
		}
		return true
	})
}
