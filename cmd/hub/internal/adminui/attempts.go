package adminui

import (
	"net/netip"
	"sync"
	"time"
)

const (
	// maxTries is how many passwords an address may try in tryPeriod.
	maxTries  = 5
	tryPeriod = time.Minute
	// maxAddresses is of how many addresses that is counted. Whoever has more than that is bounded by the one goroutine that compares.
	maxAddresses = 1024
)

// attempts counts passwords that addresses have tried. It is safe for concurrent use.
type attempts struct {
	mu sync.Mutex // guards by
	by map[netip.Prefix]*tries
}

type tries struct {
	n     int
	since time.Time
}

// placeOf is what an address counts for: of IPv6 its network, as everybody has a whole one.
func placeOf(address string) netip.Prefix {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{} // all that have none
	}
	bits := 64
	if a = a.Unmap().WithZone(""); a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits) // the number of bits is right
	return p
}

// take counts a try. False: there have been too many.
func (a *attempts) take(from netip.Prefix, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.by[from]
	if t == nil {
		a.roomLocked(now)
		t = &tries{since: now}
		a.by[from] = t
	}
	if now.Sub(t.since) >= tryPeriod {
		*t = tries{since: now}
	}
	if t.n >= maxTries {
		return false
	}
	t.n++
	return true
}

// roomLocked makes room for one more.
func (a *attempts) roomLocked(now time.Time) {
	if a.by == nil {
		a.by = make(map[netip.Prefix]*tries)
	}
	if len(a.by) < maxAddresses {
		return
	}
	var oldest netip.Prefix
	var since time.Time
	for from, t := range a.by {
		if now.Sub(t.since) >= tryPeriod {
			delete(a.by, from)
		} else if since.IsZero() || t.since.Before(since) {
			oldest, since = from, t.since
		}
	}
	if len(a.by) >= maxAddresses {
		delete(a.by, oldest)
	}
}

// forgive forgets the tries of an address that knows the password.
func (a *attempts) forgive(from netip.Prefix) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.by, from)
}
