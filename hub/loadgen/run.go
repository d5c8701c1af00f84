package loadgen

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// connecting is how many connections are made at a time.
const connecting = 16

// Run does what the configuration says, and returns once every connection is
// closed. It ends early, with an error, when the context ends, when a connection
// cannot be made, or when the server closes one.
func Run(ctx context.Context, config Config) (*Result, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	before, err := readUsages(config.PIDs)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{config: config, dialer: newDialer(config.URL), cancel: cancel}
	defer r.close()
	r.watch(ctx)
	result, err := r.run(ctx, before)
	if err != nil {
		return nil, fmt.Errorf("loadgen: %s: %w", config.Scenario, err)
	}
	return result, nil
}

// run is one call of Run.
type run struct {
	config Config
	dialer *dialer
	cancel context.CancelCauseFunc
	// clients are the connections of all scenarios but connect.
	clients []*client
	// goroutines are all that were started.
	goroutines sync.WaitGroup

	connected  atomic.Int64
	operations atomic.Int64
	// measuring is true between warm-up and end: only then latency is recorded.
	measuring atomic.Bool
	histogram histogram
}

// scenario is what the connections of a run do.
type scenario interface {
	// prepare readies the i-th connection before its reader starts: it sets take.
	prepare(c *client, i int) error
	// start sets the load going. It may start goroutines by r.spawn, which end with
	// the context.
	start(ctx context.Context)
}

func (r *run) scenario() scenario {
	switch r.config.Scenario {
	case Echo:
		return newEcho(r)
	case Fanout:
		return newFanout(r)
	case Room:
		return newRooms(r)
	case Connect:
		return newConnects(r)
	default:
		return idle{}
	}
}

func (r *run) run(ctx context.Context, before []usage) (*Result, error) {
	s := r.scenario()
	result := &Result{
		Scenario: r.config.Scenario, Connections: r.config.Connections, PayloadBytes: r.config.PayloadBytes,
	}
	began := time.Now()
	if err := r.connect(ctx, s); err != nil {
		return nil, err
	}
	result.Connects = time.Since(began)
	s.start(ctx)
	if err := wait(ctx, r.config.Warmup); err != nil {
		return nil, err
	}
	if err := r.measure(ctx, result, before); err != nil {
		return nil, err
	}
	return result, nil
}

// connect makes the connections, and starts their readers once all are there: a
// broadcast must find everybody.
func (r *run) connect(ctx context.Context, s scenario) error {
	if r.config.Scenario == Connect {
		return nil
	}
	r.clients = make([]*client, r.config.Connections)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(connecting, len(r.clients)) {
		wg.Go(func() {
			for i := int(next.Add(1) - 1); i < len(r.clients) && ctx.Err() == nil; i = int(next.Add(1) - 1) {
				c, err := r.dialer.dial(ctx)
				if err == nil {
					r.clients[i] = c
					err = s.prepare(c, i)
				}
				if err != nil {
					r.cancel(fmt.Errorf("connection %d: %w", i+1, err))
					return
				}
				r.connected.Add(1)
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	for _, c := range r.clients {
		r.spawn(func() { r.cancel(c.read()) })
	}
	return nil
}

// measure fills in the result.
func (r *run) measure(ctx context.Context, result *Result, before []usage) error {
	first, err := readUsages(r.config.PIDs)
	if err != nil {
		return err
	}
	began, operations := time.Now(), r.operations.Load()
	r.measuring.Store(true)
	if err := wait(ctx, r.config.Duration); err != nil {
		return err
	}
	r.measuring.Store(false)
	result.Operations = r.operations.Load() - operations
	result.Elapsed = time.Since(began)
	last, err := readUsages(r.config.PIDs)
	if err != nil {
		return err
	}
	result.Latency = r.histogram.latency()
	for i, pid := range r.config.PIDs {
		result.Processes = append(result.Processes, Process{
			PID: pid, CPU: last[i].cpu - first[i].cpu, RSSBefore: before[i].rss, RSSAfter: last[i].rss,
		})
	}
	return nil
}

// done counts an operation that began at that moment.
func (r *run) done(began *stamp) {
	r.operations.Add(1)
	if r.measuring.Load() {
		r.histogram.record(began.age())
	}
}

// spawn starts a goroutine that close waits for.
func (r *run) spawn(f func()) { r.goroutines.Go(f) }

// watch reports progress until the context ends.
func (r *run) watch(ctx context.Context) {
	if r.config.Progress == nil {
		return
	}
	r.spawn(func() {
		for wait(ctx, time.Second) == nil {
			r.config.Progress(Progress{Connected: int(r.connected.Load()), Operations: r.operations.Load()})
		}
	})
}

// close ends the connections and waits for every goroutine.
func (r *run) close() {
	r.cancel(errClosed)
	for _, c := range r.clients {
		if c != nil {
			c.conn.Close()
		}
	}
	r.goroutines.Wait()
}

// wait returns nil after d, or the cause once the context has ended.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
