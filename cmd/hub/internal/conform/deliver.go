package conform

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// deliveries counts the deliveries of all hubs.
var deliveries atomic.Uint64

func init() { deliveries.Store(1 << 40) }

func newDelivery(socket *hubv1.Socket) *hubv1.Delivery {
	d := &hubv1.Delivery{DeliverySeq: deliveries.Add(1), DedupeId: make([]byte, 16), Attempt: 1, Socket: socket}
	_, _ = rand.Read(d.DedupeId) // never fails
	return d
}

// someTime is when everything happens.
func someTime() *timestamppb.Timestamp { return &timestamppb.Timestamp{Seconds: 1_790_000_000} }

// deliver hands deliveries over, in one envelope.
func (a *Attachment) deliver(deliveries ...*hubv1.Delivery) []*Given {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	given, items := a.give(deliveries...)
	a.sayLocked(items...)
	return given
}

// give is deliver without sending. It needs t.mu.
func (a *Attachment) give(deliveries ...*hubv1.Delivery) (given []*Given, items []*hubv1.Item) {
	for _, d := range deliveries {
		g := &Given{Delivery: d, att: a}
		a.given[d.GetDeliverySeq()] = g
		given = append(given, g)
		items = append(items, &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: d}})
	}
	return given, items
}

// revoke takes deliveries back.
func (a *Attachment) revoke(reason string, given ...*Given) {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	item := &hubv1.Revoked{Reason: reason}
	for _, g := range given {
		item.DeliverySeqs = append(item.DeliverySeqs, g.GetDeliverySeq())
		g.revoked = a.sent + 1
	}
	a.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Revoked{Revoked: item}})
}

// again is the delivery of another try: same identity, a new number.
func again(d *hubv1.Delivery) *hubv1.Delivery {
	next := newDelivery(d.GetSocket())
	next.DedupeId, next.Attempt, next.SubscriptionId, next.Body = d.GetDedupeId(), d.GetAttempt()+1, d.GetSubscriptionId(), d.GetBody()
	return next
}

// settlement waits for the answer to a delivery.
func (g *Given) settlement(rule, want string) *hubv1.Settlement {
	g.att.t.until(rule, want, func() bool { return len(g.settled) > 0 })
	return g.settled[0]
}

// settledAll waits for the answers to many.
func settledAll(t *T, rule, want string, given []*Given) {
	t.until(rule, want, func() bool {
		for _, g := range given {
			if len(g.settled) == 0 {
				return false
			}
		}
		return true
	})
}

// isSettled needs t.mu.
func (g *Given) isSettled() bool { return len(g.settled) > 0 }

// subscriptionFor is the number that belongs to a delivery.
func (a *Attachment) subscriptionFor(role hubv1.Role, kind hubv1.Kind, namespace, event string) uint32 {
	s := find(a.hello, role, kind, namespace, event)
	if s == nil {
		a.t.fail("S2", "a subscription for "+kind.String()+" in "+namespace+" "+event+" as "+role.String(), "none in the hello %s", short(a.hello))
	}
	return s.GetId()
}

// serviceCall calls the program as another service would.
func (a *Attachment) serviceCall(name, args string) *Given {
	d := newDelivery(nil)
	d.SubscriptionId = a.subscriptionFor(hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_SERVICE_CALL, "/", "")
	d.Body = &hubv1.Delivery_ServiceCall{ServiceCall: &hubv1.ServiceCall{
		Group: "other", Namespace: "/", Name: name, Payload: &hubv1.Payload{Args: []byte(args)}, WantsAnswer: true, Timeout: duration(minute),
	}}
	return a.deliver(d)[0]
}

// seqOf is a number that no hub gives.
func seqOf(text string) uint64 { return uint64(binary.BigEndian.Uint32([]byte((text + "    ")[:4]))) }
