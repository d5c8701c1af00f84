package rates

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	shardCount = 16
	// strangers is how many times the rate those addresses share for which there is no room.
	strangers = 100
	// swept is how many addresses each call looks at, whether they can be forgotten.
	swept = 2
)

// Limits of Addresses.
type Limits struct {
	// PerSecond and Burst are those of the bucket of each address. Zero PerSecond means no limit.
	PerSecond float64
	Burst     int
	// Open is how many each address may have open. Zero means no limit.
	Open int
	// Most is how many addresses are known at a time.
	Most int
	// Private limits loopback and private addresses as well.
	Private bool
}

// Addresses limits by address. All methods may be called at the same time.
type Addresses struct {
	limits Limits
	seed   maphash.Seed
	shards [shardCount]addressShard
}

type addressShard struct {
	mu     sync.Mutex // a leaf
	known  map[netip.Prefix]*address
	others address // all for whom there is no room
}

type address struct {
	bucket *rate.Limiter
	open   int
}

// Verdict is what Addresses says.
type Verdict uint8

// The verdicts.
const (
	// Allowed: go on.
	Allowed Verdict = iota
	// TooFast: the bucket is empty.
	TooFast
	// TooMany: too many are open.
	TooMany
)

// NewAddresses returns a table that knows nobody.
func NewAddresses(l Limits) *Addresses {
	a := &Addresses{limits: l, seed: maphash.MakeSeed()}
	for i := range a.shards {
		s := &a.shards[i]
		s.known = make(map[netip.Prefix]*address)
		s.others.bucket = rate.NewLimiter(rate.Limit(l.PerSecond*strangers/shardCount), l.Burst*strangers/shardCount)
	}
	return a
}

// Network is what an address counts as: itself, or for IPv6 its 64 bits. False means that it is not limited.
func (a *Addresses) Network(text string) (netip.Prefix, bool) {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, false
	}
	ip = ip.Unmap().WithZone("")
	if !a.limits.Private && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()) {
		return netip.Prefix{}, false
	}
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	p, err := ip.Prefix(bits)
	return p, err == nil
}

// Enter takes a token of an address and counts one that is open, until Leave. Otherwise wait is how long to
// wait for a token.
func (a *Addresses) Enter(text string) (v Verdict, wait time.Duration) {
	n, limited := a.Network(text)
	if !limited {
		return Allowed, 0
	}
	s := a.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	one := a.findLocked(s, n, now)
	most := a.limits.Open
	if one == &s.others {
		most *= strangers / shardCount
	}
	if a.limits.Open > 0 && one.open >= most {
		return TooMany, 0
	}
	if a.limits.PerSecond > 0 {
		r := one.bucket.ReserveN(now, 1)
		if d := r.DelayFrom(now); d > 0 {
			r.CancelAt(now)
			return TooFast, d
		}
	}
	one.open++
	return Allowed, 0
}

// Leave ends what Enter has counted.
func (a *Addresses) Leave(text string) {
	n, limited := a.Network(text)
	if !limited {
		return
	}
	s := a.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.known[n]
	if one == nil || one.open == 0 { // it came when there was no room
		one = &s.others
	}
	if one.open > 0 {
		one.open--
	}
}

// Known is how many addresses are known.
func (a *Addresses) Known() (n int) {
	for i := range a.shards {
		s := &a.shards[i]
		s.mu.Lock()
		n += len(s.known)
		s.mu.Unlock()
	}
	return n
}

func (a *Addresses) shard(n netip.Prefix) *addressShard {
	return &a.shards[maphash.Comparable(a.seed, n)%shardCount]
}

// findLocked returns the entry of an address, with a look at whether others can be forgotten.
func (a *Addresses) findLocked(s *addressShard, n netip.Prefix, now time.Time) *address {
	one := s.known[n]
	looked := 0
	for other, entry := range s.known { // in no order
		if looked++; looked > swept {
			break
		}
		if entry != one && entry.open == 0 && entry.bucket.TokensAt(now) >= float64(a.limits.Burst) {
			delete(s.known, other)
		}
	}
	if one != nil {
		return one
	}
	if len(s.known) >= max(a.limits.Most/shardCount, 1) {
		return &s.others
	}
	one = &address{bucket: rate.NewLimiter(rate.Limit(a.limits.PerSecond), a.limits.Burst)}
	s.known[n] = one
	return one
}
