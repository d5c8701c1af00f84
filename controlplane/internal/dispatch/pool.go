package dispatch

import "github.com/siohub/siohub/controlplane/internal/ledger"

// pool has the lanes that no instance has, and finds instances for them. Its mutex is the
// group's.
type pool struct {
	holder
	*Group
	starved []Owner // for Expire to tell
}

// give binds a lane of the pool to an instance. The caller holds pool.mu, and calls run
// afterwards.
func (p *pool) give(l *Lane, to *Instance) {
	to.mu.Lock()
	defer to.mu.Unlock()
	to.bind(l)
	l.avoid = nil
	if l.queue.front == nil {
		to.greet(l)
	} else {
		l.arm(&to.holder)
	}
}

// run lets an instance hand over what it was given. The caller holds pool.mu.
func (p *pool) run(i *Instance) { p.relocateLocked(i) }

// move takes a lane without a flight from one instance to another one, nil being the
// pool. The caller holds pool.mu.
func (p *pool) move(l *Lane, from, to *Instance, why Reason) {
	from.mu.Lock()
	moved := l.flight.len == 0 && !l.ended && l.holder.Load() == &from.holder
	if moved {
		from.surrender(l)
		from.releaseAll(why)
	}
	from.mu.Unlock()
	if !moved {
		return
	}
	p.observer.Moved(1, why)
	if to != nil {
		p.give(l, to)
		p.run(to)
	}
}

// surrender gives a lane without a flight back to the pool. The caller holds the
// mutex of the pool and of the instance, and calls releaseAll.
func (i *Instance) surrender(l *Lane) {
	i.dequeue(l)
	i.unbind(l)
	if i.wanting != nil && i.wanting.lane == l {
		i.wanting = nil
	}
	if l.told == i.life && l.owner != nil && !l.ended {
		i.leavers = append(i.leavers, l.owner)
	}
	l.told = 0
	pool := &l.group.pool.holder
	l.pooled = now()
	l.holder.Store(pool)
	l.arm(pool)
}

// releaseAll tells the instance which sockets have left it.
func (i *Instance) releaseAll(why Reason) {
	if len(i.leavers) == 0 {
		return
	}
	if i.sink != nil {
		i.sink.Released(i.leavers, why)
	} else {
		i.absences.release(i.leavers)
	}
	i.leavers = nil
}

// relocate moves the lanes that cannot stay at an instance.
func (p *pool) relocate(i *Instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.relocateLocked(i)
}

// relocateLocked is relocate with pool.mu held. Each round settles one lane's place: it
// leaves, or has its turn back.
func (p *pool) relocateLocked(i *Instance) {
	for {
		i.mu.Lock()
		n := i.stuck.front
		if n == nil {
			i.fill()
			n = i.stuck.front
		}
		if n == nil {
			i.mu.Unlock()
			return
		}
		l := n.value
		i.dequeue(l)
		want := wants(l, nil)
		leaves := l.flight.len == 0 && i.sink != nil && (i.draining || want.first != nil)
		if !leaves {
			l.arm(&i.holder)
		}
		i.mu.Unlock()
		if leaves {
			p.relocateLane(l, i, want)
		}
	}
}

// relocateLane moves one lane that cannot stay. One that nobody else takes stays with an
// instance that only prefers it to go, and waits in the pool otherwise.
func (p *pool) relocateLane(l *Lane, i *Instance, want next) {
	why := ReasonMoved
	if !i.takes() && l.avoid != i {
		why = leaveReason(i)
	}
	to := p.pick(l, want, false)
	stays := to == nil && !i.draining && i.accepts(want.first)
	switch {
	case l.solo.pinned() != "":
		i.mu.Lock()
		i.abandon(l, Lost)
		i.mu.Unlock()
	case stays:
		i.mu.Lock()
		if l.avoid == i && l.queue.front != nil {
			d := l.queue.front.value
			d.due = now().add(ledger.Spacing(int(d.tries), p.node.config.Random))
		}
		l.avoid = nil
		if l.turn.list == nil && l.queue.front != nil && !l.ended && !l.delayed() {
			i.enqueue(l)
		}
		i.mu.Unlock()
	case to != i:
		p.move(l, i, to, why)
	default:
		// It takes what is in front, and an introduction that it does not take came before.
		p.move(l, i, nil, why)
	}
}

// accepts reports whether the instance asked for a delivery.
func (i *Instance) accepts(d *Delivery) bool {
	_, ok := i.sink.Accepts(d)
	return ok
}

// feed gives parked lanes of the pool to instances that have room.
func (p *pool) feed() {
	if p.backlog[sockets].Load() == 0 && p.backlog[solos].Load() == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.feedLocked()
}

// feedStep is how many lanes in a row may find no room before feed gives up: whoever
// has room next is fed by its own settlements, or by Expire.
const feedStep = 256

// feedLocked is feed with pool.mu held. Not more is given out than an instance can work
// on soon: one that attaches a moment later gets its share.
func (p *pool) feedLocked() {
	for p.takers.Load() > 0 && p.feedRound() {
		p.runAll()
	}
}

// runAll lets all instances hand over what they were given.
func (p *pool) runAll() {
	for _, i := range p.members {
		if i.takes() {
			p.run(i)
		}
	}
}

// feedTo gives parked lanes of the pool that an instance takes to it, or to one that is
// suited better. Lanes that it does not take wait for others: each of its settlements
// comes here while there are any, so that nobody else is asked about them.
func (p *pool) feedTo(i *Instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.feedOne(i) {
		p.runAll()
	}
}

// feedOne is feedRound for what one instance takes.
func (p *pool) feedOne(i *Instance) (given bool) {
	p.each(func(turns *list[*Lane]) {
		for passed := 0; turns.front != nil && passed < min(feedStep, turns.len); {
			l := turns.front.value
			want := wants(l, nil)
			switch {
			case i.suits(l, want, true):
				p.give(l, p.pick(l, want, true))
				given, passed = true, 0
			case passed == 0 && !p.anySuits(l, want):
				p.strand(l) // looked for once in a round, for all are asked
			default:
				passed++
				turns.rotate()
			}
		}
	})
	return given
}

// anySuits reports whether there is an instance that takes what a lane wants, with room or
// without.
func (p *pool) anySuits(l *Lane, want next) bool {
	for _, i := range p.members {
		if i.suits(l, want, false) {
			return true
		}
	}
	return false
}

// feedRound gives lanes to instances whose backlog is short, and reports whether it gave
// any.
func (p *pool) feedRound() (given bool) {
	p.each(func(turns *list[*Lane]) {
		for passed := 0; turns.front != nil && passed < feedStep; {
			l := turns.front.value
			want := wants(l, nil)
			switch to := p.pick(l, want, true); {
			case to != nil:
				p.give(l, to)
				given, passed = true, 0
			case p.pick(l, want, false) == nil:
				p.strand(l)
			default:
				passed++
				turns.rotate()
			}
		}
	})
	return given
}

// reopen lets what is stuck in the pool find an instance again. The caller holds
// pool.mu.
func (p *pool) reopen() {
	for n := p.stuck.front; n != nil; n = p.stuck.front {
		p.dequeue(n.value)
		n.value.arm(&p.holder)
	}
}
