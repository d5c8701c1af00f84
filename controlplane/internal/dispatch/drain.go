package dispatch

// Drain lets no new work come: sockets without a flight move at once, others once their
// flight is settled. What nobody else takes is parked in the pool.
func (a *Attachment) Drain() {
	i, g := a.inst, a.inst.group
	g.pool.mu.Lock()
	i.mu.Lock()
	drains := i.current == a && !i.draining
	if drains {
		i.draining = true
	}
	i.mu.Unlock()
	if drains {
		g.countTakers()
	}
	g.pool.mu.Unlock()
	if drains {
		g.pool.drain(i)
	}
}

// drain moves what may leave a draining instance at once.
func (p *pool) drain(i *Instance) {
	for left := int(i.bound.Load()); left > 0; left -= evacuateStep {
		p.mu.Lock()
		p.drainSome(i, min(left, evacuateStep))
		p.mu.Unlock()
	}
	p.feed()
}

// drainSome moves lanes without a flight. The caller holds pool.mu.
func (p *pool) drainSome(i *Instance, n int) {
	moved := 0
	for range n {
		i.mu.Lock()
		if i.lanes.front == nil || i.sink == nil || !i.draining {
			i.mu.Unlock()
			break
		}
		l := i.lanes.front.value
		i.lanes.rotate()
		want := wants(l, nil)
		i.mu.Unlock()
		to := p.pick(l, want, false)
		i.mu.Lock()
		switch {
		case l.flight.len > 0 || l.ended:
			to = nil
		case l.solo.pinned() != "":
			i.abandon(l, Lost)
			to = nil
		default:
			i.surrender(l)
			moved++
		}
		i.mu.Unlock()
		if to != nil {
			p.give(l, to)
			p.run(to)
		}
	}
	i.mu.Lock()
	i.releaseAll(ReasonDrained)
	i.mu.Unlock()
	if moved > 0 {
		p.observer.Moved(moved, ReasonDrained)
	}
}

// Drained reports whether the instance drains, and has nothing unsettled any more.
func (a *Attachment) Drained() bool {
	i := a.inst
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.life != a.life || (i.draining && i.ledger.Len() == 0)
}
