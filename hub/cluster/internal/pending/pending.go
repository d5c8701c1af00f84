// Package pending is the queue of an engine that writes in order and keeps what it has while the engine is away.
//
//	Put ──► items ──► Waiting: the writer does some ──► Done(n, what is to be done again)
//
// What the writer has looked at stays in the queue, and counts, until Done: whoever fails has lost nothing. There is one writer;
// all else is safe for concurrent use. The queue starts no goroutine, and its lock is a leaf.
package pending

import (
	"context"
	"slices"
	"sync"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// urgentBytes is how far beyond its bound a queue takes what is urgent.
const urgentBytes = 16 << 20

// Item is something that waits to be written.
type Item interface {
	// Size is what it takes of the bound, in bytes: the same whenever it is asked.
	Size() int64
	// Urgent reports whether it may go beyond the bound by up to 16 MiB: it is small, and cannot be done without.
	Urgent() bool
}

// Queue holds items in order, within a bound.
type Queue[T Item] struct {
	bound   int64
	backlog *mesh.Backlog
	wake    chan struct{} // holds one

	mu    sync.Mutex // guards the fields below
	items []T
	bytes int64
	up    bool          // the engine can be reached
	over  bool          // Close was called
	empty chan struct{} // closed when nothing waits; nil: nobody waits for it
}

// New returns a queue for so many bytes.
func New[T Item](bound int64) *Queue[T] {
	return &Queue[T]{bound: bound, backlog: mesh.NewBacklog(bound), wake: make(chan struct{}, 1)}
}

// Put takes an item, and tells how many bytes wait by now. It does not wake the writer. The error is cluster.ErrFull, or
// cluster.ErrAway after Close.
func (q *Queue[T]) Put(item T) (bytes int64, err error) {
	size, bound := item.Size(), q.bound
	if item.Urgent() {
		bound += urgentBytes
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.over:
		return q.bytes, cluster.ErrAway
	case q.bytes+size > bound:
		return q.bytes, cluster.ErrFull
	}
	q.items = append(q.items, item)
	q.bytes += size
	q.backlog.Set(q.bytes, q.up)
	return q.bytes, nil
}

// Wake lets Woken tell the writer that there is something.
func (q *Queue[T]) Wake() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Woken has one element after Wake.
func (q *Queue[T]) Woken() <-chan struct{} { return q.wake }

// Waiting is what waits, oldest first. It must not be changed, and is the writer's until Done.
func (q *Queue[T]) Waiting() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.items[:len(q.items):len(q.items)]
}

// Done takes the first n out, and puts those of them that are to be done again in front.
func (q *Queue[T]) Done(n int, again []T) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, item := range q.items[:n] {
		q.bytes -= item.Size()
	}
	for _, item := range again {
		q.bytes += item.Size()
	}
	if len(again) > 0 {
		q.items = slices.Concat(again, q.items[n:])
	} else {
		clear(q.items[:n])
		q.items = q.items[n:]
	}
	q.backlog.Set(q.bytes, q.up)
	if len(q.items) == 0 {
		q.items = nil // and what it was part of
		if q.empty != nil {
			close(q.empty)
			q.empty = nil
		}
	}
}

// Connected says whether the engine can be reached: what waits for it to come back holds nobody up.
func (q *Queue[T]) Connected(up bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.up = up
	q.backlog.Set(q.bytes, up)
}

// Behind is cluster.Cluster.Behind.
func (q *Queue[T]) Behind() <-chan struct{} { return q.backlog.Behind() }

// Bytes is what waits, in bytes.
func (q *Queue[T]) Bytes() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// Close waits until nothing waits, at the longest until ctx ends. Nothing is taken any more.
func (q *Queue[T]) Close(ctx context.Context) {
	q.mu.Lock()
	q.over = true
	if len(q.items) == 0 {
		q.mu.Unlock()
		return
	}
	if q.empty == nil {
		q.empty = make(chan struct{})
	}
	empty := q.empty
	q.mu.Unlock()
	select {
	case <-empty:
	case <-ctx.Done():
	}
}

// Abandon takes out and returns what has waited in vain. It is called once the writer has ended.
func (q *Queue[T]) Abandon() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.items
	q.items, q.bytes = nil, 0
	q.backlog.Set(0, q.up)
	return left
}
