package dispatch

// feedStep is how many lanes of sockets, and how many of all shares together, may find no
// room until feed gives up: whoever has room next is fed by its own settlements, or by Expire.
const feedStep = 256

// feed gives parked lanes of the pool to instances that have room.
func (p *pool) feed() {
	if p.backlog[sockets].Load() == 0 && p.backlog[solos].Load() == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.feedLocked()
}

// feedLocked is feed with pool.mu held. Not more is given out than an instance can work
// on soon: one that attaches a moment later gets its share.
func (p *pool) feedLocked() {
	for p.takers.Load() > 0 && p.feedRound() {
		p.runAll()
	}
}

// feedRound offers lanes to all instances, and reports whether it gave any.
func (p *pool) feedRound() (given bool) {
	given = p.feedList(&p.turns[leaders], nil, feedStep)
	most := max(feedStep/max(p.shares.turns[leaders].len, 1), 1) // no share uses up what the others may
	p.shares.each(func(of *share) {
		given = p.feedList(&of.lanes, nil, most) || given
	})
	return given
}

// feedTo gives parked lanes of the pool that an instance takes to it, or to one that is
// suited better: those of sockets if few of them are left there, and those of shares of
// which few are. Of other shares it has enough, so it does not look at them, however many
// there are. Lanes that it does not take wait for others: each of its settlements comes here
// while there are any, so that nobody else is asked about them.
func (p *pool) feedTo(i *Instance, few bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for few && p.feedList(&p.turns[leaders], i, feedStep) {
		p.runAll()
	}
	for name, ok := i.takeShort(); ok; name, ok = i.takeShort() {
		if of := p.shares.all[name]; of != nil && p.feedList(&of.lanes, i, feedStep) {
			p.runAll()
		}
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

// feedList offers the lanes of sockets, or those of a share, to one instance, or to all if
// it is nil: each at most once, and until so many have found no room. It reports whether it
// gave any. Whether anybody takes a lane is asked in a round of all; in one for an
// instance it is asked for the first one.
func (p *pool) feedList(lanes *list[*Lane], to *Instance, most int) (given bool) {
	for passed := 0; passed < min(most, lanes.len); {
		l := lanes.front.value
		if !p.hasRoom(l, to) {
			return given
		}
		want, best := wants(l, nil), (*Instance)(nil)
		if to == nil || to.suits(l, want, true) {
			best = p.pick(l, want, true)
		}
		switch {
		case best != nil:
			p.give(l, best)
			given = true
		case (to == nil || passed == 0) && !p.anySuits(l, want):
			p.strand(l)
		default:
			passed++
			lanes.rotate()
		}
	}
	return given
}

// hasRoom reports whether a lane may find room. Those of a share all wait for the same room,
// so one says it of all. Those of sockets are asked one by one, without room too: one that
// nobody takes has an end (starves).
func (p *pool) hasRoom(l *Lane, to *Instance) bool {
	if l.solo == nil {
		return true
	}
	if to != nil {
		return to.takes() && !to.backlogged(l)
	}
	for _, i := range p.members {
		if i.takes() && !i.backlogged(l) {
			return true
		}
	}
	return false
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
