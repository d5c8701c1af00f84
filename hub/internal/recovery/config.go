package recovery

import "time"

// Config says how much a Store keeps. All fields are required.
type Config struct {
	// MaxDuration is how long a session may be away.
	MaxDuration time.Duration
	// Detection is how long it may take until a browser's end is noticed: so much longer entries are kept.
	Detection time.Duration
	// Sessions is how many may be away.
	Sessions int
	// SessionBytes is what one of them may hold, without what it has brought along, LogBytes what one log may.
	SessionBytes, LogBytes int64
	// TotalBytes is what all may: half of it the logs, half the sessions that are away.
	TotalBytes int64
	// Hub is the id of this hub, where sessions are shared with others. Empty: they are not. It is the one field that may be.
	Hub string
	// Forgotten is told of a session that was away for too long. Nil: nobody is.
	Forgotten func(*Session)
	// Ended is told the private id of each session that ends before Close, with locks held. Nil: nobody is.
	Ended func(pid string)
	// Full is told that a bound was reached: the name is the field's in the configuration, such as `log_bytes`. Nil:
	// nobody is. It may be called with locks held, and calls nobody.
	Full func(limit string)
}

// The names of bounds, for Config.Full.
const (
	FullSessions     = "sessions"
	FullSessionBytes = "session_bytes"
	FullLogBytes     = "log_bytes"
	FullTotalBytes   = "total_bytes"
)

// full tells of a bound. It may be called with locks held.
func (c *Config) full(limit string) {
	if c.Full != nil {
		c.Full(limit)
	}
}
