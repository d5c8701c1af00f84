package dispatch

import "time"

// Begin finds the delivery that a settlement is for. It has to be followed by
// exactly one of Finish, Retry, Elsewhere and Abandon: between them the settlement is
// carried out without a lock, and the delivery can be given to nobody else. What is
// unsettled belongs to the process, so a stream that was lost or fenced can still settle
// it, as long as no other process has come.
//
// Errors: ErrUnknown, ErrSettled, ErrRevoked.
func (a *Attachment) Begin(seq uint64) (*Delivery, error) {
	i := a.inst
	i.mu.Lock()
	defer i.mu.Unlock()
	node := i.group.node
	if seq < a.first || (i.life != a.life && seq <= node.seq.Load()) {
		return nil, ErrRevoked
	}
	if d, ok := i.ledger.Get(seq); ok && d.state == open {
		d.state = settling
		return d, nil
	} else if ok || i.ledger.Settled(seq) {
		return nil, ErrSettled
	}
	if node.wasRevoked(seq) {
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
	case i.life != a.life || seq < a.first || i.group.node.wasRevoked(seq):
		return ErrRevoked
	case seq > i.last:
		return ErrUnknown
	}
	return nil
}

// Finish ends a settlement: the delivery is over. It returns how long it was
// unsettled.
func (a *Attachment) Finish(d *Delivery) time.Duration {
	i, l := a.inst, d.lane
	i.mu.Lock()
	t := now()
	took := t.since(d.handed)
	if d.state == detached {
		i.mu.Unlock()
		a.rejoin(l, func() { d.state = over })
		return took
	}
	i.windows[l.solo.class()].Settled(d.first, d.like(), took, time.Duration(t))
	i.ledger.Settle(d.seq)
	i.closeTry(d)
	d.state = over
	l.introducing = l.introducing && d.Kind != Connected
	i.after(l)
	return took
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
	a.later(d, 0, true)
}

// later puts a delivery back, or drops it, whose instance was lost while its settlement
// was carried out.
func (a *Attachment) later(d *Delivery, due instant, again bool) {
	l := d.lane
	a.rejoin(l, func() {
		if !again || l.ended {
			l.drop(d, Nacked)
			return
		}
		d.due = due
		l.introducing = l.introducing || d.Kind == Connected
		l.requeue(d, now())
	})
}

// rejoin ends the settlement of a delivery that was detached, with the lock of its
// lane's holder, and lets the lane go on. The lane may have moved by now.
func (*Attachment) rejoin(l *Lane, end func()) {
	h := l.lock()
	l.flight.detached--
	end()
	l.ready = now()
	if l.turn.list != nil && l.queue.front != nil {
		h.dequeue(l) // the head may be another one, that is not due
	}
	l.arm(h)
	h.endIfDone(l)
	h.release(l)
}

// Discard settles a delivery in the name of the service, because it cannot be
// handed over. It reports false when it was revoked meanwhile.
func (a *Attachment) Discard(t Try, why Drop) bool {
	i, d := a.inst, t.Delivery
	i.mu.Lock()
	if got, ok := i.ledger.Get(t.Seq); i.life != a.life || !ok || got != d || d.state != open {
		i.mu.Unlock()
		return false
	}
	i.ledger.Settle(d.seq)
	i.closeTry(d)
	d.lane.introducing = d.lane.introducing && d.Kind != Connected
	d.lane.drop(d, why)
	i.after(d.lane)
	return true
}

// after goes on once a delivery has left the flight: with its lane, with whoever
// waits for room in the window, with the pool. It unlocks i.mu.
func (i *Instance) after(l *Lane) {
	if l.queue.front != nil {
		if l.turn.list == nil {
			l.ready = now()
			l.arm(&i.holder)
		} else if i.mustLeave(l) {
			i.strand(l)
		}
	} else {
		i.endIfDone(l)
		if i.draining && l.flight.len == 0 && l.owner != nil && !l.ended && i.sink != nil {
			i.strand(l)
		}
	}
	i.fill()
	i.unlock()
}
