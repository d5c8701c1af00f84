package timequeue

import (
	"container/heap"
	"time"
)

// Queue has values by the time at which they are due. Its zero value is empty. It is
// not safe for concurrent use.
type Queue[T any] struct{ heap slots[T] }

// Slot is the place of one value in a timeQueue, and belongs to it.
type Slot[T any] struct {
	Value T
	At    time.Time
	// Place is where it stands in the heap, from 1 on. 0 means that it is not there.
	Place int
}

// Len counts the slots that are in it.
func (q *Queue[T]) Len() int { return len(q.heap) }

// Set adds a slot, or moves it to another time.
func (q *Queue[T]) Set(s *Slot[T], at time.Time) {
	s.At = at
	if s.Place == 0 {
		heap.Push(&q.heap, s)
		return
	}
	heap.Fix(&q.heap, s.Place-1)
}

// Remove takes a slot out, if it is there.
func (q *Queue[T]) Remove(s *Slot[T]) {
	if s.Place != 0 {
		heap.Remove(&q.heap, s.Place-1)
	}
}

// Due is the slot that is due first, if that is by now. Nil if there is none.
func (q *Queue[T]) Due(now time.Time) *Slot[T] {
	if len(q.heap) == 0 || q.heap[0].At.After(now) {
		return nil
	}
	return q.heap[0]
}

// slots is a heap by time.
type slots[T any] []*Slot[T]

// Len implements heap.Interface.
func (h slots[T]) Len() int { return len(h) }

// Less implements heap.Interface.
func (h slots[T]) Less(i, j int) bool { return h[i].At.Before(h[j].At) }

// Swap implements heap.Interface.
func (h slots[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].Place, h[j].Place = i+1, j+1
}

// Push implements heap.Interface.
func (h *slots[T]) Push(s any) {
	*h = append(*h, s.(*Slot[T]))
	(*h)[len(*h)-1].Place = len(*h)
}

// Pop implements heap.Interface.
func (h *slots[T]) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	s.Place = 0
	return s
}
