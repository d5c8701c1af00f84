package controlplane

import (
	"container/heap"
	"time"
)

// timeQueue has values by the time at which they are due. Its zero value is empty. It is
// not safe for concurrent use.
type timeQueue[T any] struct{ heap slots[T] }

// slot is the place of one value in a timeQueue, and belongs to it.
type slot[T any] struct {
	value T
	at    time.Time
	// place is where it stands in the heap, from 1 on. 0 means that it is not there.
	place int
}

func (q *timeQueue[T]) len() int { return len(q.heap) }

// set adds a slot, or moves it to another time.
func (q *timeQueue[T]) set(s *slot[T], at time.Time) {
	s.at = at
	if s.place == 0 {
		heap.Push(&q.heap, s)
		return
	}
	heap.Fix(&q.heap, s.place-1)
}

// remove takes a slot out, if it is there.
func (q *timeQueue[T]) remove(s *slot[T]) {
	if s.place != 0 {
		heap.Remove(&q.heap, s.place-1)
	}
}

// due is the slot that is due first, if that is by now. Nil if there is none.
func (q *timeQueue[T]) due(now time.Time) *slot[T] {
	if len(q.heap) == 0 || q.heap[0].at.After(now) {
		return nil
	}
	return q.heap[0]
}

// slots is a heap by time.
type slots[T any] []*slot[T]

// Len implements heap.Interface.
func (h slots[T]) Len() int { return len(h) }

// Less implements heap.Interface.
func (h slots[T]) Less(i, j int) bool { return h[i].at.Before(h[j].at) }

// Swap implements heap.Interface.
func (h slots[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

// Push implements heap.Interface.
func (h *slots[T]) Push(s any) {
	*h = append(*h, s.(*slot[T]))
	(*h)[len(*h)-1].place = len(*h)
}

// Pop implements heap.Interface.
func (h *slots[T]) Pop() any {
	last := len(*h) - 1
	s := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	s.place = 0
	return s
}
