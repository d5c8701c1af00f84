package loadgen

import (
	"bytes"
	"context"
	"sync/atomic"
)

// fanout lets the first connection broadcast, in bursts; the next burst starts when
// the last one has arrived everywhere.
type fanout struct {
	r       *run
	message []byte
	// began is the time of the burst that is under way, left how many deliveries are
	// to come, and arrived wakes the sender when there are none.
	began   stamp
	left    atomic.Int64
	arrived chan struct{}
}

func newFanout(r *run) *fanout {
	return &fanout{
		r: r, message: event(0, "broadcast", data(r.config.PayloadBytes)), arrived: make(chan struct{}, 1),
	}
}

var broadcastHead = []byte(`2["broadcast"`)

func (f *fanout) prepare(c *client, _ int) error {
	c.take = func(_ *client, packet []byte) {
		if !bytes.HasPrefix(packet, broadcastHead) {
			return
		}
		f.r.done(&f.began)
		if f.left.Add(-1) == 0 {
			f.arrived <- struct{}{}
		}
	}
	return nil
}

func (f *fanout) start(ctx context.Context) {
	f.r.spawn(func() {
		for ctx.Err() == nil {
			f.began.set()
			f.left.Store(int64(len(f.r.clients) * f.r.config.Burst))
			for range f.r.config.Burst {
				_ = f.r.clients[0].send(f.message) // an error shows in the reader
			}
			select {
			case <-f.arrived:
			case <-ctx.Done():
			}
		}
	})
}
