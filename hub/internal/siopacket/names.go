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

// names keeps strings that were seen. Reading takes no lock.
type names struct {
	known atomic.Pointer[map[string]string]
	mu    sync.Mutex // guards the replacement of known
}

// intern returns b as a string.
func (n *names) intern(b []byte) string {
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
func (n *names) keep(s string) {
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
