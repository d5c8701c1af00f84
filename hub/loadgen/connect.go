package loadgen

import (
	"context"
	"sync"
	"time"
)

// connects has some connects under way: open a session, join, leave.
type connects struct {
	r *run
	// slots are the connects that may still be started, at a fixed rate.
	slots chan struct{}

	mu sync.Mutex // guards pending
	// pending is when each connect that is under way began.
	pending map[*stamp]struct{}
}

func newConnects(r *run) *connects {
	return &connects{r: r, slots: make(chan struct{}, r.config.InFlight), pending: map[*stamp]struct{}{}}
}

func (*connects) prepare(*client) error { return nil }

func (*connects) lost(*client) {}

func (s *connects) start(ctx context.Context) {
	if s.r.config.closedLoop() {
		for range s.r.config.InFlight {
			s.r.spawn(func() {
				for ctx.Err() == nil {
					if !s.connect(ctx, now()) {
						_ = wait(ctx, pauseAfterFailure)
					}
				}
			})
		}
		return
	}
	s.r.pace(ctx, func(due time.Duration) bool {
		select {
		case s.slots <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		s.r.spawn(func() {
			s.connect(ctx, due)
			<-s.slots
		})
		return true
	})
}

// pauseAfterFailure prevents a busy loop on a server that is not there.
const pauseAfterFailure = 100 * time.Millisecond

// connect does it once, and reports whether it went well.
func (s *connects) connect(ctx context.Context, at time.Duration) bool {
	began := new(stamp)
	began.set(at)
	s.mu.Lock()
	s.pending[began] = struct{}{}
	s.mu.Unlock()
	index := int(s.r.started.Add(1) - 1)
	c, err := s.r.dialer.dial(ctx, index)
	s.mu.Lock()
	delete(s.pending, began)
	s.mu.Unlock()
	if err == nil {
		s.r.connected.Add(1)
		s.r.done(began)
		stop := context.AfterFunc(ctx, c.close)
		err = c.leave()
		stop()
	}
	if err != nil && ctx.Err() == nil {
		s.r.failed(kindConnect, err)
	}
	return err == nil
}

func (s *connects) underWay(visit func(began *stamp, count int64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for began := range s.pending {
		visit(began, 1)
	}
}
