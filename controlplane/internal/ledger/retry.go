package ledger

import "time"

// Limits of a retry that a service asks for.
const (
	// MaxTries is how often a delivery is handed over in all when it is nacked.
	MaxTries = 5
	// MaxRetryDelay is the longest time until the next try.
	MaxRetryDelay = 30 * time.Second
)

// NextTry says when a nacked delivery is due again, and false when it was tried
// often enough.
func NextTry(now time.Time, attempt uint32, delay time.Duration) (due time.Time, again bool) {
	if attempt >= MaxTries {
		return time.Time{}, false
	}
	return now.Add(min(max(delay, 0), MaxRetryDelay)), true
}

// Expired reports whether what waits since a time has waited for longer than age.
// What does not wait (a zero time) does not expire.
func Expired(now, since time.Time, age time.Duration) bool {
	return !since.IsZero() && now.Sub(since) >= age
}
