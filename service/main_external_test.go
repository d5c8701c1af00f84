package service_test

import (
	"runtime"
	"strings"
	"sync"
)

// panicExit ends the goroutine of a handler as testing's FailNow does.
func panicExit() { runtime.Goexit() }

// lockedBuffer is a log that a test reads while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *lockedBuffer) count(what string) int { return strings.Count(b.String(), what) }
