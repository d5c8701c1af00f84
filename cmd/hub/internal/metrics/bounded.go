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

	mu    sync.Mutex // guards growing known and making other
	other *T
	rest  K // the key of the shared handle
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
		if b.other == nil {
			handle := b.resolve(b.rest)
			b.other = &handle
		}
		return *b.other
	}
	next := maps.Clone(known)
	next[key] = b.resolve(key)
	b.known.Store(&next)
	return next[key]
}
