// Package replay makes the repetition of a command safe: the first answer under a
// key is kept for a while and given again. A Book has the keys of one owner, bounded in
// keys and in bytes; a Shelf has a book for each owner, and bounds their number and the
// bytes of all of them. The time is an argument. The package starts no goroutine; both are safe for concurrent use.
package replay

import (
	"errors"
	"sync"
	"time"
)

// ErrBusy means that there is no room: too many repetitions wait for the same first
// answer, none of the owner's keys has an answer yet, or there are too many owners.
var ErrBusy = errors.New("replay: too many keys are in use")

// Limits bound what is kept for one owner.
type Limits struct {
	Keys    int
	Bytes   int
	Waiters int
	Age     time.Duration
}

// Book keeps the answers of one owner. It is safe for concurrent use.
type Book[T any] struct {
	limits Limits
	shelf  *Shelf[T]

	mu    sync.Mutex // guards the fields below
	byKey map[string]*page[T]
	// order has the finished pages, the oldest first.
	order []*page[T]
	bytes int
	// retired says that the shelf has thrown the book away. It is empty for good.
	retired bool
}

type page[T any] struct {
	key      string
	done     bool
	answer   T
	size     int
	finished time.Time
	waiters  []func(T)
}

// Begin reports whether the caller is the first under a key: then it does the work
// and calls Finish. Otherwise again is called with the first answer, at once or when
// it is there.
//
// Errors: ErrBusy, errRetired; again is not called then.
func (b *Book[T]) Begin(key string, now time.Time, again func(T)) (first bool, err error) {
	b.mu.Lock()
	b.expire(now)
	p := b.byKey[key]
	switch {
	case b.retired:
		b.mu.Unlock()
		return false, errRetired
	case p == nil && len(b.byKey) >= b.limits.Keys && len(b.order) == 0:
		b.mu.Unlock()
		return false, ErrBusy
	case p == nil:
		if len(b.byKey) >= b.limits.Keys {
			b.evict()
		}
		b.byKey[key] = &page[T]{key: key}
		b.mu.Unlock()
		return true, nil
	case p.done:
		b.mu.Unlock()
		again(p.answer)
		return false, nil
	case len(p.waiters) >= b.limits.Waiters:
		b.mu.Unlock()
		return false, ErrBusy
	}
	p.waiters = append(p.waiters, again)
	b.mu.Unlock()
	return false, nil
}

// Finish gives the answer to whoever waits. With keep it is kept under its key, and
// counts as many bytes; without, or if the shelf has no room for it, the next one under
// the key is a first one again.
func (b *Book[T]) Finish(key string, answer T, size int, keep bool, now time.Time) {
	keep = keep && b.shelf.take(size, now)
	b.mu.Lock()
	p := b.byKey[key]
	if p == nil || p.done {
		b.mu.Unlock()
		if keep {
			b.shelf.budget.Give(int64(size))
		}
		return
	}
	waiters := p.waiters
	p.waiters = nil
	if keep {
		p.done, p.answer, p.size, p.finished = true, answer, size, now
		b.order = append(b.order, p)
		b.bytes += size
		for b.bytes > b.limits.Bytes && len(b.order) > 1 {
			b.evict()
		}
	} else {
		delete(b.byKey, key)
	}
	b.mu.Unlock()
	for _, again := range waiters {
		again(answer)
	}
}

// expire forgets what is too old.
func (b *Book[T]) expire(now time.Time) {
	for len(b.order) > 0 && now.Sub(b.order[0].finished) >= b.limits.Age {
		b.evict()
	}
}

// evict forgets the oldest answer.
func (b *Book[T]) evict() {
	p := b.order[0]
	b.order[0] = nil
	b.order = b.order[1:]
	b.bytes -= p.size
	b.shelf.budget.Give(int64(p.size))
	delete(b.byKey, p.key)
}

// Len counts the keys.
func (b *Book[T]) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.byKey)
}
