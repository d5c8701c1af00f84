package ledger

import "time"

// Limits of a retry.
const (
	// MaxTries is how often a delivery is handed over in all when it is nacked or not
	// settled in time.
	MaxTries = 5
	// MaxRetryDelay is the longest delay that a service may ask for.
	MaxRetryDelay = 30 * time.Second
	// FirstSpacing is the time until the second try when the service names no delay. It
	// doubles from try to try, up to MaxSpacing.
	FirstSpacing = 100 * time.Millisecond
	// MaxSpacing is the longest time between two tries without a delay.
	MaxSpacing = 10 * time.Second
)

// jitter is the part of a spacing that chance adds to it at most.
const jitter = 0.25

// NextTry says how long a delivery waits of which that many tries came to nothing, and
// false when it was tried often enough. Delay is what the service asked for; zero or less
// means a Spacing. Random is as for Spacing.
func NextTry(tries int, delay time.Duration, random func() float64) (wait time.Duration, again bool) {
	switch {
	case tries >= MaxTries:
		return 0, false
	case delay <= 0:
		return Spacing(tries, random), true
	}
	return min(delay, MaxRetryDelay), true
}

// Spacing is the time from the n-th try that came to nothing until the next one: 100 ms,
// doubling to 10 s, and up to a quarter more. Random returns numbers from 0 to less than 1.
func Spacing(n int, random func() float64) time.Duration {
	d := min(FirstSpacing<<min(max(n-1, 0), 10), MaxSpacing)
	return d + time.Duration(jitter*random()*float64(d))
}
