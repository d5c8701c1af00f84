package loadgen

import (
	"context"
	"fmt"
)

// connects keeps some connects under way: open a session, join, leave.
type connects struct{ r *run }

func newConnects(r *run) connects { return connects{r} }

func (connects) prepare(*client, int) error { return nil }

func (s connects) start(ctx context.Context) {
	for range s.r.config.InFlight {
		s.r.spawn(func() {
			for ctx.Err() == nil {
				var began stamp
				began.set()
				c, err := s.r.dialer.dial(ctx)
				if err == nil {
					s.r.connected.Add(1)
					s.r.done(&began)
					err = c.leave()
				}
				if err != nil && ctx.Err() == nil {
					s.r.cancel(fmt.Errorf("connect: %w", err))
				}
			}
		})
	}
}
