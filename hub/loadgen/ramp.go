package loadgen

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// connecting is how many connections are made at a time, and connectingPaced how
	// many at most where a rate says when each is due.
	connecting      = 16
	connectingPaced = 256
	// hopeless is how many connects may fail, when none went well, before a run is
	// given up.
	hopeless = 100
)

// connect makes the connections, each with its reader. It fails when there is none.
func (r *run) connect(ctx context.Context) error {
	r.phase.Store(Connecting)
	if r.config.Scenario == Connect {
		return nil
	}
	all := make([]*client, r.config.Connections)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(r.connecting(), len(all)) {
		wg.Go(func() {
			for i := int(next.Add(1) - 1); i < len(all) && r.due(ctx, i); i = int(next.Add(1) - 1) {
				all[i] = r.connectOne(ctx, i)
			}
		})
	}
	wg.Wait()
	r.clients = slices.DeleteFunc(all, func(c *client) bool { return c == nil })
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("nothing was measured, %d of %d connections were made: %w",
			len(r.clients), len(all), context.Cause(ctx))
	}
	if len(r.clients) == 0 {
		return fmt.Errorf("no connection was made; the first: %w", r.failures.first)
	}
	return nil
}

func (r *run) connecting() int {
	if r.config.ConnectRate > 0 {
		return connectingPaced
	}
	return connecting
}

// due waits for the moment of a connection.
func (r *run) due(ctx context.Context, i int) bool {
	if r.connected.Load() == 0 && r.failures.count() >= hopeless {
		return false
	}
	if r.config.ConnectRate == 0 {
		return ctx.Err() == nil
	}
	at := r.began + time.Duration(float64(i)/r.config.ConnectRate*float64(time.Second))
	return wait(ctx, max(0, at-now())) == nil && ctx.Err() == nil
}

// connectOne makes a connection and starts its reader; nil when that failed.
func (r *run) connectOne(ctx context.Context, i int) *client {
	c, err := r.dialer.dial(ctx, i)
	if err == nil {
		if err = r.scenario.prepare(c); err != nil {
			c.close()
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			r.failed(kindConnect, err)
		}
		return nil
	}
	r.connected.Add(1)
	r.live.Add(1)
	r.spawn(func() {
		err := c.read()
		c.close()
		c.ended.Store(true)
		if ctx.Err() != nil {
			return // it is close that ended it
		}
		r.failed(kindDisconnect, err)
		r.scenario.lost(c)
		// While others are still being made it is not known that none is left.
		if r.live.Add(-1) == 0 && r.phase.Load() != Connecting {
			r.cancel(errNoConnections)
		}
	})
	return c
}
