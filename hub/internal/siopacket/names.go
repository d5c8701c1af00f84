package siopacket

import (
	"maps"
	"sync"
	"sync/atomic"
)

// A browser says the same few names again and again. The first ones that are seen are kept, so that
// most packets cost no string; strangers beyond the bound cost one each.
const (
	maxNames     = 512
	maxNameBytes = 64
)

// Names keeps strings that were seen. The zero value is ready; it may be used at the same time, and reading takes
// no lock.
type Names struct {
	known atomic.Pointer[map[string]string]
	mu    sync.Mutex // guards the replacement of known
}

// Intern returns b as a string.
func (n *Names) Intern(b []byte) string {
	known := n.known.Load()
	if known != nil {
		if s, ok := (*known)[string(b)]; ok {
			return s
		}
	}
	s := string(b)
	if len(b) <= maxNameBytes && (known == nil || len(*known) < maxNames) {
		n.keep(s)
	}
	return s
}

// keep adds s to a new map, as readers may be in the old one.
func (n *Names) keep(s string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	next := map[string]string{}
	if known := n.known.Load(); known != nil {
		if len(*known) >= maxNames {
			return
		}
		maps.Copy(next, *known)
	}
	next[s] = s
	n.known.Store(&next)
}
