package descriptors

import (
	"log/slog"
	"sync"
	"time"
)

// samplePeriod is how often a warning is written at most.
const samplePeriod = time.Second

// sampler writes a warning that many connections cause once in a period, and says how many it
// left out.
type sampler struct {
	logger *slog.Logger

	mu      sync.Mutex // guards the fields below
	last    time.Time
	skipped int
}

func (s *sampler) warn(message string, args ...any) {
	s.mu.Lock()
	now := time.Now()
	if !s.last.IsZero() && now.Sub(s.last) < samplePeriod {
		s.skipped++
		s.mu.Unlock()
		return
	}
	skipped := s.skipped
	s.last, s.skipped = now, 0
	s.mu.Unlock()
	if skipped > 0 {
		args = append(args, "left_out", skipped)
	}
	s.logger.Warn(message, args...)
}
