package dispatch

import (
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// Lane is one socket as one group sees it, or one delivery that belongs to no socket
// (NewSolo). Pushes to it come one at a time, in the order that is to be kept; all
// else may happen at the same time.
type Lane struct {
	parking
	succession
	solo *Solo // that it belongs to; nil for the lane of a socket

	holder atomic.Pointer[holder]

	// The rest is guarded by the holder's mutex.
	flight flight
	turn   node[*Lane] // in holder.turns, if the head of the queue may go, or in holder.stuck
	bound  node[*Lane] // in holder.lanes, if the holder is an instance

	introduction
	prefer *string   // id of the instance that it goes to, if it can; nil for any
	avoid  *Instance // that gave its head away

	ready instant // when the head of the queue was last unblocked
	delay delay
}

// NewLane returns a lane for a socket. The meter is that of the socket.
func (g *Group) NewLane(owner Owner, meter *park.Meter) *Lane {
	l := &Lane{parking: parking{owner: owner, meter: meter}}
	l.begin(g)
	return l
}

// begin makes it a lane of a group, in the pool.
func (l *Lane) begin(g *Group) {
	l.group = g
	l.turn.value, l.bound.value = l, l
	l.holder.Store(&g.pool.holder)
}

// Prefer names the instance that the lane goes to, while that is attached and takes
// what comes next: the one that accepted the socket. It is called before anything is
// pushed.
func (l *Lane) Prefer(instance *string) { l.prefer = instance }

// lock locks the lane's holder and returns it. A lane may move between the look
// at its holder and the lock: then the mutex is the wrong one, and it looks again.
// Once the lock is held the lane stays, for moving it takes this very mutex.
func (l *Lane) lock() *holder {
	for {
		h := l.holder.Load()
		h.mu.Lock()
		if l.holder.Load() == h {
			return h
		}
		h.mu.Unlock()
	}
}

// arm gives the lane a turn if the head of its queue may go. What is blocked by a
// strict delivery in the flight, or by a detached one, is armed by its settlement.
func (l *Lane) arm(h *holder) {
	waits := l.turn.list != nil && l.turn.list != &h.greetings
	if waits || l.queue.front == nil || l.behind.Load() || l.flight.blocks() || l.delayed() {
		return
	}
	h.greetings.remove(&l.turn)
	switch i := h.inst; {
	case i == nil:
		h.enqueue(l)
	case i.mustLeave(l):
		h.strand(l)
	case l.avoid == i && i.sink != nil:
		// It leaves once its flight is settled, which arms it again.
	default:
		h.enqueue(l)
	}
}

// delayed reports whether the head of the queue is not due yet, and sets the timer for
// it.
func (l *Lane) delayed() bool {
	head := l.queue.front.value
	if head.due == 0 {
		return false
	}
	wait := head.due.since(now())
	if wait <= 0 {
		return false
	}
	l.delay.start(wait, func() { l.group.node.config.Within(l.resume) })
	return true
}

// resume arms the lane once the head of its queue is due.
func (l *Lane) resume() {
	h := l.lock()
	l.delay.timer = nil
	l.ready = now()
	if h.cancelOut(l) {
		l.arm(h)
	}
	h.release(l)
}

// release goes on once something has changed for a lane, with whoever waits, and
// unlocks h.mu. It must not be called with pool.mu held, but for the pool's own.
func (h *holder) release(l *Lane) {
	g := l.group
	if i := h.inst; i != nil {
		i.fill()
		i.unlock()
		return
	}
	if g.closed {
		h.forget(l)
	} else {
		g.pool.feedLocked()
	}
	h.mu.Unlock()
}

// end takes the lane out of its holder for good. What is in the queue is dropped by
// the caller before.
func (h *holder) end(l *Lane) {
	l.ended = true
	h.dequeue(l)
	h.unbind(l)
	l.delay.stop()
	l.follow(h.inst)
	if l.owner != nil {
		l.owner.LaneEnded()
	}
}

// endIfDone ends a lane that has nothing left to come.
func (h *holder) endIfDone(l *Lane) {
	empty := l.queue.front == nil && l.flight.len == 0 && l.flight.detached == 0
	if !l.ended && !l.behind.Load() && (l.leaving || l.solo != nil) && empty {
		h.end(l)
	}
}

// delay is the timer of a lane whose head is not due.
type delay struct{ timer *time.Timer }

func (d *delay) start(wait time.Duration, f func()) {
	d.stop()
	d.timer = time.AfterFunc(wait, f)
}

func (d *delay) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
