package controlplane

import (
	"encoding/binary"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// eventItem has all messages of an event's delivery, so that they are one
// allocation, or one for a whole envelope.
type eventItem struct {
	item     hubv1.Item
	kind     hubv1.Item_Delivery
	delivery hubv1.Delivery
	body     hubv1.Delivery_Event
	event    hubv1.Event
	payload  hubv1.Payload
	time     timestamppb.Timestamp
	dedupe   [16]byte
}

// eventItem makes the item of an event. The arguments are passed on as they are.
func (s *Server) eventItem(to *eventItem, t *dispatch.Try) *hubv1.Item {
	e := t.Body.(*hub.Event)
	to.payload.Args, to.payload.Attachments = e.Args, e.Attachments
	to.time.Seconds, to.time.Nanos = e.ReceiveTime.Unix(), int32(e.ReceiveTime.Nanosecond())
	to.event.Name, to.event.Payload, to.event.WantsAck = e.Name, &to.payload, e.WantsAck
	to.event.ReceiveTime = &to.time
	to.body.Event = &to.event
	s.dedupeID(&to.dedupe, t.Identity)
	to.delivery.DeliverySeq, to.delivery.Attempt, to.delivery.DedupeId = t.Seq, t.Attempt, to.dedupe[:]
	to.delivery.Body = &to.body
	if so, ok := e.Socket.Tag().(*socket); ok {
		to.delivery.Socket = so.message()
	}
	to.kind.Delivery = &to.delivery
	to.item.Kind = &to.kind
	return &to.item
}

// dedupeID is the identity of a delivery: the process, and the number of its first
// try.
func (s *Server) dedupeID(id *[16]byte, identity uint64) {
	copy(id[:8], s.dedupe[:])
	binary.BigEndian.PutUint64(id[8:], identity)
}

// lifecycleItem makes the item of any other delivery, as things are at this moment.
func (s *Server) lifecycleItem(t *dispatch.Try) *hubv1.Item {
	var id [16]byte
	s.dedupeID(&id, t.Identity)
	d := &hubv1.Delivery{DeliverySeq: t.Seq, Attempt: t.Attempt, DedupeId: id[:]}
	switch body := t.Body.(type) {
	case *connect:
		a := body.attempt
		d.Socket = &hubv1.Socket{Id: a.SocketID(), Namespace: a.Namespace()}
		d.Body = &hubv1.Delivery_ConnectAttempt{ConnectAttempt: &hubv1.ConnectAttempt{
			Handshake: handshakeOf(a.Handshake()), Auth: a.Auth(),
		}}
	case *introduction:
		so := body.socket
		d.Socket = so.message()
		d.Body = &hubv1.Delivery_Connected{Connected: &hubv1.Connected{
			Handshake: handshakeOf(so.hub.Handshake()), ConnectTime: timeOf(so.hub.ConnectTime()),
			Late: body.late, Rooms: so.hub.Rooms(),
		}}
	case *departure:
		d.Socket = body.socket.message()
		d.Body = &hubv1.Delivery_Disconnected{Disconnected: &hubv1.Disconnected{
			Reason: string(body.Reason), CloseCode: uint32(body.CloseCode),
			// A detail may repeat what a browser sent.
			Detail: strings.ToValidUTF8(body.Detail, "\uFFFD"),
			Rooms:  body.Rooms, DisconnectTime: timeOf(body.time),
		}}
	}
	return &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: d}}
}

// timeOf is nil for the zero time.
func timeOf(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// handshakeOf is a handshake in the contract's words.
func handshakeOf(h *hub.Handshake) *hubv1.Handshake {
	if h == nil {
		return nil
	}
	m := &hubv1.Handshake{
		Url: h.URL(), RemoteAddress: h.RemoteAddress(), Origin: h.Origin(), Transport: h.Transport(),
		ProtocolVersion: uint32(h.ProtocolVersion()), Secure: h.Secure(), IssueTime: timeOf(h.IssueTime()),
	}
	lines := 0
	for range h.Lines() {
		lines++
	}
	// One allocation for all lines: a browser sends a dozen, and each connect has them twice.
	headers := make([]hubv1.Header, lines)
	m.Headers = make([]*hubv1.Header, 0, lines)
	for name, value := range h.Lines() {
		line := &headers[len(m.Headers)]
		line.Name, line.Value = name, value
		m.Headers = append(m.Headers, line)
	}
	for name, value := range h.Parameters() {
		m.Query = append(m.Query, &hubv1.QueryParameter{Name: name, Value: value})
	}
	return m
}

// roughSize is about the size of an item on the wire, never less than it by more
// than a little. It is exact where the item is not on the hot path.
func roughSize(item *hubv1.Item) int {
	switch kind := item.Kind.(type) {
	case *hubv1.Item_Delivery:
		body, ok := kind.Delivery.Body.(*hubv1.Delivery_Event)
		if !ok {
			break
		}
		size := deliveryBytes + len(body.Event.Name) + len(body.Event.Payload.Args) +
			len(kind.Delivery.Socket.GetNamespace()) + len(kind.Delivery.Socket.GetUser()) +
			len(kind.Delivery.Socket.GetData())
		for _, a := range body.Event.Payload.Attachments {
			size += len(a) + 8
		}
		return size
	case *hubv1.Item_Result:
		if kind.Result.Ack == nil && kind.Result.Status == nil {
			return 64
		}
	}
	return proto.Size(item)
}
