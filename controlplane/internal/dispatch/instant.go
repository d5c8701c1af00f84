package dispatch

import "time"

// instant is a moment of the monotonic clock. Deliveries keep several of them, and
// taking one is on the hot path: a time.Time is three times as large, and reads two
// clocks. The zero instant is none, and before all others.
type instant int64

// start is what instants are counted from, and origin the instant of it: far from zero,
// because the virtual time of a test may lie decades before it.
var start = time.Now()

const origin instant = 1 << 62

// now is this moment.
func now() instant { return origin + instant(time.Since(start)) }

// instantOf converts a time. It goes by way of this moment, for start may belong to
// another clock than a test's virtual time.
func instantOf(t time.Time) instant {
	if t.IsZero() {
		return 0
	}
	return now().add(time.Until(t))
}

// add is the moment a while later.
func (t instant) add(d time.Duration) instant { return t + instant(d) }

// since is the time from u to t.
func (t instant) since(u instant) time.Duration { return time.Duration(t - u) }
