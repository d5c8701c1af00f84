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

// line is where the lane of a socket, or a share of solo lanes, stands for its turn: those that have something in
// flight stand behind those that have nothing.
type line uint8

const (
	leaders   line = iota // with nothing in flight
	followers             // with something in flight
	lines
)

// holder is what a lane belongs to: an instance, or the pool of a group.
type holder struct {
	mu   sync.Mutex
	inst *Instance // nil: the pool
	// turns are the lanes of sockets whose next delivery may go as soon as there is room. The
	// pool has no followers: what is there has nothing in flight.
	turns [lines]list[*Lane]
	// shares are the same for solo lanes.
	shares shares
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
	if l.solo != nil {
		h.shares.add(l)
	} else {
		h.turns[l.flight.line()].pushBack(&l.turn)
	}
	h.count(l)
}

// stands is where a lane stands if it stands for its turn at all; nil where its share has nothing.
func (h *holder) stands(l *Lane) *list[*Lane] {
	if l.solo == nil {
		return &h.turns[l.flight.line()]
	}
	if of := h.shares.all[l.solo.share]; of != nil {
		return &of.lanes
	}
	return nil
}

// each calls f with each list of lanes that stand for their turn, from which it may take some.
func (h *holder) each(f func(*list[*Lane])) {
	for n := range h.turns {
		f(&h.turns[n])
	}
	h.shares.each(func(of *share) { f(&of.lanes) })
}

// standing counts the lanes that stand for their turn.
func (h *holder) standing() int {
	return h.turns[leaders].len + h.turns[followers].len + h.shares.waits
}

// count lets the backlog be read.
func (h *holder) count(l *Lane) {
	n := h.shares.waits
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
	if l.solo != nil && h.shares.remove(l) && h.inst != nil {
		h.inst.runsShort(l.solo.share)
	}
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
