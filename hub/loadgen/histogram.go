package loadgen

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// stamp is a moment that one goroutine sets and another reads: a packet went to the
// server in between, which the memory model does not know of. Zero means none.
type stamp struct{ at atomic.Int64 }

var epoch = time.Now()

// now is the time since the program began, never zero.
func now() time.Duration { return time.Since(epoch) + 1 }

func (s *stamp) set(at time.Duration) { s.at.Store(int64(at)) }

func (s *stamp) get() time.Duration { return time.Duration(s.at.Load()) }

func (s *stamp) clear() { s.at.Store(0) }

func (s *stamp) isSet() bool { return s.at.Load() != 0 }

func (s *stamp) age() time.Duration { return now() - s.get() }

// histogram counts durations in buckets that are at most 1/32 wide of their value.
// The zero value is empty; it may be used at the same time.
type histogram struct {
	buckets [64 * subBuckets]atomic.Int64
	max     atomic.Int64
}

// subBuckets is how many buckets a power of two has.
const subBuckets = 32

// record counts one duration.
func (h *histogram) record(d time.Duration) {
	h.buckets[bucket(d)].Add(1)
	for old := h.max.Load(); int64(d) > old && !h.max.CompareAndSwap(old, int64(d)); old = h.max.Load() {
	}
}

// recordWhile counts one duration if the flag is set.
func (h *histogram) recordWhile(measuring *atomic.Bool, d time.Duration) {
	if measuring.Load() {
		h.record(d)
	}
}

// bucket gives small values a bucket each, and larger ones one by their highest six
// bits.
func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	if v < 2*subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - 6
	return shift*subBuckets + int(v>>shift)
}

// lower is the smallest value of a bucket.
func lower(i int) time.Duration {
	if i < 2*subBuckets {
		return time.Duration(i)
	}
	shift := i/subBuckets - 1
	return time.Duration(uint64(i-shift*subBuckets) << shift)
}

// latency sums up.
func (h *histogram) latency() Latency {
	var total int64
	for i := range h.buckets {
		total += h.buckets[i].Load()
	}
	at := func(q float64) time.Duration {
		rank := int64(q * float64(total))
		for i := range h.buckets {
			if rank -= h.buckets[i].Load(); rank < 0 {
				return lower(i)
			}
		}
		return time.Duration(h.max.Load())
	}
	if total == 0 {
		return Latency{}
	}
	return Latency{P50: at(0.5), P90: at(0.9), P99: at(0.99), P999: at(0.999), Max: time.Duration(h.max.Load())}
}
