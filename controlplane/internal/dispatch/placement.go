package dispatch

// rank says how well an instance is suited for one more lane.
type rank struct {
	next, complete, preferred bool // it takes what comes second; all; it is preferred
	full                      bool
	load                      float64
}

// before reports whether r is better suited than s.
func (r rank) before(s rank) bool {
	switch {
	case r.next != s.next:
		return r.next
	case r.complete != s.complete:
		return r.complete
	case r.preferred != s.preferred:
		return r.preferred
	case r.full != s.full:
		return s.full
	}
	return r.load < s.load
}

// next is what a lane needs taken: what it has in front, and the first event behind it.
type next struct{ first, second *Delivery }

// wants says what a lane needs taken, if d is all that comes behind its queue. The
// caller holds the mutex of the lane's holder.
func wants(l *Lane, d *Delivery) next {
	var n next
	for _, list := range []*list[*Delivery]{&l.flight.list, &l.queue} {
		for at := list.front; at != nil && n.second == nil; at = at.next {
			n.add(at.value)
		}
	}
	if n.second == nil && d != nil {
		n.add(d)
	}
	return n
}

func (n *next) add(d *Delivery) {
	if n.first == nil {
		n.first = d
	}
	if d.Kind == Event || n.first.Kind == Event {
		n.second = d
	}
}

// pick returns the best instance that takes what a lane wants, or nil. With room set,
// only one whose backlog is shorter than its window. The caller holds pool.mu and no
// instance's mutex.
func (p *pool) pick(l *Lane, want next, room bool) *Instance {
	var best *Instance
	var bestRank rank
	for _, i := range p.members {
		if !i.suits(l, want, room) {
			continue
		}
		r := rank{complete: i.complete, preferred: l.prefer != nil && *l.prefer == i.id, next: true}
		if want.second != nil && want.second != want.first {
			_, r.next = i.sink.Accepts(want.second)
		}
		i.mu.Lock()
		r.full = !i.free(l)
		i.mu.Unlock()
		r.load = float64(i.bound.Load()+1) / float64(i.weight)
		if best == nil || r.before(bestRank) {
			best, bestRank = i, r
		}
	}
	return best
}

// suits reports whether the instance takes what a lane wants. The caller holds pool.mu.
func (i *Instance) suits(l *Lane, want next, room bool) bool {
	if !i.takes() || l.avoid == i || l.solo.bars(i) || (room && i.backlogged(l)) {
		return false
	}
	return want.first == nil || i.accepts(want.first)
}

// backlogged reports whether as much waits at the instance already as its window has. Solo
// lanes wait for their own share alone. The caller holds pool.mu.
func (i *Instance) backlogged(l *Lane) bool {
	c := l.solo.class()
	waits := int(i.backlog[c].Load())
	if c == solos && waits > 0 {
		i.mu.Lock()
		waits = i.shares.waiting(l)
		i.mu.Unlock()
	}
	return waits >= int(i.limit[c].Load())
}

// place finds an instance for a lane before d is pushed to it: for one in the pool, or
// for one without a flight of an instance that does not take work.
func (p *pool) place(l *Lane, d *Delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	// Under the group's mutex no lane changes its holder.
	h := l.holder.Load()
	i := h.inst
	if i == nil {
		p.assign(l, wants(l, d))
		return
	}
	if i.takes() || (i.sink == nil && !i.overdue(p.node.config.FailoverDelay)) {
		return
	}
	i.mu.Lock()
	want, moves := wants(l, d), l.flight.len == 0 && !l.ended && l.solo.pinned() == ""
	i.mu.Unlock()
	if !moves {
		return
	}
	if to := p.pick(l, want, false); to != nil {
		p.move(l, i, to, leaveReason(i))
	}
}

// leaveReason says why lanes leave an instance that takes no work.
func leaveReason(i *Instance) Reason {
	switch {
	case i.sink == nil:
		return ReasonLost
	case i.draining:
		return ReasonDrained
	}
	return ReasonPaused
}

// assign binds a lane of the pool to an instance, if one takes it. The caller holds
// pool.mu.
func (p *pool) assign(l *Lane, want next) bool {
	if l.ended {
		return false
	}
	inst := p.pick(l, want, false)
	if inst == nil {
		return false
	}
	p.give(l, inst)
	p.run(inst)
	return true
}
