package controlplane

import (
	"net/url"
	"strings"

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
func (o *outbound) eventItem(to *eventItem, t *dispatch.Try) *hubv1.Item {
	e := t.Body.(*hub.Event)
	to.payload.Args, to.payload.Attachments = e.Args, e.Attachments
	to.time.Seconds, to.time.Nanos = e.ReceiveTime.Unix(), int32(e.ReceiveTime.Nanosecond())
	to.event.Name, to.event.Payload, to.event.WantsAck = e.Name, &to.payload, e.WantsAck
	to.event.ReceiveTime = &to.time
	to.body.Event = &to.event
	to.dedupe = o.a.srv.dedupeID(t.Identity)
	to.delivery.DeliverySeq, to.delivery.Attempt, to.delivery.DedupeId = t.Seq, t.Attempt, to.dedupe[:]
	to.delivery.Body = &to.body
	o.a.describe(&to.delivery, t)
	to.kind.Delivery = &to.delivery
	to.item.Kind = &to.kind
	return &to.item
}

// deliveryItem makes the item of any other delivery, as things are at this moment.
func (o *outbound) deliveryItem(t *dispatch.Try) *hubv1.Item {
	id := o.a.srv.dedupeID(t.Identity)
	d := &hubv1.Delivery{DeliverySeq: t.Seq, Attempt: t.Attempt, DedupeId: id[:]}
	o.a.describe(d, t)
	switch body := t.Body.(type) {
	case *try:
		attempt := body.connect.attempt
		d.Socket = &hubv1.Socket{
			Id: attempt.SocketID(), Namespace: attempt.Namespace(), HubId: o.a.srv.hubID,
			Transport: attempt.Handshake().Transport(), ClientId: attempt.ClientID(),
		}
		d.Traceparent, d.Tracestate = traceOf(attempt.Handshake())
		d.SettleTimeout = durationOf(body.alone())
		d.Body = &hubv1.Delivery_ConnectAttempt{ConnectAttempt: &hubv1.ConnectAttempt{
			Handshake: handshakeOf(attempt.Handshake()), Auth: attempt.Auth(),
		}}
	case *introduction:
		d.Body = &hubv1.Delivery_Connected{Connected: connectedOf(body, t.Terms.Subscription)}
	case *departure:
		d.Body = &hubv1.Delivery_Disconnected{Disconnected: disconnectedOf(body)}
	case *renewal:
		d.Body = &hubv1.Delivery_AuthExpiring{AuthExpiring: &hubv1.AuthExpiring{ExpireTime: timeOf(body.end)}}
	case *callDelivery:
		i := body.invocation
		d.Traceparent, d.Tracestate = i.Traceparent, i.Tracestate
		d.Body = &hubv1.Delivery_ServiceCall{ServiceCall: i.Call}
	}
	return &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: d}}
}

// describe fills in what all deliveries have: the socket, the subscription, the trace.
func (o *outbound) describe(d *hubv1.Delivery, t *dispatch.Try) {
	sub, _ := t.Terms.Subscription.(*subscription)
	if sub != nil {
		d.SubscriptionId = sub.Id
		d.SettleTimeout = durationOf(t.Terms.Timeout)
	}
	so := socketOf(t.Delivery)
	if so == nil {
		return
	}
	d.Traceparent, d.Tracestate = so.traceparent, so.tracestate
	m, _ := t.Hint.(*member)
	if m != nil && sub != nil && !m.wantsData(o.a, sub) {
		d.Socket = so.bareMessage()
		return
	}
	d.Socket = so.message()
}

// wantsData reports whether a delivery to an instance carries the socket's data.
func (m *member) wantsData(a *attachment, sub *subscription) bool {
	switch sub.SocketData {
	case hubv1.SocketData_SOCKET_DATA_NEVER:
		return false
	case hubv1.SocketData_SOCKET_DATA_ON_CHANGE:
		_, version := m.socket.hub.Data()
		if told := m.told.Load(); told != nil && told.to == a && told.version == version {
			return false
		}
		m.told.Store(&toldData{a, version})
	}
	return true
}

// connectedOf introduces a socket as a subscription wants it.
func connectedOf(i *introduction, terms any) *hubv1.Connected {
	hs := i.socket.hub
	rooms, version := hs.RoomsAndVersion()
	c := &hubv1.Connected{
		ConnectTime: timeOf(hs.ConnectTime()), Late: i.late, Moved: i.moved, Rooms: rooms, RoomsVersion: version,
	}
	if g := i.socket.grant; g != nil {
		c.Auth = g.auth
	}
	if sub, ok := terms.(*subscription); ok && sub != nil {
		c.Handshake = handshakeFor(hs.Handshake(), sub.Handshake)
	}
	return c
}

// disconnectedOf says that a socket has left.
func disconnectedOf(d *departure) *hubv1.Disconnected {
	return &hubv1.Disconnected{
		Reason: string(d.Reason), CloseCode: uint32(d.CloseCode),
		Detail: readable(d.Detail), // it may repeat what a browser sent
		Rooms:  d.Rooms, DisconnectTime: timeOf(d.time),
	}
}

// redacted stands in the place of a secret.
const redacted = "redacted"

// handshakeFor is as much of a handshake as is asked for.
func handshakeFor(h *hub.Handshake, detail hubv1.HandshakeDetail) *hubv1.Handshake {
	switch detail {
	case hubv1.HandshakeDetail_HANDSHAKE_DETAIL_FULL:
		return handshakeOf(h)
	case hubv1.HandshakeDetail_HANDSHAKE_DETAIL_REDACTED:
		return redact(handshakeOf(h))
	}
	return nil
}

// redact takes out what may be a secret.
func redact(h *hubv1.Handshake) *hubv1.Handshake {
	if h == nil {
		return nil
	}
	h.Url, _, _ = strings.Cut(h.Url, "?")
	for _, line := range h.Headers {
		switch line.Name {
		case "Authorization", "Cookie", "Proxy-Authorization":
			line.Value = redacted
		case "Referer": // its query has what the page's address has
			if u, err := url.Parse(line.Value); err == nil {
				u.RawQuery, u.Fragment, u.User = "", "", nil
				line.Value = u.String()
			}
		}
	}
	for _, p := range h.Query {
		switch p.Name {
		case "EIO", "transport", "t":
		default:
			p.Value = redacted
		}
	}
	return h
}

// traceOf is the W3C trace context of a browser's opening request.
func traceOf(h *hub.Handshake) (parent, state string) {
	for name, value := range h.Lines() {
		switch {
		case name == "Traceparent" && len(value) <= maxTraceparent:
			parent = value
		case name == "Tracestate" && len(value) <= maxTracestate:
			state = value
		}
	}
	if parent == "" {
		return "", ""
	}
	return parent, state
}

// Limits of a trace context, in bytes.
const (
	maxTraceparent = 128
	maxTracestate  = 512
)

// bareMessage is the socket without its data.
func (s *socket) bareMessage() *hubv1.Socket {
	full := s.message()
	if p := s.bare.Load(); p != nil && p.of == full {
		return p.message
	}
	b := &bareSocket{of: full, message: proto.CloneOf(full)}
	b.message.Data = nil
	s.bare.Store(b)
	return b.message
}

// bareSocket is a socket's message without its data, and what it was made of.
type bareSocket struct{ of, message *hubv1.Socket }
