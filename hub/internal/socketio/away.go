package socketio

import (
	"github.com/siohub/siohub/hub/adapter"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// forAway calls do for each session that is away and that a target picks, with recovering.mu held, and returns how many
// times that was done.
func (n *namespace) forAway(t adapter.Target, do func(*recovery.Session, *kept) bool) (done int) {
	r := n.recovering
	if r == nil {
		return 0
	}
	defer n.server.recoveryFull.write()
	r.mu.Lock()
	defer r.mu.Unlock()
	members := pick(r.away, t)
	defer members.release()
	for _, m := range members.list {
		session := m.(*recovery.Session)
		if do(session, keptOf(session)) {
			done++
		}
	}
	return done
}

// moveAway makes sessions that are away join and then leave rooms. One that would be in too many is left alone.
func (n *namespace) moveAway(t adapter.Target, join, leave []string) int {
	r := n.recovering
	return n.forAway(t, func(session *recovery.Session, k *kept) bool {
		if len(join) > 0 && withRooms(r.away.Rooms(session), join) > n.server.limits.Rooms {
			n.server.trace.limitReached("rooms_per_socket")
			return false
		}
		if !r.store.Grow(session, sizeOfRooms(join)) {
			return false
		}
		joined, left := r.away.Join(session, join...), r.away.Leave(session, leave...)
		if len(joined)+len(left) > 0 {
			session.Trail.Moved(r.log.Head(), joined, left)
			k.roomsVersion++
		}
		return true
	})
}

// endAway ends the chance of sessions to come back. Those whose browsers may return have to show who they are.
func (n *namespace) endAway(t adapter.Target, e Eviction) (done int) {
	var ended []*recovery.Session
	done = n.forAway(t, func(session *recovery.Session, k *kept) bool {
		if e.MayReturn {
			k.mustAsk = true
			return true
		}
		if n.recovering.store.End(session) {
			ended = append(ended, session)
		}
		return true
	})
	for _, session := range ended {
		forget(session)
	}
	return done
}

// applyAway changes the data of sessions that are away. Merging is done with the order of the namespace held, as it is
// rare.
func (d DataChange) applyAway(n *namespace, t adapter.Target) (done int, version uint64, err error) {
	done = n.forAway(t, func(session *recovery.Session, k *kept) bool {
		version = k.version
		if d.Expected != nil && *d.Expected != k.version {
			return false
		}
		data := d.Data
		if d.Merge != nil {
			merged, failed := d.Merge(k.data)
			if failed != nil {
				err = failed
				return false
			}
			data = merged
		}
		if !n.recovering.store.Grow(session, int64(len(data)-len(k.data))) {
			return false
		}
		k.data = data
		k.version++
		version = k.version
		return true
	})
	return done, version, err
}
