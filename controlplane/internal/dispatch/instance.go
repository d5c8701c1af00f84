package dispatch

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/controlplane/internal/window"
)

// Instance is one process of a service. It outlives its stream for a while.
type Instance struct {
	holder
	group *Group
	id    string
	// paused repeats window.Paused, limit window.Size().Deliveries, to be read without
	// mu.
	paused atomic.Bool
	limit  atomic.Uint32

	// Guarded by holder.mu.
	current *Attachment // nil while the stream is lost
	sink    Sink        // that of current
	window  window.Window
	ledger  ledger.Ledger[*Delivery]

	// Guarded by group.pool.mu.
	lostAt time.Time // zero while attached
	timer  *time.Timer
}

// admit hands a delivery over: from here on it is unsettled.
func (i *Instance) admit(l *Lane, d *Delivery) {
	i.window.Take(d.Bytes)
	d.seq = i.group.node.seq.Add(1)
	d.attempt++
	if d.identity == 0 {
		d.identity = d.seq
	}
	d.state, d.due, d.handed = open, time.Time{}, time.Now()
	l.flight.pushBack(&d.place)
	if d.Strict {
		l.strict++
	}
	if d.Kind == Connected {
		l.intro, l.introTry = d.identity, d.attempt
		l.epoch = epoch{l.group.attachEpoch.Load(), l.group.lostEpoch.Load()}
	}
	i.ledger.Open(d.seq, d)
	i.group.observer.Delivered(d.Kind, d.attempt)
	i.sink.Deliver(Try{d, d.seq, d.identity, d.attempt})
}

// fill hands over what is parked, one delivery of each lane in turn, as long as the
// window has room.
func (i *Instance) fill() {
	if i.sink == nil || i.turns.front == nil {
		return
	}
	now := time.Now()
	for passed := 0; i.turns.front != nil && passed < maxPassed; {
		l := i.turns.front.value
		d := l.head(&i.holder, now)
		switch {
		case d == nil:
			continue // nothing of the lane may go: its turn was taken away
		case i.window.Fits(d.Bytes, l.flight.len):
			l.unpark(d)
			i.admit(l, d)
			if l.queue.front == nil {
				i.dequeue(l)
			} else {
				i.turns.rotate()
			}
		case i.window.Fits(d.Bytes, 0):
			// The lane holds too much already; whoever comes next may fit.
			passed++
			i.turns.rotate()
		default:
			// It does not fit yet. Passing over it would starve large ones.
			return
		}
	}
}

// blocked reports whether the head of the turns waits for room: nobody passes it.
func (i *Instance) blocked() bool {
	n := i.turns.front
	return n != nil && !i.window.Fits(n.value.queue.front.value.Bytes, 0)
}

// full reports whether the instance has no room for anybody.
func (i *Instance) full() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.window.Full() || i.blocked()
}

// maxPassed is how many greedy lanes are passed over before fill gives up.
const maxPassed = 16

// head returns the delivery that is to go next, its introduction first. It returns
// nil and takes the lane's turn away when none may go.
func (l *Lane) head(h *holder, now time.Time) *Delivery {
	if !l.expire(h, now) {
		return nil
	}
	d := l.queue.front.value
	if d.Kind == Event && l.stale() {
		d = l.introduction(true)
		l.queue.insertAfter(&d.place, nil)
		l.account(d, now)
	}
	if !l.mayGo(d) {
		h.dequeue(l)
		l.arm(h)
		return nil
	}
	return d
}

// closeTry takes a delivery out of the flight, and gives its room back.
func (i *Instance) closeTry(d *Delivery) {
	l := d.lane
	l.flight.remove(&d.place)
	if d.Strict {
		l.strict--
	}
	i.window.Give(d.Bytes)
}

// revokeAll takes everything unsettled back into the queues, in order, in front of
// what never went. The caller holds i.mu.
func (i *Instance) revokeAll(now time.Time) {
	for n := i.lanes.front; n != nil; {
		l := n.value
		n = n.next
		// From the back, so that each one comes to stand before the one after it without a
		// search.
		for f := l.flight.back; f != nil; f = l.flight.back {
			i.revoke(f.value, now)
		}
		if l.tidy(&i.holder) {
			l.arm(&i.holder)
		}
	}
	i.ledger.Clear()
}

// revoke takes one unsettled delivery back.
func (i *Instance) revoke(d *Delivery, now time.Time) {
	l := d.lane
	i.closeTry(d)
	switch {
	case d.state == settling:
		// Its settlement is being carried out at this moment, outside of the lock. It
		// counts: what was said of it is true, whatever becomes of the stream.
		d.state = detached
		l.adrift++
		l.introduce = l.introduce && d.Kind != Connected
		return
	case d.Kind == Event && d.AtMostOnce:
		l.drop(d, Lost)
	default:
		l.requeue(d, now)
	}
	i.group.node.revoke(d.seq)
}

// ebb ends a lane that has nothing left to come.
func (l *Lane) ebb(h *holder) {
	empty := l.queue.front == nil && l.flight.len == 0 && l.adrift == 0
	if !l.ended && (l.leaving || l.owner == nil) && empty {
		l.end(h)
	}
}
