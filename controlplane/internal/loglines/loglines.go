package loglines

import (
	"context"
	"log/slog"
	"sync"

	"golang.org/x/time/rate"
)

// A service that comes back all the time, or one whose envelopes are all wrong, writes at most so many lines of a
// kind. The burst is for a deploy of many instances.
const (
	linesPerSecond = 10
	linesBurst     = 100
)

// Lines writes lines that others can repeat as often as they like. Its zero value has no logger.
type Lines struct {
	log *slog.Logger

	mu    sync.Mutex // guards kinds; a leaf
	kinds map[string]*lineKind
}

// lineKind is what has become of the lines of one text.
type lineKind struct {
	bucket  *rate.Limiter
	leftOut int
}

// New returns a writer of lines to this log.
func New(log *slog.Logger) *Lines {
	return &Lines{log: log, kinds: map[string]*lineKind{}}
}

// Write writes a line, or counts it for the next one of its kind. The text is a constant.
func (l *Lines) Write(level slog.Level, text string, attrs ...any) {
	leftOut, ok := l.take(text)
	if !ok {
		return
	}
	if leftOut > 0 {
		attrs = append(attrs, "left_out", leftOut)
	}
	l.log.Log(context.Background(), level, text, attrs...)
}

func (l *Lines) take(text string) (leftOut int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kinds[text]
	if k == nil {
		k = &lineKind{bucket: rate.NewLimiter(linesPerSecond, linesBurst)}
		l.kinds[text] = k
	}
	if !k.bucket.Allow() {
		k.leftOut++
		return 0, false
	}
	leftOut, k.leftOut = k.leftOut, 0
	return leftOut, true
}
