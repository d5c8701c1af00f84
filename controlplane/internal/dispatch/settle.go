package dispatch

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
)

// Attachment is the hold that one stream has on its instance. Begin, Finish, Retry
// and Abandon bracket a settlement; between Begin and the others the settlement is
// carried out without a lock, and the delivery can be given to nobody else.
type Attachment struct {
	inst *Instance
	sink Sink
}

// Begin finds the delivery that a settlement is for. It has to be followed by
// exactly one of Finish, Retry and Abandon.
//
// Errors: ErrUnknown, ErrSettled, ErrRevoked.
func (a *Attachment) Begin(seq uint64) (*Delivery, error) {
	i := a.inst
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current == a {
		if d, ok := i.ledger.Get(seq); ok && d.state == open {
			d.state = settling
			return d, nil
		} else if ok || i.ledger.Settled(seq) {
			return nil, ErrSettled
		}
	}
	if i.group.node.wasRevoked(seq) {
		return nil, ErrRevoked
	}
	return nil, ErrUnknown
}

// Holds says whether work that was begun for a delivery may go on: not once it was
// revoked. That it is settled does no harm.
//
// Errors: ErrUnknown, ErrRevoked.
func (a *Attachment) Holds(seq uint64) error {
	i := a.inst
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case seq > i.group.node.seq.Load():
		return ErrUnknown
	case i.current != a || i.group.node.wasRevoked(seq):
		return ErrRevoked
	}
	return nil
}

// Finish ends a settlement: the delivery is over. It returns how long it was
// unsettled.
func (a *Attachment) Finish(d *Delivery) time.Duration {
	i, l := a.inst, d.lane
	i.mu.Lock()
	took := time.Since(d.handed)
	if d.state == detached {
		i.mu.Unlock()
		l.land(func() { d.state = over })
		return took
	}
	i.ledger.Settle(d.seq)
	i.closeTry(d)
	d.state = over
	l.introduce = l.introduce && d.Kind != Connected
	i.after(l)
	return took
}

// Retry ends a settlement that asks for another try after the delay. It reports
// false when the delivery was tried often enough: then it is over, and dropped.
func (a *Attachment) Retry(d *Delivery, delay time.Duration) bool {
	i, l := a.inst, d.lane
	i.mu.Lock()
	now := time.Now()
	due, again := ledger.NextTry(now, d.attempt, delay)
	if d.state == detached {
		i.mu.Unlock()
		l.later(d, due, again)
		return again
	}
	i.ledger.Settle(d.seq)
	i.closeTry(d)
	if again {
		d.due = due
		l.requeue(d, now)
	} else {
		l.introduce = l.introduce && d.Kind != Connected
		l.drop(d, Nacked)
	}
	i.after(l)
	return again
}

// Abandon ends a settlement that could not be carried out: the delivery is unsettled
// as before.
func (a *Attachment) Abandon(d *Delivery) {
	i := a.inst
	i.mu.Lock()
	if d.state != detached {
		d.state = open
		i.mu.Unlock()
		return
	}
	i.mu.Unlock()
	d.lane.later(d, time.Time{}, true)
}

// later puts a delivery back, or drops it, whose stream was lost while its
// settlement was carried out.
func (l *Lane) later(d *Delivery, due time.Time, again bool) {
	l.land(func() {
		if !again || l.ended {
			l.drop(d, Nacked)
			return
		}
		d.due = due
		l.introduce = l.introduce || d.Kind == Connected
		l.requeue(d, time.Now())
	})
}

// land ends the settlement of a delivery that was adrift, with the lock of its
// lane's holder, and lets the lane go on. The lane may have moved by now.
func (l *Lane) land(end func()) {
	h := l.lock()
	l.adrift--
	end()
	l.ready = time.Now()
	l.arm(h)
	l.ebb(h)
	switch {
	case h.inst != nil:
		h.inst.fill()
	case l.group.closed:
		h.forget(l)
	}
	h.mu.Unlock()
	l.group.feed()
}

// Discard settles a delivery in the name of the service, because it cannot be
// handed over. It reports false when it was revoked meanwhile.
func (a *Attachment) Discard(t Try, why Drop) bool {
	i, d := a.inst, t.Delivery
	i.mu.Lock()
	if got, ok := i.ledger.Get(t.Seq); i.current != a || !ok || got != d || d.state != open {
		i.mu.Unlock()
		return false
	}
	i.ledger.Settle(d.seq)
	i.closeTry(d)
	d.lane.introduce = d.lane.introduce && d.Kind != Connected
	d.lane.drop(d, why)
	i.after(d.lane)
	return true
}

// after goes on once a delivery has left the flight: with its lane, with whoever
// waits for room in the window, with the pool. It unlocks i.mu.
func (i *Instance) after(l *Lane) {
	if l.queue.front != nil && l.turn.list == nil {
		l.ready = time.Now()
		l.arm(&i.holder)
	}
	l.ebb(&i.holder)
	i.fill()
	pool := &i.group.pool
	hungry := pool.backlog.Load() > 0 && uint32(i.turns.len) <= i.limit.Load()/2
	leaves := i.paused.Load() && l.flight.len == 0 && !l.ended && i.group.takers.Load() > 0
	i.mu.Unlock()
	if leaves {
		i.group.place(l)
	}
	if hungry {
		i.group.feed()
	}
}
