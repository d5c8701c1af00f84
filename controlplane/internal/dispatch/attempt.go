package dispatch

import "time"

// Again takes a connect attempt from the instance that keeps it undecided, and
// gives it to another one, if one is there. It reports false when its settlement is
// being carried out, or when it is not with an instance.
func (l *Lane) Again(d *Delivery) bool {
	g := l.group
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	h := l.holder.Load()
	i := h.inst
	if i == nil {
		return false
	}
	h.mu.Lock()
	if d.state != open {
		h.mu.Unlock()
		return false
	}
	i.ledger.Remove(d.seq)
	i.revoke(d, time.Now())
	h.surrender(l)
	i.fill()
	h.mu.Unlock()
	g.assign(l, i)
	g.feedLocked()
	return true
}

// Waits reports whether a connect attempt is parked: no instance holds it.
func (l *Lane) Waits(d *Delivery) bool {
	h := l.lock()
	defer h.mu.Unlock()
	return d.state == parked
}

// Cancel takes a connect attempt away for good, wherever it is. It reports false
// when its settlement is being carried out, or when it is over.
func (l *Lane) Cancel(d *Delivery) bool {
	h := l.lock()
	defer h.mu.Unlock()
	switch d.state {
	case parked:
		l.unpark(d)
	case open:
		h.inst.ledger.Remove(d.seq)
		h.inst.closeTry(d)
		l.group.node.revoke(d.seq)
	default:
		return false
	}
	d.state = over
	l.end(h)
	if h.inst != nil {
		h.inst.fill()
	}
	return true
}
