package hub

import (
	"slices"
	"strings"
)

// FetchSockets returns the sockets of a target, sorted by id.
//
// Errors: *ArgumentError, ErrShutdown.
func (h *Hub) FetchSockets(t Target) ([]*Socket, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return nil, err
	}
	found := h.sockets.Select(t.Namespace, to)
	sockets := make([]*Socket, len(found))
	for i, s := range found {
		sockets[i] = (*Socket)(s)
	}
	slices.SortFunc(sockets, func(a, b *Socket) int { return strings.Compare(a.ID(), b.ID()) })
	return sockets, nil
}

// FetchAway returns the sessions of a target whose browsers are away and may take them up again, in no order.
//
// Errors: *ArgumentError, ErrShutdown.
func (h *Hub) FetchAway(t Target) ([]SessionRecovery, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return nil, err
	}
	found := h.sockets.SelectAway(t.Namespace, to)
	sessions := make([]SessionRecovery, len(found))
	for i, one := range found {
		sessions[i] = SessionRecovery(one)
	}
	return sessions, nil
}

// CountSockets counts the sockets of a target.
//
// Errors: *ArgumentError, ErrShutdown.
func (h *Hub) CountSockets(t Target) (int, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return 0, err
	}
	return h.sockets.Count(t.Namespace, to), nil
}

// Rooms lists the rooms of a namespace whose names start with the prefix, sorted by name. A socket's own room
// is not listed, nor when others have joined it: its name is the socket's id, and CountSockets counts who is in it.
func (h *Hub) Rooms(namespace, prefix string) []RoomInfo {
	sizes := h.sockets.RoomSizes(namespace, prefix)
	rooms := make([]RoomInfo, len(sizes))
	for i, size := range sizes {
		rooms[i] = RoomInfo{Name: size.Name, Sockets: size.Sockets}
	}
	slices.SortFunc(rooms, func(a, b RoomInfo) int { return strings.Compare(a.Name, b.Name) })
	return rooms
}

// CountUsers is the number of users that have sockets in a namespace.
func (h *Hub) CountUsers(namespace string) int { return h.sockets.UserCount(namespace) }

// ListUsers lists the users that have sockets in a namespace and whose ids start with the prefix, sorted by id.
func (h *Hub) ListUsers(namespace, prefix string) []UserInfo {
	sizes := h.sockets.UserSizes(namespace, prefix)
	users := make([]UserInfo, len(sizes))
	for i, size := range sizes {
		users[i] = UserInfo{User: size.Name, Sockets: size.Sockets}
	}
	slices.SortFunc(users, func(a, b UserInfo) int { return strings.Compare(a.User, b.User) })
	return users
}
