package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/service"
)

// order is a line that asks for operations, as `make bench-cluster` writes them to this
// program and to bench/node/cluster.mjs.
type order struct {
	// Op is `rooms`, `all`, `sockets` (an emit to each of the targets in turn, or to
	// everybody), `fetch` (the sockets of a room), or `ready`: it waits for Servers hubs.
	Op      string   `json:"op"`
	Targets []string `json:"targets"`
	// Rate is how many are begun in a second, in ticks of a millisecond, and Count how
	// many in all.
	Rate    float64 `json:"rate"`
	Count   int     `json:"count"`
	Servers int     `json:"servers"`
	Data    string  `json:"data"`
}

// outcome is the answer, once everything that was begun is over.
type outcome struct {
	Failed  int64  `json:"failed"`
	Sockets int64  `json:"sockets"` // that were fetched
	Error   string `json:"error,omitempty"`
}

// inFlight is how many fetches are under way at most.
const inFlight = 256

// drive carries out orders until in ends.
func drive(ctx context.Context, svc *service.Service, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		var done outcome
		if o.Op == "ready" {
			if err := attached(ctx, svc, o.Servers); err != nil {
				done.Error = err.Error()
			}
		} else {
			done = o.carryOut(ctx, svc)
		}
		line, err := json.Marshal(done)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "%s\n", line); err != nil {
			return err
		}
	}
	return lines.Err()
}

// attached waits until there are streams to so many hubs.
func attached(ctx context.Context, svc *service.Service, hubs int) error {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		there := map[string]bool{}
		for _, h := range svc.Hubs() {
			if h.Attached {
				there[h.HubID] = h.Home
			}
		}
		if len(there) == hubs {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("attached to %d hubs, not %d", len(there), hubs)
		}
	}
}

// carryOut begins operations at the rate, and waits for them.
func (o order) carryOut(ctx context.Context, svc *service.Service) outcome {
	var failed, sockets atomic.Int64
	var fetches sync.WaitGroup
	slots := make(chan struct{}, inFlight)
	everybody := svc.In("/")
	one := func(i int) {
		var err error
		switch o.Op {
		case "all":
			err = everybody.All().Emit(ctx, "message", o.Data)
		case "rooms":
			err = everybody.To(o.Targets[i%len(o.Targets)]).Emit(ctx, "message", o.Data)
		case "sockets":
			err = everybody.Sockets(o.Targets[i%len(o.Targets)]).Emit(ctx, "message", o.Data)
		case "fetch":
			slots <- struct{}{}
			fetches.Go(func() {
				found, err := everybody.To(o.Targets[i%len(o.Targets)]).FetchSockets(ctx)
				sockets.Add(int64(len(found)))
				if <-slots; err != nil {
					failed.Add(1)
				}
			})
		default:
			err = fmt.Errorf("no such operation: %s", o.Op)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, o.Op, err)
			failed.Add(1)
		}
	}
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for begun, from := 0, time.Now(); begun < o.Count; <-ticker.C {
		for due := min(o.Count, int(time.Since(from).Seconds()*o.Rate)); begun < due; begun++ {
			one(begun)
		}
	}
	fetches.Wait()
	return outcome{Failed: failed.Load(), Sockets: sockets.Load()}
}
