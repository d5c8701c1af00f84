package socketio

import (
	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/recovery"
)

// Select returns the sockets that the target picks.
func (all *namespaces) Select(name string, t cluster.Target) []*Socket {
	n := all.lookup(name)
	if n == nil {
		return nil
	}
	members := pick(n.rooms, t)
	defer members.release()
	sockets := make([]*Socket, len(members.list))
	for i, m := range members.list {
		sockets[i] = m.(*Socket)
	}
	return sockets
}

// HasAll reports whether all these sockets are connected here, or away from here.
func (all *namespaces) HasAll(name string, ids []string) bool {
	n := all.lookup(name)
	if n == nil {
		return false
	}
	for _, id := range ids {
		if !n.rooms.Has(id) && (n.recovering == nil || !n.recovering.away.Has(id)) {
			return false
		}
	}
	return true
}

// Occupied reports whether anybody is in a room, connected or away: a socket's own room counts.
func (all *namespaces) Occupied(name, room string) bool {
	n := all.lookup(name)
	return n != nil && (n.rooms.Occupied(room) || n.recovering != nil && n.recovering.away.Occupied(room))
}

// Count is the number of sockets that the target picks.
func (all *namespaces) Count(name string, t cluster.Target) int {
	if n := all.lookup(name); n != nil {
		return n.rooms.Count(t)
	}
	return 0
}

// RoomSizes lists the rooms whose names start with the prefix.
func (all *namespaces) RoomSizes(name, prefix string) []cluster.Size {
	if n := all.lookup(name); n != nil {
		return n.rooms.RoomSizes(prefix)
	}
	return nil
}

// UserSizes lists the users whose ids start with the prefix, with the number of their sockets.
func (all *namespaces) UserSizes(name, prefix string) []cluster.Size {
	if n := all.lookup(name); n != nil {
		return n.rooms.UserSizes(prefix)
	}
	return nil
}

// UserCount is the number of users that have sockets in a namespace.
func (all *namespaces) UserCount(name string) int {
	if n := all.lookup(name); n != nil {
		return n.rooms.UserCount()
	}
	return 0
}

// SelectAway returns the sessions that are away and that the target picks.
func (all *namespaces) SelectAway(name string, t cluster.Target) (list []Recovery) {
	n := all.lookup(name)
	if n == nil || n.recovering == nil {
		return nil
	}
	r := n.recovering
	r.mu.Lock()
	defer r.mu.Unlock()
	away := pick(r.away, t)
	defer away.release()
	for _, m := range away.list {
		list = append(list, r.factsLocked(m.(*recovery.Session)))
	}
	return list
}

// Sockets counts the sockets of each namespace that has any.
func (all *namespaces) Sockets() map[string]int {
	counts := make(map[string]int)
	all.byName.Range(func(name, value any) bool {
		if n := value.(*namespace).rooms.Count(cluster.Target{All: true}); n > 0 {
			counts[name.(string)] = n
		}
		return true
	})
	return counts
}

// Namespaces are those that have sockets, or sessions that are away.
func (all *namespaces) Namespaces() (names []string) {
	all.byName.Range(func(name, _ any) bool {
		names = append(names, name.(string))
		return true
	})
	return names
}

// Away counts the sessions that are away of each namespace that has any.
func (all *namespaces) Away() map[string]int {
	counts := make(map[string]int)
	all.byName.Range(func(name, value any) bool {
		if r := value.(*namespace).recovering; r != nil {
			if n := r.away.Count(cluster.Target{All: true}); n > 0 {
				counts[name.(string)] = n
			}
		}
		return true
	})
	return counts
}
