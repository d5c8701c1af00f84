package outqueue

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// Targets of a batch, not limits: one entry always goes. 48 KiB stay below the 64 KiB
// that grpc-go takes for a stream before a Send waits.
const (
	BatchItems = 256
	BatchBytes = 48 << 10
)

// Limit bounds a queue in entries and in bytes.
type Limit struct {
	Items, Bytes int
}

// allows reports whether so much is within the limit.
func (l Limit) allows(items, bytes int) bool { return items <= l.Items && bytes <= l.Bytes }

// Queue is what waits to be sent, and what was sent and has no receipt. Use New.
type Queue[T any] struct {
	wake chan struct{} // has one element when a sleeping Take is to look again

	mu      sync.Mutex // guards the fields below
	entries []entry[T]
	// Invariant: head <= numbered <= taken <= len(entries). Without Keep head is
	// numbered.
	head, numbered, taken int

	counted Limit // offered entries that were not taken
	sent    numbers
	kept    retention

	asleep   bool
	nudged   bool // Take is to return, be there an entry or not
	paused   bool // Take ends though there may be more
	finished bool // nothing is added any more
	room     chan struct{}
}

// entry is one thing to send.
type entry[T any] struct {
	value   T
	size    int
	offered bool
}

// numbers are those of envelopes.
type numbers struct {
	last    uint64 // of the last envelope that was numbered
	receipt uint64 // of the last one that the other end has received
}

// New returns an empty queue.
func New[T any]() *Queue[T] { return &Queue[T]{wake: make(chan struct{}, 1)} }

// Push adds what is bounded elsewhere. It reports false after Finish and Fail.
func (q *Queue[T]) Push(value T, size int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.finished {
		return false
	}
	q.add(entry[T]{value: value, size: size})
	return true
}

// Offer adds an entry if the offered ones that wait are within the limit with it. One
// always fits an empty queue. It reports false otherwise, and after Finish and Fail.
func (q *Queue[T]) Offer(value T, size int, limit Limit) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.finished || !q.fits(size, limit) {
		return false
	}
	q.offer(value, size)
	return true
}

// Wait adds an entry as Offer does, and waits for room while there is none.
//
// Errors: ErrClosed after Finish and Fail, the cause of ctx.
func (q *Queue[T]) Wait(ctx context.Context, value T, size int, limit Limit) error {
	for {
		q.mu.Lock()
		switch {
		case q.finished:
			q.mu.Unlock()
			return ErrClosed
		case q.fits(size, limit):
			q.offer(value, size)
			q.mu.Unlock()
			return nil
		}
		if q.room == nil {
			q.room = make(chan struct{})
		}
		room := q.room
		q.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (q *Queue[T]) fits(size int, limit Limit) bool {
	return q.counted.Items == 0 || limit.allows(q.counted.Items+1, q.counted.Bytes+size)
}

func (q *Queue[T]) offer(value T, size int) {
	q.counted.Items++
	q.counted.Bytes += size
	q.add(entry[T]{value: value, size: size, offered: true})
}

func (q *Queue[T]) add(e entry[T]) {
	q.entries = append(q.entries, e)
	q.rouse()
}

// rouse wakes Take if it sleeps. The caller holds mu.
func (q *Queue[T]) rouse() {
	if q.asleep {
		q.asleep = false
		q.wake <- struct{}{} // has room: only a sleeper is woken, and once
	}
}

// Nudge lets Take return, with an empty batch if nothing waits: the caller has
// something to say beside the queue. Where no Take is waiting, the next one returns.
func (q *Queue[T]) Nudge() {
	q.mu.Lock()
	q.nudged = true
	q.rouse()
	q.mu.Unlock()
}

// Take waits until something waits to be sent or Nudge is called, and appends up to a
// batch of it to into. It returns false when the queue is paused, or finished and
// empty.
func (q *Queue[T]) Take(into []T) (batch []T, ok bool) {
	q.mu.Lock()
	for {
		switch {
		case q.paused:
			q.mu.Unlock()
			return into, false
		case q.taken < len(q.entries) || q.nudged && !q.finished:
			q.nudged = false
			into = q.takeLocked(into)
			q.mu.Unlock()
			return into, true
		case q.finished:
			q.mu.Unlock()
			return into, false
		}
		q.asleep = true
		q.mu.Unlock()
		<-q.wake
		// The scheduler runs a goroutine that was woken before those that have been ready
		// for longer. Whoever is ready now has something to send, too.
		runtime.Gosched()
		q.mu.Lock()
	}
}

func (q *Queue[T]) takeLocked(into []T) []T {
	into = slices.Grow(into, min(len(q.entries)-q.taken, BatchItems))
	bytes := 0
	for n := 0; q.taken < len(q.entries) && n < BatchItems; n++ {
		e := &q.entries[q.taken]
		if n > 0 && bytes+e.size > BatchBytes {
			break
		}
		bytes += e.size
		if e.offered {
			q.counted.Items--
			q.counted.Bytes -= e.size
		}
		into = append(into, e.value)
		q.taken++
	}
	q.makeRoom()
	return into
}

func (q *Queue[T]) makeRoom() {
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
}

// Len counts what waits to be taken.
func (q *Queue[T]) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.entries) - q.taken
}

// Finish lets Take return what waits, and then end. Nothing is added any more.
func (q *Queue[T]) Finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.finished = true
	q.makeRoom()
	q.rouse()
}

// Fail forgets everything, and lets Take end. It returns what was not taken.
func (q *Queue[T]) Fail() []T {
	q.mu.Lock()
	defer q.mu.Unlock()
	lost := make([]T, 0, len(q.entries)-q.taken)
	for _, e := range q.entries[q.taken:] {
		lost = append(lost, e.value)
	}
	q.finished, q.kept.lost = true, true
	q.entries, q.head, q.numbered, q.taken = nil, 0, 0, 0
	q.counted = Limit{}
	q.kept.forget()
	q.makeRoom()
	q.rouse()
	return lost
}

// Remove takes out the entries that wait and match, such as those that belong to
// somebody else by now.
func (q *Queue[T]) Remove(match func(T) bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	left := q.entries[:q.taken]
	for _, e := range q.entries[q.taken:] {
		if !match(e.value) {
			left = append(left, e)
			continue
		}
		if e.offered {
			q.counted.Items--
			q.counted.Bytes -= e.size
		}
	}
	clear(q.entries[len(left):])
	q.entries = left
	q.makeRoom()
}
