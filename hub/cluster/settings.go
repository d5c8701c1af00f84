package cluster

import (
	"fmt"
	"log/slog"
	"time"
)

// Settings are what all engines have in common. The zero value is usable.
type Settings struct {
	// RequestTimeout is how long a question waits for its answers that sets no time of its own. Default: 5 s; 100 ms to 10
	// min.
	RequestTimeout time.Duration
	// Expiry is the time after which a server that says nothing is lost. Default: 10 s; 3 s to 10 min.
	Expiry time.Duration
	// MaxMessage bounds one message between hubs, in bytes; what is larger is neither sent nor taken. Default: 8 MiB; 64 KiB
	// to 256 MiB.
	MaxMessage int
	// QueueBytes bounds what waits to be written to the engine. Default: 64 MiB; at least MaxMessage.
	QueueBytes int64
	// Trace is told what happens. It may be nil.
	Trace *Trace
	// Logger takes lines for the operator. Default: slog.Default().
	Logger *slog.Logger
}

// Defaults of Settings.
const (
	DefaultRequestTimeout = 5 * time.Second
	DefaultExpiry         = 10 * time.Second
	DefaultMaxMessage     = 8 << 20
	DefaultQueueBytes     = 64 << 20
)

// WithDefaults returns a copy in which what is zero has its default.
func (s Settings) WithDefaults() Settings {
	if s.RequestTimeout == 0 {
		s.RequestTimeout = DefaultRequestTimeout
	}
	if s.Expiry == 0 {
		s.Expiry = DefaultExpiry
	}
	if s.MaxMessage == 0 {
		s.MaxMessage = DefaultMaxMessage
	}
	if s.QueueBytes == 0 {
		s.QueueBytes = max(DefaultQueueBytes, int64(s.MaxMessage))
	}
	if s.Trace == nil {
		s.Trace = &Trace{}
	}
	if s.Logger == nil {
		s.Logger = slog.Default()
	}
	return s
}

// Validate returns an error that names the first setting that cannot be. It takes settings with their defaults.
func (s Settings) Validate() error {
	switch {
	case s.RequestTimeout < 100*time.Millisecond || s.RequestTimeout > 10*time.Minute:
		return fmt.Errorf("cluster.request_timeout: %v is not between 100ms and 10m", s.RequestTimeout)
	case s.Expiry < 3*time.Second || s.Expiry > 10*time.Minute:
		return fmt.Errorf("cluster.expiry: %v is not between 3s and 10m", s.Expiry)
	case s.MaxMessage < 64<<10 || s.MaxMessage > 256<<20:
		return fmt.Errorf("cluster.max_message: %d is not between 64KiB and 256MiB", s.MaxMessage)
	case s.QueueBytes < int64(s.MaxMessage):
		return fmt.Errorf("cluster.queue_bytes: %d is less than cluster.max_message (%d)", s.QueueBytes, s.MaxMessage)
	}
	return nil
}
