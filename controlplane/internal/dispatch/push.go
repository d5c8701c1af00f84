package dispatch

// Push brings a delivery: an event, or the one of a solo lane. It reports false when
// the delivery was dropped.
func (l *Lane) Push(d *Delivery) bool {
	d.lane, d.place.value = l, d
	h := l.lockFor(d)
	ok := l.push(h, d)
	overflow := l.overflown == overflowNow
	if overflow {
		l.overflown = overflowTold
	}
	h.unlock()
	if overflow {
		l.owner.Overflow()
	}
	return ok
}

func (l *Lane) push(h *holder, d *Delivery) bool {
	if l.ended || l.leaving {
		l.drop(d, Forgotten)
		return false
	}
	if l.starved && d.Kind == Event {
		l.drop(d, NoService)
		return false
	}
	// Behind parked deliveries the introduction is made when the event's turn comes:
	// the epoch may move on until then.
	if d.Kind == Event && l.queue.front == nil && l.stale(&l.group.epochs) {
		if l.group.lifecycleFull() {
			return l.wait(h, d)
		}
		if !l.put(h, l.introduce(true, false)) {
			return l.wait(h, d) // another lane has taken the last place meanwhile
		}
	}
	return l.put(h, d)
}

// wait parks an event whose introduction may not be parked any more: it is made when the
// event's turn comes, which may be now.
func (l *Lane) wait(h *holder, d *Delivery) bool {
	ok := l.keep(h, d)
	l.arm(h)
	if i := h.inst; i != nil {
		i.fill()
	}
	return ok
}

// lockFor locks the lane's holder, after it has seen to it that the lane has an
// instance for a delivery if one is there: a lane in the pool is bound, and one that
// is idle at an instance that takes no work goes to another one.
func (l *Lane) lockFor(d *Delivery) *holder {
	h := l.lock()
	switch {
	case l.group.takers.Load() == 0 || l.flight.len > 0 || l.ended:
		return h
	case h.inst != nil && h.inst.takes():
		return h
	case h.inst == nil && l.turn.list == &h.stuck:
		return h
	}
	h.mu.Unlock()
	l.group.pool.place(l, d)
	return l.lock()
}

// put hands a delivery over if it is its turn and there is room, else it parks it.
func (l *Lane) put(h *holder, d *Delivery) bool {
	i := h.inst
	takes := i != nil && i.takes()
	misfit, introduced := false, false
	if takes && l.queue.front == nil && l.avoid == nil && !l.behind.Load() {
		terms, ok := i.sink.Accepts(d)
		misfit = !ok
		if ok && i.unknown(l, d, &terms) {
			l.insertIntroduction()
			introduced = true
		} else if ok && l.flight.allows(d, &terms) && i.handOver(l, d, &terms) {
			return true
		}
	}
	ok := l.keep(h, d)
	if ok && takes {
		l.group.observer.Stalled()
	}
	if misfit && ok && l.flight.len == 0 {
		h.strand(l) // unlock moves it
		return true
	}
	l.arm(h)
	if introduced || (takes && i.wanting != nil) {
		i.fill()
	}
	return ok
}

// keep parks a delivery, or drops it.
func (l *Lane) keep(h *holder, d *Delivery) bool {
	switch {
	case h.inst == nil && l.group.closed:
		l.drop(d, Forgotten)
	case h.inst == nil && l.solo.pinned() != "":
		l.drop(d, Lost)
	case d.attempt != 0:
		l.requeue(d, now())
		return true
	case l.park(d):
		return true
	}
	l.introducing = l.introducing && d.Kind != Connected
	return false
}

// handOver admits a delivery if the instance has room for it, or lets it pass in
// silence.
func (i *Instance) handOver(l *Lane, d *Delivery, terms *Terms) bool {
	switch {
	case terms.Silent:
		i.pass(l, d)
	case i.stops() || (d.mustBeAlone() && i.ledger.Len() > 0):
		return false
	case i.curbed(l.solo.class()) || !i.fits(l, d):
		return false
	default:
		i.admit(l, d, terms)
	}
	return true
}
