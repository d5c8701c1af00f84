package redis

import (
	"maps"
	"sync"
	"sync/atomic"
)

// served are the namespaces that this hub has sockets in. Every message that comes is compared with them, and hardly anything
// changes them. They are safe for concurrent use.
type served struct {
	all atomic.Pointer[map[string]bool] // never changed, but replaced
	mu  sync.Mutex                      // held while it is
}

func newServed() *served {
	s := new(served)
	s.all.Store(&map[string]bool{})
	return s
}

// put notes whether there are sockets in a namespace. It returns false if that is known.
func (s *served) put(namespace string, yes bool) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := *s.all.Load()
	if was[namespace] == yes {
		return false
	}
	next := maps.Clone(was)
	if next[namespace] = true; !yes {
		delete(next, namespace)
	}
	s.all.Store(&next)
	return true
}

// has reports whether there are sockets in a namespace.
func (s *served) has(namespace []byte) bool { return (*s.all.Load())[string(namespace)] }
