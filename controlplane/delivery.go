package controlplane

import (
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/hub"
)

// eventItem makes the item of an event.
func (o *outbound) eventItem(to *contract.EventItem, t *dispatch.Try) *hubv1.Item {
	item, d := to.Fill(t, o.a.srv.dedupeID(t.Identity))
	o.a.describe(d, t)
	return item
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
		d.Traceparent, d.Tracestate = contract.TraceOf(attempt.Handshake())
		d.SettleTimeout = contract.DurationOf(body.alone())
		d.Body = &hubv1.Delivery_ConnectAttempt{ConnectAttempt: &hubv1.ConnectAttempt{
			Handshake: contract.HandshakeOf(attempt.Handshake()), Auth: attempt.Auth(), Recovery: recoveryOf(attempt.Recovery()),
		}}
	case *introduction:
		d.Body = &hubv1.Delivery_Connected{Connected: connectedOf(body, t.Terms.Subscription)}
	case *departure:
		d.Body = &hubv1.Delivery_Disconnected{Disconnected: body.Message()}
	case *renewal:
		d.Body = &hubv1.Delivery_AuthExpiring{AuthExpiring: &hubv1.AuthExpiring{ExpireTime: contract.TimeOf(body.end)}}
	case *callDelivery:
		i := body.invocation
		d.Traceparent, d.Tracestate = i.Traceparent, i.Tracestate
		d.Body = &hubv1.Delivery_ServiceCall{ServiceCall: i.Call}
	}
	return &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: d}}
}

// recoveryOf is what an attempt wants to take up. Nil: nothing.
func recoveryOf(r *hub.SessionRecovery) *hubv1.Recovery {
	if r == nil {
		return nil
	}
	return &hubv1.Recovery{User: r.User, Rooms: r.Rooms, DisconnectTime: contract.TimeOf(r.DisconnectTime)}
}

// describe fills in what all deliveries have: the socket, the subscription, the trace.
func (o *outbound) describe(d *hubv1.Delivery, t *dispatch.Try) {
	sub, _ := t.Terms.Subscription.(*subscription.Subscription)
	if sub != nil {
		d.SubscriptionId = sub.Id
		d.SettleTimeout = contract.DurationOf(t.Terms.Timeout)
	}
	so := socketOf(t.Delivery)
	if so == nil {
		return
	}
	if t := so.trace; t != nil {
		d.Traceparent, d.Tracestate = t.parent, t.state
	}
	m, _ := t.Hint.(*member)
	if m != nil && sub != nil && !m.wantsData(o.a, sub) {
		d.Socket = so.BareMessage()
		return
	}
	d.Socket = so.Message()
}

// wantsData reports whether a delivery to an instance carries the socket's data.
func (m *member) wantsData(a *attachment, sub *subscription.Subscription) bool {
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
		ConnectTime: contract.TimeOf(hs.ConnectTime()), Late: i.late, Moved: i.moved, Rooms: rooms, RoomsVersion: version,
		Recovered: hs.Recovered(),
	}
	if g := i.socket.grant; g != nil {
		c.Auth = g.auth
	}
	if sub, ok := terms.(*subscription.Subscription); ok && sub != nil {
		c.Handshake = contract.HandshakeFor(hs.Handshake(), sub.Handshake)
	}
	return c
}

// BareMessage implements copies.Socket: it is the socket without its data.
func (s *socket) BareMessage() *hubv1.Socket {
	full := s.Message()
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
