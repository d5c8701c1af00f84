package engineio

import (
	"log/slog"
	"sync"
	"time"
)

// samplePeriod is how often a line that browsers can cause is written at most.
const samplePeriod = time.Second

// sampler writes warnings that a flood of requests could repeat: one for each period, and it says
// how many were left out.
type sampler struct {
	logger *slog.Logger
	period time.Duration // 0: samplePeriod

	mu      sync.Mutex // guards the fields below
	last    time.Time
	skipped int
}

func (s *sampler) warn(message string, args ...any) {
	s.mu.Lock()
	now, period := time.Now(), s.period
	if period == 0 {
		period = samplePeriod
	}
	if !s.last.IsZero() && now.Sub(s.last) < period {
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
