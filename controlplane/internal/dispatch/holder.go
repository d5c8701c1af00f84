package dispatch

import (
	"sync"
	"sync/atomic"
)

// class tells lanes with windows of their own apart.
type class uint8

const (
	sockets class = iota // lanes of sockets
	solos                // lanes of one delivery
	classes
)

// holder is what a lane belongs to: an instance, or the pool of a group.
type holder struct {
	mu   sync.Mutex
	inst *Instance // nil: the pool
	// turns are the lanes whose next delivery may go as soon as there is room.
	turns [classes]list[*Lane]
	// stuck are lanes with something parked that cannot go from here. Those of an
	// instance move as soon as its mutex is released; those of the pool wait until an
	// instance attaches, or takes work again.
	stuck list[*Lane]
	// greetings are idle lanes of an instance that it was not told of.
	greetings list[*Lane]
	// lanes are all that are bound; the pool does not keep them, so that idle sockets
	// which nobody holds cost nothing.
	lanes list[*Lane]

	// backlog and bound are the lengths of turns and lanes, to be read without mu.
	backlog [classes]atomic.Int32
	bound   atomic.Int32
}

// enqueue gives a lane a turn.
func (h *holder) enqueue(l *Lane) {
	c := l.solo.class()
	h.turns[c].pushBack(&l.turn)
	h.backlog[c].Store(int32(h.turns[c].len))
}

// dequeue takes a lane out of whatever it waits in.
func (h *holder) dequeue(l *Lane) {
	c := l.solo.class()
	h.stuck.remove(&l.turn)
	h.greetings.remove(&l.turn)
	h.turns[c].remove(&l.turn)
	h.backlog[c].Store(int32(h.turns[c].len))
}

// strand takes a lane's turn away until it has moved, or somebody takes work again.
func (h *holder) strand(l *Lane) {
	h.dequeue(l)
	h.stuck.pushBack(&l.turn)
}

// bind makes a lane this holder's, which is an instance. The caller holds the mutex
// of the pool and of the instance.
func (h *holder) bind(l *Lane) {
	l.group.pool.dequeue(l)
	h.lanes.pushBack(&l.bound)
	h.bound.Store(int32(h.lanes.len))
	l.holder.Store(h)
}

// unbind takes a lane out of the instance's lanes, if it is in them.
func (h *holder) unbind(l *Lane) {
	h.lanes.remove(&l.bound)
	h.bound.Store(int32(h.lanes.len))
}
