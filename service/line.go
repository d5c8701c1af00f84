package service

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
	"github.com/siohub/siohub/service/internal/results"
)

// line is the way to the hubs for commands. Those of a handler go over the stream on which
// its delivery came. All others go to one hub, home, which is the first that is there and
// stays home until its stream ends; but what is for sockets of one other hub alone goes to
// that one, and what has an idempotency key to where a command with the same key went.
type line struct {
	timeout time.Duration   // for waiting without a deadline
	done    <-chan struct{} // closed when there will be no more streams
	home    atomic.Pointer[route]
	several atomic.Bool // more than one stream is open
	keys    keys

	mu      sync.Mutex    // guards the fields below
	open    []*route      // in the order in which they opened
	away    []*attachment // suspended, and may have commands that have not left
	changed chan struct{} // closed and replaced when a stream opens or ends
}

// route is an attachment with the connection of its stream.
type route struct {
	att  *attachment
	conn grpc.ClientConnInterface
}

func newLine(timeout time.Duration, done <-chan struct{}) *line {
	return &line{timeout: timeout, done: done, changed: make(chan struct{})}
}

// begin opens a route. Commands that wait for a hub that is away take it.
func (l *line) begin(a *attachment, conn grpc.ClientConnInterface) {
	a.open.Store(true)
	l.mu.Lock()
	l.open = append(l.open, &route{a, conn})
	l.away = slices.DeleteFunc(l.away, func(other *attachment) bool { return other == a || other.ctx.Err() != nil })
	away := slices.Clone(l.away)
	l.changedLocked()
	l.mu.Unlock()
	for _, other := range away {
		l.moveFrom(other)
	}
}

// end closes the route of an attachment, which may come back. What has not left goes to
// another hub, if one is there.
func (l *line) end(a *attachment) {
	a.open.Store(false)
	l.mu.Lock()
	l.open = slices.DeleteFunc(l.open, func(r *route) bool { return r.att == a })
	l.away = append(slices.DeleteFunc(l.away, func(other *attachment) bool { return other.ctx.Err() != nil }), a)
	l.changedLocked()
	l.mu.Unlock()
	l.moveFrom(a)
}

// changedLocked finds a home, and wakes who waits for one.
func (l *line) changedLocked() {
	if home := l.home.Load(); home == nil || !slices.Contains(l.open, home) {
		home = nil
		if len(l.open) > 0 {
			home = l.open[0]
		}
		l.home.Store(home)
	}
	l.several.Store(len(l.open) > 1)
	close(l.changed)
	l.changed = make(chan struct{})
}

// to is the route to a hub, nil while there is none.
func (l *line) to(hub string) *route {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.open {
		if r.att.peer.hubID == hub {
			return r
		}
	}
	return nil
}

// all are the routes that are open.
func (l *line) all() []*route {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.open)
}

// moveFrom gives commands that have not left to another hub. Those of handlers stay, for
// they belong to their deliveries, and those with an idempotency key, for only this hub
// may know it.
func (l *line) moveFrom(a *attachment) {
	home := l.home.Load()
	if home == nil || home.att == a || a.open.Load() {
		return
	}
	lost := 0
	for _, action := range a.out.takeBack() {
		if id := action.GetCommand().GetCommandId(); id != 0 {
			a.results.Return(id) // its caller finds the other hub
		} else if !home.att.out.control(action, proto.Size(action)) {
			lost++
		}
	}
	a.svc.commandsLost(lost)
}

// await returns home, or waits for it: until ctx ends, or without a deadline of its own
// for the timeout, which zero makes endless.
func (l *line) await(ctx context.Context, timeout time.Duration) (*route, error) {
	if home := l.home.Load(); home != nil {
		return home, nil
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
		if home := l.home.Load(); home != nil {
			return home, nil
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

// pick finds the attachment for a command: that of the delivery when ctx is its
// handler's, otherwise by what line says. at is the hub of all sockets that it is for,
// empty where there is none.
func (l *line) pick(ctx context.Context, key, at string) (*attachment, *work, error) {
	if w := workOf(ctx); w != nil && w.att != nil && w.svc.line == l {
		if err := w.cause(); err != nil {
			return nil, nil, err
		}
		return w.att, w, nil
	}
	home, err := l.await(ctx, l.timeout)
	if err != nil {
		return nil, nil, err
	}
	if hub := l.keys.at(key); hub != "" {
		if r := l.to(hub); r != nil {
			return r.att, nil, nil
		}
		return nil, nil, ErrOutcomeUnknown // only that hub knows whether it was carried out
	}
	if at != "" && at != home.att.peer.hubID {
		if r := l.to(at); r != nil {
			return r.att, nil, nil
		}
	}
	return home.att, nil, nil
}

// queue hands a command to an attachment. Without a delivery it goes to another one when
// that ends before the command was taken.
func (l *line) queue(ctx context.Context, a *hubv1.Action, size int, at string) error {
	key := a.GetCommand().GetIdempotencyKey()
	for {
		att, w, err := l.pick(ctx, key, at)
		if err != nil {
			return err
		}
		if err := att.fits(size); err != nil {
			return err
		}
		fence(ctx, a.GetCommand(), w)
		err = att.out.command(ctx, a, size)
		if err == nil {
			l.keys.put(key, att.peer.hubID)
			l.rescue(att, w)
			return nil
		}
		if !errors.Is(err, results.ErrEnded) {
			return err
		}
		if err := att.over(l, w); err != nil {
			return err
		}
	}
}

// rescue moves a command that was queued just as the stream ended.
func (l *line) rescue(a *attachment, w *work) {
	if w == nil && !a.open.Load() {
		l.moveFrom(a)
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
