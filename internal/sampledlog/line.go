package sampledlog

import (
	"log/slog"
	"sync"
	"time"
)

// Second is the period of most lines.
const Second = time.Second

// Line is one line of the log. It is safe for concurrent use; its lock is a leaf, and is not held while the line is
// written.
type Line struct {
	logger *slog.Logger
	period time.Duration

	mu      sync.Mutex // guards the fields below
	last    time.Time
	leftOut int
}

// New returns a line that is written once in a period at most.
func New(logger *slog.Logger, period time.Duration) *Line {
	return &Line{logger: logger, period: period}
}

// Warn writes the line at level Warn, or counts it for the next one, which then has it as left_out.
func (l *Line) Warn(message string, attrs ...any) {
	leftOut, due := l.take()
	if !due {
		return
	}
	if leftOut > 0 {
		attrs = append(attrs, "left_out", leftOut)
	}
	l.logger.Warn(message, attrs...)
}

func (l *Line) take() (leftOut int, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !l.last.IsZero() && now.Sub(l.last) < l.period {
		l.leftOut++
		return 0, false
	}
	leftOut, l.last, l.leftOut = l.leftOut, now, 0
	return leftOut, true
}
