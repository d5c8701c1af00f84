package service

import (
	"context"
	"encoding/json"
	"slices"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Socket is one browser in one namespace, as it was when the delivery or the
// query was made. It may be kept, and used at the same time; commands to a
// socket that has left reach nobody, which is no error.
type Socket struct {
	svc  *Service
	s    *hubv1.Socket
	data []byte // where deliveries carry it on change alone
}

// ID is the public id: 20 characters. Of a Socket.IO client 1 or 2 it is its credential as well, and has its namespace in
// front where that is not "/": see docs/security.md.
func (s *Socket) ID() string { return s.s.GetId() }

// Namespace is where the socket is: `/`, `/chat`.
func (s *Socket) Namespace() string { return s.s.GetNamespace() }

// User is the id that its Accept gave. Empty means none.
func (s *Socket) User() string { return s.s.GetUser() }

// Data is `socket.data` as JSON. Empty means that none was ever set.
func (s *Socket) Data() json.RawMessage {
	if s.data != nil {
		return s.data
	}
	return s.s.GetData()
}

// DataVersion counts the changes of Data: 0 before the first.
func (s *Socket) DataVersion() uint64 { return s.s.GetDataVersion() }

// HubID is the hub that holds the socket.
func (s *Socket) HubID() string { return s.s.GetHubId() }

// Transport is `polling`, `websocket` or `webtransport`, as it was when the socket was last introduced
// or changed.
func (s *Socket) Transport() string { return s.s.GetTransport() }

// ClientID names the browser's connection: it is the same for its sockets in all
// namespaces. It is random, and of no use as a credential.
func (s *Socket) ClientID() string { return s.s.GetClientId() }

// Rooms are the rooms of the socket at this moment, without its own, sorted, as far as
// this process holds the socket and its namespace tracks rooms ([TrackRooms],
// OnRoomsChanged). Otherwise, and once the socket has left, it is nil. It asks nobody.
func (s *Socket) Rooms() []string {
	peer, m := s.svc.hubs.find(s.ID())
	if m == nil || !tracksRooms(m.namespace) {
		return nil
	}
	peer.mu.Lock()
	defer peer.mu.Unlock()
	return slices.Clone(m.rooms)
}

// BindData decodes Data into the value that dst points to; without data it is
// left alone. The error is a *BindError.
func (s *Socket) BindData(dst any) error { return bindValue(s.Data(), dst) }

// Target picks this socket alone, for what Socket has no method for, such as
// Volatile.
func (s *Socket) Target() Target {
	t := s.svc.In(s.Namespace()).Sockets(s.ID())
	t.holder = s.HubID()
	return t
}

// To picks the members of rooms in the socket's namespace, the socket itself left
// out.
func (s *Socket) To(rooms ...string) Target {
	return s.svc.In(s.Namespace()).To(rooms...).ExceptSockets(s.ID())
}

// Broadcast picks everybody in the socket's namespace but the socket itself.
func (s *Socket) Broadcast() Target {
	return s.svc.In(s.Namespace()).All().ExceptSockets(s.ID())
}

// Emit sends an event to the socket, see [Target.Emit].
func (s *Socket) Emit(ctx context.Context, event string, args ...any) error {
	return s.Target().Emit(ctx, event, args...)
}

// EmitWithAck sends an event and waits for the browser's acknowledgement:
// ErrAckTimeout when it does not come in time (Options.AckTimeout, or the deadline
// of ctx), ErrSocketGone when the socket is not there or leaves.
func (s *Socket) EmitWithAck(ctx context.Context, event string, args ...any) (*Ack, error) {
	acks, err := s.Target().EmitWithAck(ctx, event, args...)
	return acks.single(err)
}

// Join puts the socket into rooms and waits until that is done.
func (s *Socket) Join(ctx context.Context, rooms ...string) error {
	_, err := s.Target().Join(ctx, rooms...)
	return err
}

// Leave takes the socket out of rooms and waits until that is done.
func (s *Socket) Leave(ctx context.Context, rooms ...string) error {
	_, err := s.Target().Leave(ctx, rooms...)
	return err
}

// Disconnect makes the socket leave its namespace; its client sees `io server
// disconnect` and does not come back by itself.
func (s *Socket) Disconnect(ctx context.Context) error {
	_, err := s.Target().Disconnect(ctx)
	return err
}

// SetData replaces `socket.data`, encoded as JSON: at most 64 KiB, nil removes it.
// This Socket keeps the data it came with; deliveries that the hub sends from now
// on have the new.
func (s *Socket) SetData(ctx context.Context, data any) error {
	_, err := s.Target().SetData(ctx, data)
	return err
}

// MergeData changes members of `socket.data`, see [Target.MergeData].
func (s *Socket) MergeData(ctx context.Context, patch any) error {
	_, err := s.Target().MergeData(ctx, patch)
	return err
}

// CompareAndSetData is SetData for the case that nobody else has changed the data
// since this Socket was made: otherwise a *StatusError with FailedPrecondition.
func (s *Socket) CompareAndSetData(ctx context.Context, data any) error {
	_, err := s.Target().ExpectVersion(s.DataVersion()).SetData(ctx, data)
	return err
}
