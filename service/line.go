package service

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service/internal/results"
)

// line is the way to the hub for commands: the current attachment while it has a
// stream, otherwise waiting for the next.
type line struct {
	timeout time.Duration   // for waiting without a deadline
	done    <-chan struct{} // closed when there will be no more streams
	current atomic.Pointer[link]

	mu      sync.Mutex    // guards changed
	changed chan struct{} // closed and replaced when current changes
}

// link is an attachment with the connection of its stream.
type link struct {
	att  *attachment
	conn grpc.ClientConnInterface
}

func newLine(timeout time.Duration, done <-chan struct{}) *line {
	return &line{timeout: timeout, done: done, changed: make(chan struct{})}
}

// set puts an attachment in place, or none.
func (l *line) set(a *attachment, conn grpc.ClientConnInterface) {
	var current *link
	if a != nil {
		current = &link{a, conn}
	}
	l.current.Store(current)
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
}

// await returns the current attachment, or waits for one: until ctx ends, or without a
// deadline of its own for the timeout, which zero makes endless.
func (l *line) await(ctx context.Context, timeout time.Duration) (*attachment, grpc.ClientConnInterface, error) {
	if now := l.current.Load(); now != nil {
		return now.att, now.conn, nil
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
		if now := l.current.Load(); now != nil {
			return now.att, now.conn, nil
		}
		select {
		case <-changed:
		case <-l.done:
			return nil, nil, ErrClosed
		case <-ctx.Done():
			return nil, nil, &waitError{context.Cause(ctx)}
		}
	}
}

// route finds the attachment for a command: that of the delivery when ctx is its
// handler's, otherwise the current one, waited for.
func (l *line) route(ctx context.Context) (*attachment, *work, error) {
	if w := workOf(ctx); w != nil && w.att != nil && w.svc.line == l {
		if err := w.cause(); err != nil {
			return nil, nil, err
		}
		return w.att, w, nil
	}
	a, _, err := l.await(ctx, l.timeout)
	return a, nil, err
}

// queue hands a command to an attachment. Without a delivery it goes to the next one
// when it ends before the command was taken.
func (l *line) queue(ctx context.Context, a *hubv1.Action, size int) error {
	for {
		att, w, err := l.route(ctx)
		if err != nil {
			return err
		}
		if err := att.fits(size); err != nil {
			return err
		}
		fence(ctx, a.GetCommand(), w)
		if err = att.out.command(ctx, a, size); !errors.Is(err, results.ErrEnded) {
			return err
		}
		if err := att.over(l, w); err != nil {
			return err
		}
	}
}

// over is what a command comes to that an attachment did not take: the error of a
// handler's, nil for one that may go to the next attachment.
func (a *attachment) over(l *line, w *work) error {
	select {
	case <-l.done:
		return ErrClosed
	default:
	}
	if w == nil {
		if a.svc.life.isClosing() {
			return ErrClosed
		}
		return nil
	}
	if err := w.cause(); err != nil {
		return err
	}
	return ErrLeaseLost
}

// fence ties a command to the delivery in whose handler it was made, and gives it the
// trace context of ctx.
func fence(ctx context.Context, c *hubv1.Command, w *work) {
	c.DeliverySeq = 0
	if w != nil && !w.settled.Load() {
		c.DeliverySeq = w.delivery.GetDeliverySeq()
	}
	c.Traceparent, c.Tracestate = TraceContext(ctx)
}

// do queues a command and waits for its last result.
func (l *line) do(ctx context.Context, a *hubv1.Action, size int) (*hubv1.Result, error) {
	r, _, err := l.doAll(ctx, a, size)
	return r, err
}

// doAll is do for a command with several results: parts are those before the last.
func (l *line) doAll(ctx context.Context, a *hubv1.Action, size int) (last *hubv1.Result, parts []*hubv1.Result, err error) {
	for {
		att, w, err := l.route(ctx)
		if err != nil {
			return nil, nil, err
		}
		if err := att.fits(size); err != nil {
			return nil, nil, err
		}
		fence(ctx, a.GetCommand(), w)
		last, parts, err := att.do(ctx, a, size)
		switch {
		case errors.Is(err, results.ErrEnded):
			if err := att.over(l, w); err != nil {
				return nil, nil, err
			}
			continue
		case errors.Is(err, ErrOutcomeUnknown) && w != nil && w.cause() != nil:
			err = w.cause()
		}
		return last, parts, err
	}
}

// fits reports whether the hub takes something of this size.
func (a *attachment) fits(size int) error {
	if size > a.maxEnvelope {
		return fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, size, a.maxEnvelope)
	}
	return nil
}

// do queues a command and waits for its last result. results.ErrEnded says that it was not
// taken.
func (a *attachment) do(ctx context.Context, action *hubv1.Action, size int) (*hubv1.Result, []*hubv1.Result, error) {
	id, place, err := a.results.Reserve(ctx)
	switch {
	case errors.Is(err, results.ErrEnded):
		return nil, nil, err
	case err != nil:
		return nil, nil, &waitError{err}
	}
	action.GetCommand().CommandId = id
	if err = a.out.command(ctx, action, size); err != nil {
		a.results.Release(id)
		return nil, nil, err
	}
	select {
	case r := <-place.Last():
		return r, place.Parts(), asError(statusError(r.GetStatus()))
	case <-ctx.Done():
		a.results.Abandon(place)
		return nil, nil, fmt.Errorf("service: waiting for the result: %w", context.Cause(ctx))
	case <-a.results.Ended():
	}
	select {
	case r := <-place.Last(): // it came just before the end
		return r, place.Parts(), asError(statusError(r.GetStatus()))
	default:
		return nil, nil, ErrOutcomeUnknown
	}
}
