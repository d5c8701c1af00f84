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
	l.leave(i.life)
	pool := &l.group.pool.holder
	l.pooled = now()
	l.holder.Store(pool)
	l.arm(pool)
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

// reopen lets what is stuck in the pool find an instance again. The caller holds
// pool.mu.
func (p *pool) reopen() {
	for n := p.stuck.front; n != nil; n = p.stuck.front {
		p.dequeue(n.value)
		n.value.arm(&p.holder)
	}
}
