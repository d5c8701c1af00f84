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

// line is where a lane stands for its turn: those of sockets that have something in
// flight stand behind those that have nothing.
type line uint8

const (
	leaders   = line(sockets) // sockets with nothing in flight
	single    = line(solos)
	followers = line(classes) // sockets with something in flight
	lines     = followers + 1
)

// class says whose window the lanes of a line use.
func (n line) class() class {
	if n == single {
		return solos
	}
	return sockets
}

// line is where a lane is to stand.
func (l *Lane) line() line {
	switch {
	case l.solo != nil:
		return single
	case l.flight.len > 0:
		return followers
	}
	return leaders
}

// holder is what a lane belongs to: an instance, or the pool of a group.
type holder struct {
	mu   sync.Mutex
	inst *Instance // nil: the pool
	// turns are the lanes whose next delivery may go as soon as there is room. The pool has
	// no followers: what is there has nothing in flight.
	turns [lines]list[*Lane]
	// stuck are lanes with something parked that cannot go from here. Those of an
	// instance move as soon as its mutex is released; those of the pool wait until an
	// instance attaches, or takes work again.
	stuck list[*Lane]
	// greetings are idle lanes of an instance that it was not told of.
	greetings list[*Lane]
	// lanes are all that are bound; the pool does not keep them, so that idle sockets
	// which nobody holds cost nothing.
	lanes list[*Lane]

	// backlog and bound count the lanes in turns and in lanes, to be read without mu.
	backlog [classes]atomic.Int32
	bound   atomic.Int32
}

// enqueue gives a lane a turn.
func (h *holder) enqueue(l *Lane) {
	h.turns[l.line()].pushBack(&l.turn)
	h.count(l)
}

// count lets the backlog be read.
func (h *holder) count(l *Lane) {
	n := h.turns[single].len
	if l.solo == nil {
		n = h.turns[leaders].len + h.turns[followers].len
	}
	h.backlog[l.solo.class()].Store(int32(n))
}

// lead lets a lane of the followers stand behind the leaders: it has nothing in flight
// any more.
func (h *holder) lead(l *Lane) {
	if l.turn.list == &h.turns[followers] {
		h.turns[followers].remove(&l.turn)
		h.turns[leaders].pushBack(&l.turn)
	}
}

// dequeue takes a lane out of whatever it waits in.
func (h *holder) dequeue(l *Lane) {
	h.stuck.remove(&l.turn)
	h.greetings.remove(&l.turn)
	for n := range h.turns {
		h.turns[n].remove(&l.turn)
	}
	h.count(l)
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
