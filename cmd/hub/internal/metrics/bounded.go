package metrics

import (
	"maps"
	"sync"
	"sync/atomic"
)

// bounded hands out one handle for each key, and one that all keys share beyond
// the bound. A key keeps the handle that it got first, so that a gauge that was
// raised under one name is never lowered under another.
type bounded[K comparable, T any] struct {
	resolve func(K) T
	bound   int

	// known is replaced as a whole, so that get takes no lock.
	known atomic.Pointer[map[K]T]

	// other is the shared handle. It is made once known is full, and known never shrinks.
	other atomic.Pointer[T]
	rest  K // its key

	mu sync.Mutex // guards growing known and making other
}

func newBounded[K comparable, T any](bound int, rest K, resolve func(K) T) *bounded[K, T] {
	b := &bounded[K, T]{resolve: resolve, bound: bound, rest: rest}
	b.known.Store(&map[K]T{})
	return b
}

// get gives the handle of a key.
func (b *bounded[K, T]) get(key K) T {
	if handle, ok := (*b.known.Load())[key]; ok {
		return handle
	}
	if other := b.other.Load(); other != nil {
		return *other
	}
	return b.grow(key)
}

func (b *bounded[K, T]) grow(key K) T {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := *b.known.Load()
	if handle, ok := known[key]; ok { // another goroutine was faster
		return handle
	}
	if len(known) >= b.bound {
		if b.other.Load() == nil {
			handle := b.resolve(b.rest)
			b.other.Store(&handle)
		}
		return *b.other.Load()
	}
	next := maps.Clone(known)
	next[key] = b.resolve(key)
	b.known.Store(&next)
	return next[key]
}
