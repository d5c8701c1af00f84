package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// line is the way to the hub for commands: the current stream while there is one,
// otherwise waiting for the next.
type line struct {
	timeout time.Duration   // for waiting without a deadline
	done    <-chan struct{} // closed when there will be no more streams
	current atomic.Pointer[stream]

	mu      sync.Mutex    // guards changed
	changed chan struct{} // closed and replaced when current changes
}

func newLine(timeout time.Duration, done <-chan struct{}) *line {
	return &line{timeout: timeout, done: done, changed: make(chan struct{})}
}

// set puts a stream in place, or none.
func (l *line) set(st *stream) {
	l.current.Store(st)
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
}

// await returns the current stream, or waits for one: until ctx ends, or without a
// deadline of its own for the timeout, which zero makes endless.
func (l *line) await(ctx context.Context, timeout time.Duration) (*stream, error) {
	if st := l.current.Load(); st != nil {
		return st, nil
	}
	if _, ok := ctx.Deadline(); !ok && timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		if st := l.current.Load(); st != nil {
			return st, nil
		}
		select {
		case <-changed:
		case <-l.done:
			return nil, ErrClosed
		case <-ctx.Done():
			return nil, &waitError{context.Cause(ctx)}
		}
	}
}

// route finds the stream for a command: that of the delivery when ctx is its
// handler's, otherwise the current one, waited for.
func (l *line) route(ctx context.Context) (*stream, *work, error) {
	if w := workOf(ctx); w != nil && w.stream.svc.line == l {
		if w.Err() != nil {
			return nil, nil, context.Cause(w.Context)
		}
		return w.stream, w, nil
	}
	st, err := l.await(ctx, l.timeout)
	return st, nil, err
}

// queue hands a command to a stream. Without a delivery it goes to the next stream
// when one ends before it was taken.
func (l *line) queue(ctx context.Context, a *hubv1.Action, size int) error {
	for {
		st, w, err := l.route(ctx)
		if err != nil {
			return err
		}
		if err := st.fits(size); err != nil {
			return err
		}
		err = st.out.command(ctx, a, size, w)
		if w != nil || !errors.Is(err, ErrLeaseLost) {
			return err
		}
	}
}

// do queues a command and waits for its result.
func (l *line) do(ctx context.Context, a *hubv1.Action, size int) (*hubv1.Result, error) {
	for {
		st, w, err := l.route(ctx)
		if err != nil {
			return nil, err
		}
		if err := st.fits(size); err != nil {
			return nil, err
		}
		result, err := st.do(ctx, a, size, w)
		if w != nil || !errors.Is(err, errNotSent) {
			return result, err
		}
	}
}

// fits reports whether the hub takes something of this size.
func (st *stream) fits(size int) error {
	if size > st.maxEnvelope {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, st.maxEnvelope)
	}
	return nil
}

// errNotSent says that the stream ended before the command was taken.
var errNotSent = errors.New("service: not sent")

func (st *stream) do(ctx context.Context, a *hubv1.Action, size int, w *work) (*hubv1.Result, error) {
	id, result, err := st.results.reserve(ctx)
	if err == nil {
		a.GetCommand().CommandId = id
		if err = st.out.command(ctx, a, size, w); err != nil {
			st.results.release(id)
		}
	}
	if err != nil {
		return nil, notSent(err, w)
	}
	select {
	case r := <-result:
		return r, asError(statusError(r.GetStatus()))
	case <-ctx.Done():
		return nil, fmt.Errorf("service: waiting for the result: %w", context.Cause(ctx))
	case <-st.results.ended:
	}
	select {
	case r := <-result: // it came just before the end
		return r, asError(statusError(r.GetStatus()))
	default:
	}
	if w != nil {
		return nil, context.Cause(w.Context)
	}
	return nil, ErrOutcomeUnknown
}

// notSent is the error of a command that did not leave. A handler's is its
// lease's; any other may go to the next stream.
func notSent(err error, w *work) error {
	switch ended := errors.Is(err, errEnded) || errors.Is(err, ErrLeaseLost); {
	case !ended:
		return err
	case w == nil:
		return errNotSent
	}
	return ErrLeaseLost
}
