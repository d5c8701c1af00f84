package servicetest

import (
	"crypto/rand"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// introduceLocked tells a service that asked for it who is there, before all that
// waits for it.
func introduceLocked(h *Hub, anew bool) {
	waiting := h.ledger.pending
	h.ledger.pending = nil
	for _, s := range liveLocked(h) {
		sub := h.subscriptions.of(s.namespace, hubv1.Kind_KIND_CONNECTED)
		again := slices.ContainsFunc(waiting, func(d *delivery) bool { return d.socket == s && d.body.GetConnected() != nil })
		if sub == nil || again || s.elsewhere {
			continue
		}
		all := anew || sub.GetIntroduction() >= hubv1.Introduction_INTRODUCTION_ON_ATTACH
		if anew {
			s.dedupeID = nil
		}
		switch {
		case all:
			connectedLocked(h, s, &hubv1.Connected{Late: true})
		case sub.GetIntroduceMoved() && s.dedupeID != nil:
			connectedLocked(h, s, &hubv1.Connected{Late: true, Moved: true})
		}
	}
	h.ledger.pending = append(h.ledger.pending, waiting...)
	h.ledger.pumpLocked()
	presentLocked(h)
	h.sayLocked(noticeItem(hubv1.NoticeKind_NOTICE_KIND_INTRODUCED, nil))
}

// connectedLocked introduces a socket to the service. A socket that is introduced
// again keeps its dedupe id.
func connectedLocked(h *Hub, s *socket, c *hubv1.Connected) {
	sub := h.subscriptions.of(s.namespace, hubv1.Kind_KIND_CONNECTED)
	s.introduced = true
	if sub == nil {
		return
	}
	c.Recovered = s.recovered
	c.ConnectTime, c.Rooms, c.RoomsVersion, c.Auth = s.connectTime, s.roomNames(), s.roomsVersion, s.keptAuth
	c.Handshake = detail(s.handshake, sub.GetHandshake())
	d := h.ledger.newDelivery(s, sub, &hubv1.Delivery{Body: &hubv1.Delivery_Connected{Connected: c}})
	if s.dedupeID == nil {
		s.dedupeID = d.dedupeID
	} else {
		d.dedupeID, d.attempt = s.dedupeID, s.introductions
	}
	s.introductions++
	h.ledger.queueLocked(d)
}

// detail is as much of a handshake as a subscription asks for.
func detail(h *hubv1.Handshake, how hubv1.HandshakeDetail) *hubv1.Handshake {
	switch how {
	case hubv1.HandshakeDetail_HANDSHAKE_DETAIL_FULL:
		return h
	case hubv1.HandshakeDetail_HANDSHAKE_DETAIL_REDACTED:
		less := &hubv1.Handshake{
			Url: "/socket.io/", RemoteAddress: h.GetRemoteAddress(), Origin: h.GetOrigin(), Transport: h.GetTransport(),
			ProtocolVersion: h.GetProtocolVersion(), Secure: h.GetSecure(), IssueTime: h.GetIssueTime(),
		}
		for _, line := range h.GetHeaders() {
			value := line.GetValue()
			if slices.Contains([]string{"Authorization", "Cookie", "Proxy-Authorization"}, line.GetName()) {
				value = "redacted"
			}
			less.Headers = append(less.Headers, &hubv1.Header{Name: line.GetName(), Value: value})
		}
		for _, p := range h.GetQuery() {
			value := p.GetValue()
			if !slices.Contains([]string{"EIO", "transport", "t"}, p.GetName()) {
				value = "redacted"
			}
			less.Query = append(less.Query, &hubv1.QueryParameter{Name: p.GetName(), Value: value})
		}
		return less
	}
	return nil
}

// eventLocked hands over what a browser emitted. It reports whether anybody
// handles it.
func eventLocked(h *Hub, s *socket, event *hubv1.Event, settled func(*hubv1.Settlement)) bool {
	event.ReceiveTime = timestamppb.Now()
	observeLocked(h, s, hubv1.Kind_KIND_EVENT, event.GetName(), &hubv1.Observation{Body: &hubv1.Observation_Event{Event: event}})
	sub := h.subscriptions.event(s.namespace, event.GetName())
	if sub == nil {
		h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{
			Kind: hubv1.NoticeKind_NOTICE_KIND_UNHANDLED, Count: 1,
			Fact: &hubv1.Notice_Unhandled{Unhandled: &hubv1.Unhandled{Namespace: s.namespace, Event: event.GetName()}},
		}}})
		return false
	}
	if s.elsewhere {
		return false // another instance deals with it
	}
	if !s.introduced {
		connectedLocked(h, s, &hubv1.Connected{Late: true})
	}
	d := h.ledger.newDelivery(s, sub, &hubv1.Delivery{Body: &hubv1.Delivery_Event{Event: event}})
	d.atLeastOnce = sub.GetGuarantee() != hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE
	d.settled = settled
	h.ledger.queueLocked(d)
	return true
}

func newDedupeID() []byte {
	id := make([]byte, 16)
	rand.Read(id)
	return id
}

// MoveAway gives browsers to another instance of the service, which does not exist:
// what this one had of them is revoked, it is told that they went, and what they do is
// not its business until MoveBack.
func (h *Hub) MoveAway(clients ...*Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	released := &hubv1.Released{Reason: "REBALANCED"}
	gone := &hubv1.Revoked{Reason: "MOVED"}
	for _, c := range clients {
		c.socket.elsewhere, c.socket.toldData = true, 0
		released.SocketIds = append(released.SocketIds, c.socket.id)
		for _, d := range slices.Clone(h.ledger.pending) {
			if d.socket == c.socket {
				gone.DeliverySeqs = append(gone.DeliverySeqs, h.ledger.takeLocked(d)...)
				h.ledger.doneLocked(d, nil)
			}
		}
	}
	h.revokeLocked(gone)
	h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Released{Released: released}})
}

// MoveBack gives browsers back: where the service asks for it, they are introduced
// first.
func (h *Hub) MoveBack(clients ...*Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range clients {
		c.socket.elsewhere = false
		sub := h.subscriptions.of(c.socket.namespace, hubv1.Kind_KIND_CONNECTED)
		if sub.GetIntroduceMoved() && c.socket.dedupeID != nil {
			connectedLocked(h, c.socket, &hubv1.Connected{Late: true, Moved: true})
		}
	}
}

// revokeLocked tells the service what is not its any more, now or with its next
// welcome.
func (h *Hub) revokeLocked(r *hubv1.Revoked) {
	switch {
	case len(r.GetDeliverySeqs()) == 0 || h.att == nil:
	case h.stream == nil:
		h.att.revoked = append(h.att.revoked, r.GetDeliverySeqs()...)
	default:
		h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Revoked{Revoked: r}})
	}
}
