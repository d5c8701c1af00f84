package dispatch

// Solo is the lane of a single delivery. It has an owner instead of a socket.
type Solo struct {
	Lane
	owner SoloOwner // may be nil
	share Share
	avoid string
	pin   string
}

// NewSolo returns a lane for one delivery that belongs to no socket's order: a connect
// attempt, an expiring authorization, a service call. The owner may be nil.
//
// It has a window of its own, so that strangers' attempts use up no room of events, and
// counts there for a share, so that those of one subscription do not keep those of another
// one waiting. It is not counted as parked: its owner bounds how many there are.
func (g *Group) NewSolo(owner SoloOwner, share Share) *Solo {
	s := &Solo{owner: owner, share: share}
	s.begin(g)
	s.solo = s
	return s
}

// Avoid keeps the lane from an instance: another one has to take the delivery. It is
// called before Push.
func (s *Solo) Avoid(instance string) { s.avoid = instance }

// Pin keeps the lane to one instance. It is dropped (Lost) when that is lost, and
// Push refuses it when the instance is not attached. It is called before Push.
func (s *Solo) Pin(instance string) { s.pin = instance }

// pinned is the id of the only instance that may have the lane, or empty.
func (s *Solo) pinned() string {
	if s == nil {
		return ""
	}
	return s.pin
}

// class says whose window the lane uses.
func (s *Solo) class() class {
	if s != nil {
		return solos
	}
	return sockets
}

// bars reports whether the lane must not go to an instance.
func (s *Solo) bars(i *Instance) bool {
	return s != nil && ((s.avoid != "" && s.avoid == i.id) || (s.pin != "" && s.pin != i.id))
}

// Other reports whether an attached instance beside the named one takes work now and
// accepts a delivery.
func (g *Group) Other(instance string, d *Delivery) bool {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	for _, i := range g.members {
		if i.id == instance || !i.takes() {
			continue
		}
		if _, ok := i.sink.Accepts(d); ok {
			return true
		}
	}
	return false
}

// Waits reports whether the delivery is parked: no instance holds it.
func (s *Solo) Waits(d *Delivery) bool {
	h := s.lock()
	defer h.mu.Unlock()
	return d.state == parked
}

// Cancel takes the delivery away for good, wherever it is; the instance that holds it is
// told why. It reports false when its settlement is being carried out, or when it is over.
func (s *Solo) Cancel(d *Delivery, why Reason) bool {
	h := s.lock()
	switch d.state {
	case parked:
		s.unpark(d)
	case open:
		h.inst.ledger.Remove(d.seq)
		h.inst.closeTry(d)
		h.inst.revoked(d, why)
	default:
		h.mu.Unlock()
		return false
	}
	d.state = over
	h.end(&s.Lane)
	h.release(&s.Lane)
	return true
}

// abandon ends a solo lane whose delivery is parked, and tells its owner.
func (h *holder) abandon(l *Lane, why Drop) {
	for n := l.queue.front; n != nil; n = l.queue.front {
		l.unpark(n.value)
		l.lose(n.value, why)
	}
	h.end(l)
}

// lose drops a delivery that is in no list, and tells the owner of a solo lane.
func (l *Lane) lose(d *Delivery, why Drop) {
	l.drop(d, why)
	if l.solo != nil && l.solo.owner != nil {
		l.solo.owner.Ended(d, why)
	}
}
