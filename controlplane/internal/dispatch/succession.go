package dispatch

import (
	"sync/atomic"
	"time"
)

// succession is how a lane ends, and the order of two lanes of one socket that was away in between: nothing of the second one goes before
// all of the first one is settled.
type succession struct {
	// behind says that another lane comes first. It is set before anything is pushed.
	behind atomic.Bool

	// Guarded by the mutex of the holder.

	leaving bool // its Disconnected was pushed
	ended   bool
	// unbroken says that the group does not hear that the socket was away: the successor goes on where this one ends.
	unbroken bool
	// successor is the lane that waits for this one.
	successor *successor
}

// successor is a lane that goes on where another one ends.
type successor struct {
	lane *Lane
	// missed tells what has become of the socket meanwhile.
	missed func(Sink)
}

// Succeed lets a new lane follow one that is about to end, for the socket has come back. A Disconnected of the earlier
// one that is still held back is dropped: then the group has not heard that the socket was away, and is not told that
// it is back. What it has missed is told by the function then, as by Tell, before anything else of the lane. Succeed is
// called before anything is pushed.
func (l *Lane) Succeed(earlier *Lane, missed func(Sink)) {
	h := earlier.lock()
	defer h.release(earlier)
	if earlier.ended {
		return
	}
	l.behind.Store(true)
	earlier.successor = &successor{l, missed}
	if h.inst != nil {
		l.prefer = new(h.inst.id)
	}
	if earlier.heldBack() {
		h.forgive(earlier)
	}
	h.endIfDone(earlier)
}

// forgive drops a Disconnected that is held back, and a Connected that nobody saw.
func (h *holder) forgive(l *Lane) {
	l.unbroken = true
	l.delay.stop()
	unheard := l.unseen() && !l.eventsParked()
	for n := l.queue.front; n != nil; {
		d := n.value
		n = n.next
		if d.Kind == Disconnected || unheard {
			l.unpark(d)
			d.state = over
		}
	}
	if l.queue.front == nil {
		h.dequeue(l)
	}
}

// heirloom is what a group was told of a socket, for the lane that goes on.
type heirloom struct {
	intro    uint64
	introTry uint32
	epoch    epoch
	told     uint32
	renewals uint32
	at       *Instance // that had the earlier lane; nil for the pool
}

// follow lets the lane that waits for this one go on: on a goroutine of its own, as it has another holder.
func (l *Lane) follow(at *Instance) {
	next := l.successor
	if next == nil {
		return
	}
	l.successor = nil
	var has heirloom
	if l.unbroken {
		has = heirloom{l.intro, l.introTry, l.epoch, l.told, l.renewals, at}
	}
	time.AfterFunc(0, func() { l.group.node.config.Within(func() { next.proceed(has) }) })
}

// proceed goes on with the lane: at the instance that had the earlier one, if that goes on with the socket.
func (s *successor) proceed(has heirloom) {
	l, p := s.lane, &s.lane.group.pool
	p.mu.Lock()
	if has.intro != 0 {
		p.settleIn(l, has)
	}
	h := l.holder.Load() // under the group's mutex it stays
	if h.inst == nil {
		s.goOn(h, has)
		h.release(l)
		return
	}
	h.mu.Lock()
	s.goOn(h, has)
	h.mu.Unlock()
	p.run(h.inst)
	p.mu.Unlock()
}

// settleIn binds a lane that goes on to the instance that was told of the socket, so that what changes is told there
// without waiting for an event. The caller holds pool.mu.
func (p *pool) settleIn(l *Lane, has heirloom) {
	to, from := has.at, l.holder.Load().inst
	if to == nil || to == from || p.members[to.id] != to || to.life != has.told {
		return
	}
	if from != nil {
		from.mu.Lock()
		ended := l.ended
		if !ended {
			from.surrender(l) // it has nothing in flight, as it was behind
		}
		from.mu.Unlock()
		if ended {
			return
		}
	}
	p.give(l, to)
}

// goOn ends the wait. The caller holds pool.mu and the holder's mutex.
func (s *successor) goOn(h *holder, has heirloom) {
	l := s.lane
	l.behind.Store(false)
	l.ready = now()
	if has.intro != 0 && !l.ended {
		l.inherit(has)
		h.tell(l, s.missed)
	}
	if !l.ended && h.cancelOut(l) {
		l.arm(h)
	}
}

// inherit takes over what the group was told, and drops the Connected that would tell it anew.
func (l *Lane) inherit(has heirloom) {
	l.intro, l.introTry, l.epoch, l.told, l.renewals = has.intro, has.introTry, has.epoch, has.told, has.renewals
	if n := l.queue.front; n != nil && n.value.Kind == Connected {
		l.unpark(n.value)
		n.value.state = over
		l.introducing = false
	}
}
