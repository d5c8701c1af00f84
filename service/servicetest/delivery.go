package servicetest

import (
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// maxAttempts is how often a delivery comes at most.
const maxAttempts = 5

// delivery is something that a browser did and that is not settled. Guarded by
// Hub.mu.
type delivery struct {
	socket      *socket // nil for a call of another service
	sub         *hubv1.Subscription
	body        *hubv1.Delivery
	dedupeID    []byte
	attempt     uint32
	atLeastOnce bool
	aside       bool   // stands outside of the socket's order
	seq         uint64 // of the try in flight; 0 when there is none
	size        int
	held        bool // until its retry delay is over

	settled func(*hubv1.Settlement) // told once; nil when nobody asks
}

func (d *delivery) what() string {
	switch body := d.body.GetBody().(type) {
	case *hubv1.Delivery_Event:
		return "event " + body.Event.GetName()
	case *hubv1.Delivery_Connected:
		return "connected"
	case *hubv1.Delivery_Disconnected:
		return "disconnected"
	case *hubv1.Delivery_AuthExpiring:
		return "auth expiring"
	case *hubv1.Delivery_ServiceCall:
		return "call " + body.ServiceCall.GetName()
	}
	return "connect attempt"
}

func (d *delivery) who() string {
	if d.socket == nil {
		return "another service"
	}
	return d.socket.name()
}

func (d *delivery) strict() bool {
	return !d.aside && d.sub.GetOrdering() == hubv1.Ordering_ORDERING_STRICT
}

// blocks reports whether nothing of its socket goes before it is settled. A disconnected is the last of a life: the next
// one waits.
func (d *delivery) blocks() bool { return d.strict() || d.body.GetDisconnected() != nil }

// ledger keeps what is not settled, in order. Guarded by Hub.mu.
type ledger struct {
	hub     *Hub
	pending []*delivery
}

func (l *ledger) newDelivery(s *socket, sub *hubv1.Subscription, body *hubv1.Delivery) *delivery {
	return &delivery{socket: s, sub: sub, body: body, atLeastOnce: true, dedupeID: newDedupeID(), size: proto.Size(body)}
}

// queueLocked queues a delivery and sends what the window allows.
func (l *ledger) queueLocked(d *delivery) {
	l.pending = append(l.pending, d)
	l.pumpLocked()
	l.hub.changedLocked()
}

// holdLocked holds a delivery back for some time. Zero holds nothing back.
func (l *ledger) holdLocked(d *delivery, wait time.Duration) {
	if wait <= 0 {
		return
	}
	d.held = true
	time.AfterFunc(wait, func() {
		l.hub.mu.Lock()
		defer l.hub.mu.Unlock()
		d.held = false
		l.pumpLocked()
	})
}

func (l *ledger) inFlightLocked() (n int) {
	for _, d := range l.pending {
		if d.seq != 0 {
			n++
		}
	}
	return n
}

// pumpLocked sends deliveries while the window allows, in order for each socket:
// what waits holds back what stands behind it.
func (l *ledger) pumpLocked() {
	a := l.hub.att
	if l.hub.stream == nil || a == nil || a.draining || a.window.GetPaused() {
		return
	}
	count, bytes := l.inFlightLocked(), 0
	for _, d := range l.pending {
		if d.seq != 0 {
			bytes += d.size
		}
	}
	top, room := limits(a.window)
	waiting := map[*socket]bool{}
	for _, d := range l.pending {
		switch {
		case d.seq != 0:
			waiting[d.socket] = waiting[d.socket] || d.blocks()
		case d.held || !d.aside && waiting[d.socket]:
			waiting[d.socket] = true
		case count >= top || count > 0 && bytes+d.size > room:
			return
		default:
			count++
			bytes += d.size
			l.sendLocked(d)
			waiting[d.socket] = waiting[d.socket] || d.blocks()
		}
	}
}

func limits(w *hubv1.Window) (deliveries, bytes int) {
	deliveries, bytes = int(w.GetDeliveries()), int(w.GetBytes())
	if deliveries == 0 {
		deliveries = 1024
	}
	if bytes == 0 {
		bytes = 16 << 20
	}
	return deliveries, bytes
}

func (l *ledger) sendLocked(d *delivery) {
	d.attempt++
	d.seq = l.hub.nextLocked()
	l.hub.att.given[d.seq] = inFlight
	body := proto.CloneOf(d.body)
	body.DeliverySeq, body.DedupeId, body.Attempt, body.SubscriptionId = d.seq, d.dedupeID, d.attempt, d.sub.GetId()
	body.Traceparent = d.body.GetTraceparent()
	if d.socket != nil {
		body.Socket = d.socket.forDelivery(d.sub.GetSocketData())
		if body.Traceparent == "" {
			body.Traceparent = d.socket.traceparent
		}
	}
	if timeout := d.sub.GetSettleTimeout().AsDuration(); timeout > 0 {
		body.SettleTimeout = d.sub.GetSettleTimeout()
		seq := d.seq
		time.AfterFunc(timeout, func() { l.timeOut(d, seq) })
	}
	l.hub.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: body}})
}

// timeOut takes a try back that was not settled in time.
func (l *ledger) timeOut(d *delivery, seq uint64) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if d.seq != seq || d.body.GetConnectAttempt() != nil {
		return // there is no other instance to ask
	}
	l.hub.revokeLocked(&hubv1.Revoked{DeliverySeqs: l.takeLocked(d), Reason: "TIMEOUT"})
	if !d.atLeastOnce {
		l.doneLocked(d, nil)
		return
	}
	l.pumpLocked()
}

// takeLocked takes the try in flight back, and returns its number.
func (l *ledger) takeLocked(d *delivery) (seqs []uint64) {
	if d.seq != 0 {
		seqs = []uint64{d.seq}
		if l.hub.att != nil {
			l.hub.att.given[d.seq] = revoked
		}
		d.seq = 0
	}
	return seqs
}

// findLocked returns the delivery whose try has this number.
func (l *ledger) findLocked(seq uint64) *delivery {
	i := slices.IndexFunc(l.pending, func(d *delivery) bool { return seq != 0 && d.seq == seq })
	if i < 0 {
		return nil
	}
	return l.pending[i]
}

// doneLocked forgets a delivery for good.
func (l *ledger) doneLocked(d *delivery, settlement *hubv1.Settlement) {
	l.pending = slices.DeleteFunc(l.pending, func(other *delivery) bool { return other == d })
	if d.settled != nil {
		d.settled(settlement)
		d.settled = nil
	}
	l.pumpLocked()
	l.hub.changedLocked()
}

// retryLocked lets a nacked delivery come again, or drops it after the last try.
func (l *ledger) retryLocked(d *delivery, settlement *hubv1.Settlement) {
	if d.attempt >= maxAttempts {
		l.doneLocked(d, settlement)
		return
	}
	d.seq = 0
	l.holdLocked(d, settlement.GetNack().GetRetryDelay().AsDuration())
	l.pumpLocked()
}

// revokeLocked takes everything in flight back.
func (l *ledger) revokeLocked() {
	for _, d := range slices.Clone(l.pending) {
		if d.seq == 0 {
			continue
		}
		if d.seq = 0; !d.atLeastOnce {
			l.doneLocked(d, nil)
		}
	}
}
