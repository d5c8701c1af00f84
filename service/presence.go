package service

import (
	"context"
	"strings"
)

// ReleasedHandler hears that a socket is another process's by now. Its error is logged.
type ReleasedHandler func(ctx context.Context, r *Released) error

// RoomsChangedHandler hears that the rooms of a socket changed. Its error is logged.
type RoomsChangedHandler func(ctx context.Context, c *RoomsChanged) error

// UpgradedHandler hears that a browser changed its transport. Its error is logged.
type UpgradedHandler func(ctx context.Context, u *Upgraded) error

// RoomHandler hears that a room has sockets, or has none any more. Its error is
// logged.
type RoomHandler func(ctx context.Context, r *RoomPresence) error

// UserHandler hears that a user has sockets, or has none any more. Its error is logged.
type UserHandler func(ctx context.Context, u *UserPresence) error

// Released is a socket that went to another process of this service. No Disconnect
// follows for it here.
type Released struct {
	// Socket is the one that went.
	Socket *Socket
	// Reason is why: `MOVED`, `REBALANCED`, `DRAINED`, or a later word.
	Reason string
}

// RoomsChanged is a change of a socket's rooms.
type RoomsChanged struct {
	// Socket is whose rooms changed.
	Socket *Socket
	// Joined and Left are the rooms, sorted.
	Joined, Left []string
}

// Upgraded is a browser that changed its transport.
type Upgraded struct {
	// Socket is one of its sockets.
	Socket *Socket
	// Transport is the new one: `websocket` or `webtransport`.
	Transport string
}

// RoomPresence is a room that has sockets, or has none any more.
type RoomPresence struct {
	// Namespace and Room say which.
	Namespace, Room string
	// HubID is the hub for whose sockets it holds.
	HubID string
}

// UserPresence is a user who has sockets in a namespace, or has none any more.
type UserPresence struct {
	// Namespace and User say who and where.
	Namespace, User string
	// HubID is the hub for whose sockets it holds.
	HubID string
}

// occupancyHandler is one OnRoomOccupied or OnRoomVacated.
type occupancyHandler struct {
	patterns []string
	occupied bool
	run      RoomHandler
}

// wants reports whether a pattern takes the room: the hub tells of the rooms of all
// patterns together.
func (h *occupancyHandler) wants(room string) bool {
	for _, pattern := range h.patterns {
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		if pattern == room || isPrefix && strings.HasPrefix(room, prefix) {
			return true
		}
	}
	return false
}

// within returns the namespace of a notice, the most specific one: notices have no
// subscription.
func (r *registry) within(namespace string) []*Namespace {
	var best *Namespace
	rank := -1
	for _, n := range r.namespaces {
		if specific, ok := matches(n, namespace); ok && specific > rank {
			best, rank = n, specific
		}
	}
	if best == nil {
		return nil
	}
	return []*Namespace{best}
}

// matches reports whether the namespace's pattern takes a name, and how specific it is.
func matches(n *Namespace, namespace string) (specific int, ok bool) {
	prefix, isPattern := strings.CutSuffix(n.name, "*")
	switch {
	case n.name == namespace:
		return maxNamespaceBytes + 1, true
	case isPattern && n.name == "*":
		return 0, true
	case isPattern && len(namespace) > len(prefix) && strings.HasPrefix(namespace, prefix):
		return len(prefix), true
	}
	return 0, false
}
