package loadgen

import (
	"context"
	"runtime"
	"time"
)

// pace starts an operation whenever one is due, until start returns false. When start
// had to wait, those that are late follow at once, each with the moment at which it
// was due: that is what their latency is counted from.
func (r *run) pace(ctx context.Context, start func(due time.Duration) bool) {
	r.spawn(func() {
		// The thread ends with the goroutine, and with it what punctual changes.
		runtime.LockOSThread()
		punctual()
		began := now()
		r.pacing.set(began)
		for n := int64(0); ; n++ {
			due := began + r.config.dueAfter(n)
			if sleepUntil(ctx, due) != nil || !start(due) {
				return
			}
			r.lag.recordWhile(&r.measuring, now()-due)
		}
	})
}

// dueAfter is when the n-th operation is due, from the first.
func (c Config) dueAfter(n int64) time.Duration {
	return time.Duration(float64(n) / c.Rate * float64(time.Second))
}

// dueBy is how many operations were due by a moment.
func (r *run) dueBy(at time.Duration) int64 {
	if !r.pacing.isSet() {
		return 0
	}
	return int64((at-r.pacing.get()).Seconds()*r.config.Rate) + 1
}

// sleepUntil waits for a moment: far off with the context, close by in a nap that
// nothing disturbs.
func sleepUntil(ctx context.Context, due time.Duration) error {
	const close = 20 * time.Millisecond
	for {
		left := due - now()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case left <= 0:
			return nil
		case left > close:
			if err := wait(ctx, left-close/2); err != nil {
				return err
			}
		default:
			nap(left)
		}
	}
}
