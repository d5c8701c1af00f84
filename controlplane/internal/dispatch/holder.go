package dispatch

import (
	"sync"
	"sync/atomic"
)

// holder is what a lane belongs to: an instance, or the pool of a group.
type holder struct {
	mu   sync.Mutex
	inst *Instance // nil: the pool
	// turns are the lanes whose next delivery may go as soon as there is room.
	turns list[*Lane]
	// lanes are all that are bound; the pool does not keep them, so that idle sockets
	// which nobody holds cost nothing.
	lanes list[*Lane]

	// backlog and bound are the lengths of turns and lanes, to be read without mu.
	backlog, bound atomic.Int32
}

// enqueue gives a lane a turn.
func (h *holder) enqueue(l *Lane) {
	h.turns.pushBack(&l.turn)
	h.backlog.Store(int32(h.turns.len))
}

// dequeue takes the turn away from a lane, if it has one here.
func (h *holder) dequeue(l *Lane) {
	h.turns.remove(&l.turn)
	h.backlog.Store(int32(h.turns.len))
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

// surrender gives a lane without a flight back to the pool. The caller holds the
// mutex of the pool and of the instance.
func (h *holder) surrender(l *Lane) {
	h.dequeue(l)
	h.unbind(l)
	pool := &l.group.pool
	l.holder.Store(pool)
	l.arm(pool)
}
