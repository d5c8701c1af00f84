package window

import "time"

const (
	// pipeShare is the part of a window that lanes with more than one delivery share, in
	// deliveries and in bytes, while others are there and wait longer for it.
	pipeShare = 8
	// pipeLeast is how many deliveries they may have at least.
	pipeLeast = 64
	// pipeStep is by how much they may have more with each delivery of another lane that
	// did not wait.
	pipeStep = 8
	// slack is by how much more than half as long as necessary a delivery may take.
	slack = 2 * time.Millisecond
	// bestWithin is how long it is remembered at least how short the way can be.
	bestWithin = 10 * time.Second
	// likes is how many kinds of deliveries are told apart.
	likes = 64
	// quietAfter is how long nothing has come from others when nobody waits for it.
	quietAfter = time.Second
)

// pipe bounds what is held by lanes that hold more than one delivery. It looks at how
// long a lane's first delivery takes: as long as that is little more than one like it took
// at best, what the others have in flight is under way, or worked on beside it, and there
// may be more of it. Once it takes longer what they have only waits in front of it, and
// they go back to their share: the service has enough to do with that.
//
// One of which nothing is known is compared with all others: what it took may be for the
// queue in front of it. With their share alone there it is learned how long it takes.
type pipe struct {
	held  Size   // by lanes that hold more than one
	limit uint32 // in deliveries; the part of the bytes is the same

	best  best          // of all
	like  [likes]pace   // of those that are alike, each at its number
	since time.Duration // when this period began
	last  time.Duration // when a lane's first delivery was settled
}

// best is how short the way was in this period and in the one before; 0 is unknown.
type best [2]time.Duration

// pace is how long deliveries take that are alike.
type pace struct {
	best
	like uint32
}

// add notes one more, and returns the best by now.
func (b *best) add(took time.Duration) time.Duration {
	if b[0] == 0 || took < b[0] {
		b[0] = took
	}
	if b[1] > 0 {
		return min(b[0], b[1])
	}
	return b[0]
}

// period begins a new one.
func (b *best) period() { b[0], b[1] = 0, b[0] }

// known reports whether there was any.
func (b *best) known() bool { return b[0] > 0 || b[1] > 0 }

// change notes that a lane holds something else.
func (p *pipe) change(from, to Size) {
	if from.Deliveries > 1 {
		p.held.Deliveries -= from.Deliveries
		p.held.Bytes -= from.Bytes
	}
	if to.Deliveries > 1 {
		p.held.Deliveries += to.Deliveries
		p.held.Bytes += to.Bytes
	}
}

// fits reports whether a lane that holds something may have more.
func (p *pipe) fits(bytes int, size Size) bool {
	if p.held.Deliveries == 0 {
		return true
	}
	part := size.Bytes / uint64(max(size.Deliveries, 1)) * uint64(p.limit)
	return p.held.Deliveries < p.limit && (p.limit >= size.Deliveries || p.held.Bytes+uint64(bytes) <= part)
}

// least is the lanes' share of a window.
func least(size Size) uint32 {
	return min(max(size.Deliveries/pipeShare, pipeLeast), max(size.Deliveries, 1))
}

func (p *pipe) resize(size Size) { p.limit = min(max(p.limit, least(size)), max(size.Deliveries, 1)) }

func (p *pipe) narrow(size Size) { p.limit = least(size) }

func (p *pipe) widen(by uint32, size Size) { p.limit = min(p.limit+by, max(size.Deliveries, 1)) }

// quiet reports whether nobody waits who has nothing in flight.
func (p *pipe) quiet(at time.Duration) bool { return at-p.last >= quietAfter }

// first looks at how long a lane's first delivery took.
func (p *pipe) first(like uint32, took, at time.Duration, size Size) {
	p.last = at
	took = max(took, 1)
	if at-p.since >= bestWithin {
		p.since = at
		p.best.period()
		for n := range p.like {
			p.like[n].period()
		}
	}
	if best := p.shortest(like, took); took > best+best/2+slack {
		p.narrow(size)
	} else {
		p.widen(pipeStep, size)
	}
}

// shortest notes how long a first delivery took, and returns how long it has to take.
func (p *pipe) shortest(like uint32, took time.Duration) time.Duration {
	all := p.best.add(took)
	own := &p.like[like%likes]
	switch known := own.known(); {
	case !known:
		own.like = like
		own.add(took)
		return all
	case own.like != like:
		return all // others have the place for as long as they come
	}
	return own.add(took)
}
