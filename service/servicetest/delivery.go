package servicetest

import (
	"crypto/rand"
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
	socket      *socket
	body        *hubv1.Delivery
	dedupeID    []byte
	attempt     uint32
	atLeastOnce bool
	strict      bool   // holds back what stands behind it until it is settled
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
	}
	return "connect attempt"
}

// ledger keeps what is not settled, in order. Guarded by Hub.mu.
type ledger struct {
	hub     *Hub
	pending []*delivery
}

// deliverLocked queues a delivery and sends what the window allows.
func (l *ledger) deliverLocked(s *socket, body *hubv1.Delivery, atLeastOnce bool) {
	l.queueLocked(s, body, atLeastOnce, nil)
}

// queueLocked is deliverLocked for who wants to know how it ends: nil means that
// it was dropped.
func (l *ledger) queueLocked(s *socket, body *hubv1.Delivery, atLeastOnce bool, settled func(*hubv1.Settlement)) {
	d := &delivery{socket: s, body: body, atLeastOnce: atLeastOnce, dedupeID: make([]byte, 16), size: proto.Size(body)}
	if sub := l.hub.subscriptions.handler(s.namespace, body.GetEvent().GetName()); sub != nil {
		d.strict = sub.GetOrdering() == hubv1.Ordering_ORDERING_STRICT
	}
	rand.Read(d.dedupeID)
	d.settled = settled
	l.pending = append(l.pending, d)
	l.pumpLocked()
	l.hub.changedLocked()
}

// pumpLocked sends deliveries while the window allows, in order for each socket:
// what waits holds back what stands behind it.
func (l *ledger) pumpLocked() {
	if l.hub.stream == nil {
		return
	}
	count, bytes := 0, 0
	for _, d := range l.pending {
		if d.seq != 0 {
			count++
			bytes += d.size
		}
	}
	waiting := map[*socket]bool{}
	for _, d := range l.pending {
		switch {
		case d.seq != 0 && d.strict:
			waiting[d.socket] = true
		case d.seq != 0:
		case d.held || waiting[d.socket]:
			waiting[d.socket] = true
		case count >= l.hub.stream.windowCount || count > 0 && bytes+d.size > l.hub.stream.windowBytes:
			return
		default:
			count++
			bytes += d.size
			l.hub.stream.sendDeliveryLocked(d)
			waiting[d.socket] = d.strict
		}
	}
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
	if delay := settlement.GetNack().GetRetryDelay().AsDuration(); delay > 0 {
		d.held = true
		time.AfterFunc(delay, func() {
			l.hub.mu.Lock()
			defer l.hub.mu.Unlock()
			d.held = false
			l.pumpLocked()
		})
		return
	}
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
