package service

import (
	"context"
	"sync"
)

// life is from New to the end of Run.
type life struct {
	closing context.Context    // ends when Close begins
	close   context.CancelFunc // begins it
	done    chan struct{}      // closed when Run has ended
	base    context.Context    // of all handlers; set when Run begins

	mu      sync.Mutex // guards the fields below
	started bool
	closed  bool                    // closing has ended
	abort   context.CancelCauseFunc // set when Run begins
}

func newLife() *life {
	closing, begin := context.WithCancel(context.Background())
	return &life{closing: closing, close: begin, done: make(chan struct{})}
}

func (l *life) isClosing() bool { return l.closing.Err() != nil }

// begin claims the one run that a Service has.
func (l *life) begin(base context.Context, abort context.CancelCauseFunc) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.started || l.closed {
		return ErrClosed
	}
	l.started = true
	l.base, l.abort = base, abort
	return nil
}

func (l *life) end() {
	l.beginClose()
	close(l.done)
}

// beginClose tells everybody to come to an end, once. It reports whether there is
// a run that will.
func (l *life) beginClose() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.close()
		if !l.started {
			close(l.done) // there will be no run; commands need not wait for one
		}
	}
	return l.started
}

func (l *life) abortNow() {
	l.mu.Lock()
	abort := l.abort
	l.mu.Unlock()
	if abort != nil {
		abort(ErrClosed)
	}
}
