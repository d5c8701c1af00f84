package rates

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	shardCount = 16
	// strangers is how many times the rate those addresses share for which there is no room.
	strangers = 100
	// swept is how many others each call looks at, whether they can be forgotten.
	swept = 2
)

// Limits of Addresses.
type Limits struct {
	// PerSecond and Burst are those of the bucket of each address. Zero PerSecond means no limit.
	PerSecond float64
	Burst     int
	// Patience is how long before its time a token may be taken. Enter then says how long to wait.
	Patience time.Duration
	// Open is how many each address may have open. Zero means no limit.
	Open int
	// Most is how many addresses are known at a time.
	Most int
	// Private limits loopback and private addresses as well.
	Private bool
}

// Addresses limits by address. All methods may be called at the same time.
type Addresses struct {
	limits       Limits
	token, ahead time.Duration // what one costs, and how much time Burst of them is
	start        time.Time     // of the buckets' clock
	seed         maphash.Seed
	shards       [shardCount]addressShard
}

type addressShard struct {
	mu     sync.Mutex // a leaf
	known  map[Network]address
	others address // all for whom there is no room
}

// address is 16 bytes, where a rate.Limiter of golang.org/x/time has 80: each browser may have one.
type address struct {
	meter Meter
	open  int32
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
	a := &Addresses{limits: l, start: time.Now(), seed: maphash.MakeSeed()}
	if l.PerSecond > 0 {
		a.token = max(1, time.Duration(float64(time.Second)/l.PerSecond))
		a.ahead = time.Duration(max(l.Burst, 1)) * a.token
	}
	for i := range a.shards {
		a.shards[i].known = make(map[Network]address)
	}
	return a
}

// Enter takes a token of an address and counts one that is open, until Leave. Where it is allowed, wait is how long it
// has to wait for its token, else how long for the next one.
func (a *Addresses) Enter(n Network) (v Verdict, wait time.Duration) {
	if n == Unlimited {
		return Allowed, 0
	}
	s := a.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Since(a.start)
	one, room := a.findLocked(s, n, now)
	token, most := a.token, a.limits.Open
	if !room {
		token, most = token*shardCount/strangers, most*strangers/shardCount
	}
	if a.limits.Open > 0 && int(one.open) >= most {
		return TooMany, 0
	}
	meter := one.meter
	if wait = meter.Add(token, now, a.ahead); a.token > 0 && wait > a.limits.Patience {
		return TooFast, wait
	}
	one = address{meter: meter, open: one.open + 1}
	if room {
		s.known[n] = one
	} else {
		s.others = one
	}
	return Allowed, wait
}

// Leave ends what Enter has counted.
func (a *Addresses) Leave(n Network) {
	if n == Unlimited {
		return
	}
	s := a.shard(n)
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.known[n]; one.open > 0 {
		one.open--
		s.known[n] = one
	} else if s.others.open > 0 { // it came when there was no room
		s.others.open--
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

func (a *Addresses) shard(n Network) *addressShard {
	return &a.shards[maphash.Comparable(a.seed, n)%shardCount]
}

// findLocked returns what is known of an address, with a look at whether others can be forgotten. False: there is no room
// for it.
func (a *Addresses) findLocked(s *addressShard, n Network, now time.Duration) (address, bool) {
	one, known := s.known[n]
	looked := 0
	for other, entry := range s.known { // in no order
		if looked++; looked > swept {
			break
		}
		if other != n && entry.open == 0 && time.Duration(entry.meter) <= now {
			delete(s.known, other)
		}
	}
	if !known && len(s.known) >= max(a.limits.Most/shardCount, 1) {
		return s.others, false
	}
	return one, true
}
