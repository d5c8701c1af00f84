package turns

import "time"

// usage is a time that halves with each term that passes.
type usage struct {
	time time.Duration
	term int64
}

// term is 537 ms, as a power of two of nanoseconds: long enough that whoever has to wait
// for a long action of each other seat is not taken for somebody who wants little.
const term = 29

func (u *usage) at(now time.Duration) time.Duration {
	if n := int64(now)>>term - u.term; n > 0 {
		u.time >>= min(n, 63)
		u.term += n
	}
	return u.time
}

// always is the usage of one who has worked all the time.
func always(now time.Duration) time.Duration { return 1<<term + now&(1<<term-1) }

func (u *usage) add(now, d time.Duration) { u.time = u.at(now) + d }
