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
	successor *Lane
}

// Succeed lets a new lane follow one that is about to end, for the socket has come back. A Disconnected of the earlier
// one that is still held back is dropped: then the group has not heard that the socket was away, and is not told that
// it is back. It is called before anything is pushed.
func (l *Lane) Succeed(earlier *Lane) {
	h := earlier.lock()
	defer h.release(earlier)
	if earlier.ended {
		return
	}
	l.behind.Store(true)
	earlier.successor = l
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
}

// follow lets the lane that waits for this one go on: on a goroutine of its own, as it has another holder.
func (l *Lane) follow() {
	next := l.successor
	if next == nil {
		return
	}
	l.successor = nil
	var has heirloom
	if l.unbroken {
		has = heirloom{l.intro, l.introTry, l.epoch, l.told, l.renewals}
	}
	time.AfterFunc(0, func() { l.group.node.config.Within(func() { next.proceed(has) }) })
}

// proceed goes on with a lane that was behind another one.
func (l *Lane) proceed(has heirloom) {
	h := l.lock()
	l.behind.Store(false)
	l.ready = now()
	if has.intro != 0 && !l.ended {
		l.inherit(has)
	}
	if !l.ended && h.cancelOut(l) {
		l.arm(h)
	}
	h.release(l)
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
