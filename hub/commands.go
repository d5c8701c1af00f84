package hub

import (
	"slices"
	"strings"

	"github.com/siohub/siohub/hub/adapter"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// Emit sends an event to the sockets of a target. Each gets it after everything that was put into its
// queue before. With a batch it leaves at Flush, without (nil) at once.
//
// Errors: *ArgumentError, *LimitError, ErrShutdown. A target that nobody matches is no error.
func (h *Hub) Emit(b *Batch, t Target, m Message, o EmitOptions) (Outcome, error) {
	to, err := h.emission(t, m)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome(h.sockets.Emit((*engineio.Batch)(b), t.Namespace, to, m.adapted(o))), nil
}

// EmitWithAck is Emit that asks each receiver for an acknowledgement. The expected ones are those in
// whose queue it was put. A browser that leaves has answered.
//
// Errors: as Emit; then neither OnAck nor OnDone is called. *LimitError too when every receiver owes
// too many acknowledgements.
func (h *Hub) EmitWithAck(b *Batch, t Target, m Message, o EmitOptions, a AckOptions) (Outcome, error) {
	to, err := h.emission(t, m)
	if err != nil {
		return Outcome{}, err
	}
	if a.Timeout <= 0 {
		return Outcome{}, wrong("ack.timeout", "BAD_TIMEOUT", "is required and more than zero")
	}
	out, limited := h.sockets.EmitWithAck((*engineio.Batch)(b), t.Namespace, to, m.adapted(o), a.inner())
	if limited > 0 && out.Queued == 0 {
		return Outcome(out), tooMuch("target", "pending_acks_per_socket",
			"each browser owes %d acknowledgements already", h.checks.limits.PendingAcksPerSocket)
	}
	return Outcome(out), nil
}

func (h *Hub) emission(t Target, m Message) (adapter.Target, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return to, err
	}
	return to, h.checks.message(m)
}

func (m Message) adapted(o EmitOptions) adapter.Message {
	return adapter.Message{
		Event: m.Event, Args: m.Args, Attachments: m.Attachments,
		Volatile: o.Volatile, NoCompress: o.NoCompress,
	}
}

func (a AckOptions) inner() socketio.AckOptions {
	inner := socketio.AckOptions{Timeout: a.Timeout}
	if a.OnAck != nil {
		inner.OnAck = func(ack socketio.BrowserAck) { a.OnAck(BrowserAck(ack)) }
	}
	if a.OnDone != nil {
		inner.OnDone = func(total socketio.AckTotal) { a.OnDone(AckTotal(total)) }
	}
	return inner
}

// UpdateRooms makes the sockets of a target join rooms, then leave rooms. Rooms that start with
// `user:` are reserved. A socket that would be in too many rooms is left alone and counted as dropped.
//
// Errors: *ArgumentError, ErrShutdown; *LimitError when every socket would be in too many rooms.
func (h *Hub) UpdateRooms(t Target, join, leave []string) (Outcome, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return Outcome{}, err
	}
	if err := h.checks.rooms("join", join); err != nil {
		return Outcome{}, err
	}
	if err := h.checks.rooms("leave", leave); err != nil {
		return Outcome{}, err
	}
	out, limited := h.sockets.UpdateRooms(t.Namespace, to, join, leave)
	if limited > 0 && out.Queued == 0 {
		return Outcome(out), tooMuch("join", "rooms_per_socket",
			"a socket would be in more than %d rooms", h.checks.limits.RoomsPerSocket)
	}
	return Outcome(out), nil
}

// Disconnect makes the sockets of a target leave their namespace with reason
// `server namespace disconnect`. closeTransport ends the whole connection of each, with all its
// namespaces.
//
// Errors: *ArgumentError, ErrShutdown.
func (h *Hub) Disconnect(b *Batch, t Target, closeTransport bool) (Outcome, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return Outcome{}, err
	}
	return Outcome(h.sockets.Disconnect((*engineio.Batch)(b), t.Namespace, to, closeTransport)), nil
}

// SetData replaces the data of the sockets of a target and raises its version by one. Data is JSON;
// empty removes it. It must not change afterwards. With an expected version, sockets of another version
// are left alone and counted as dropped.
//
// Errors: *ArgumentError, *LimitError, ErrShutdown; ErrVersion when the target is one socket id
// alone and its version is another.
func (h *Hub) SetData(t Target, data []byte, expectedVersion *uint64) (Outcome, error) {
	to, err := h.checks.target(t)
	if err != nil {
		return Outcome{}, err
	}
	if err := h.checks.data(data); err != nil {
		return Outcome{}, err
	}
	out := Outcome(h.sockets.SetData(t.Namespace, to, data, expectedVersion))
	one := len(t.Sockets) == 1 && len(t.Rooms)+len(t.Users) == 0
	if one && expectedVersion != nil && out.Dropped == 1 {
		return out, ErrVersion
	}
	return out, nil
}

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

// Rooms lists the rooms of a namespace whose names start with the prefix, sorted by name: those of users
// included, the sockets' own not.
func (h *Hub) Rooms(namespace, prefix string) []RoomInfo {
	sizes := h.sockets.RoomSizes(namespace, prefix)
	rooms := make([]RoomInfo, len(sizes))
	for i, size := range sizes {
		rooms[i] = RoomInfo{Name: size.Name, Sockets: size.Members}
	}
	slices.SortFunc(rooms, func(a, b RoomInfo) int { return strings.Compare(a.Name, b.Name) })
	return rooms
}
