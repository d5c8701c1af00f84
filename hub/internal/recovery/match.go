package recovery

import (
	"slices"

	"github.com/siohub/siohub/hub/cluster"
)

// roomSet are rooms by name.
type roomSet map[string]struct{}

func (r roomSet) has(name string) bool { _, ok := r[name]; return ok }

// matches reports whether a target picks a session that is in these rooms, as *rooms.Table.Select would have.
func (s *Session) matches(t *cluster.Target, rooms roomSet) bool {
	if !t.All && !s.among(t.Sockets, t.Rooms, t.Users, rooms) {
		return false
	}
	return !s.among(t.ExceptSockets, t.ExceptRooms, t.ExceptUsers, rooms)
}

func (s *Session) among(sockets, names, users []string, rooms roomSet) bool {
	return slices.Contains(sockets, s.id) ||
		slices.ContainsFunc(names, func(name string) bool { return name == s.id || rooms.has(name) }) ||
		s.user != "" && slices.Contains(users, s.user)
}
