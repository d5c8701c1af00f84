package loadgen

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Run does what the configuration says, and returns once every connection is closed.
// A connection that cannot be made, or that the server ends, is counted, and the run
// goes on with the others; it ends early when none is left. When the context ends,
// what was measured so far is the result, which then is Interrupted.
//
// Beside the result stands a *TooManyErrors when there were more than
// Config.MaxErrors. Without a result the error says why nothing was measured: a
// *ConfigError where the configuration is at fault. Run may be called at the same
// time.
func Run(ctx context.Context, config Config) (*Result, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	if err := enoughFiles(config); err != nil {
		return nil, err
	}
	before, err := readUsages(config.PIDs)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r := &run{config: config, cancel: cancel, began: now()}
	r.dialer = &dialer{
		open:       transports[config.Transport](newEndpoint(config, r.spawn)),
		namespaces: config.Namespaces,
	}
	r.ended = ctx
	r.scenario = r.newScenario()
	defer r.close()
	r.watch(ctx)
	result, err := r.run(ctx, before)
	if err != nil {
		return nil, fmt.Errorf("loadgen: %s: %w", config.Scenario, err)
	}
	result.Errors = r.failures.list()
	if err := r.failures.exceed(config.MaxErrors); err != nil {
		return result, fmt.Errorf("loadgen: %s: %w", config.Scenario, err)
	}
	return result, nil
}

// run is one call of Run.
type run struct {
	config   Config
	dialer   *dialer
	scenario scenario
	cancel   context.CancelCauseFunc
	began    time.Duration
	ended    context.Context // ends with the run
	// clients are the connections of all scenarios but connect; set when all are there.
	clients []*client
	// goroutines are all that were started.
	goroutines sync.WaitGroup

	phase      atomic.Value // a Phase
	connected  atomic.Int64 // connects that went well
	live       atomic.Int64 // connections that are there now
	started    atomic.Int64
	operations atomic.Int64
	failures   failures
	// measuring is true between warm-up and end: only then latency is recorded.
	measuring atomic.Bool
	histogram histogram
	// pacing is when the first operation was due at a fixed rate, and lag how long
	// after the moment at which they were due operations started.
	pacing stamp
	lag    histogram
}

// scenario is what the connections of a run do.
type scenario interface {
	// prepare readies a connection before its reader starts: it sets take.
	prepare(c *client) error
	// start sets the load going. It may start goroutines by r.spawn, which end with
	// the context.
	start(ctx context.Context)
	// lost takes out a connection that has ended; called by its reader, last.
	lost(c *client)
	// underWay visits what was begun and has not ended: how many operations, and when.
	underWay(visit func(began *stamp, count int64))
}

func (r *run) newScenario() scenario {
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
		return idle{r}
	}
}

// run connects, warms up and measures. The end of the context is no error once there
// is something to show.
func (r *run) run(ctx context.Context, before []usage) (*Result, error) {
	result := r.newResult()
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	result.Connects = now() - r.began
	result.Connected = int(r.connected.Load())
	r.phase.Store(WarmingUp)
	if r.live.Load() == 0 && r.config.Scenario != Connect {
		r.cancel(errNoConnections) // the last one went while others were being made
	}
	r.scenario.start(ctx)
	if err := wait(ctx, r.config.Warmup); err != nil {
		return nil, fmt.Errorf("nothing was measured, the warm-up had not ended: %w", err)
	}
	r.phase.Store(Measuring)
	if err := r.measure(ctx, result, before); err != nil {
		return nil, err
	}
	return result, nil
}

// measure fills in the result.
func (r *run) measure(ctx context.Context, result *Result, before []usage) error {
	first, err := readUsages(r.config.PIDs)
	if err != nil {
		return err
	}
	own := ownUsage()
	began, operations, started := now(), r.operations.Load(), r.started.Load()
	due := r.dueBy(began)
	r.measuring.Store(true)
	err = wait(ctx, r.config.Duration)
	if errors.Is(err, errNoConnections) {
		result.Ended = err.Error()
	}
	result.Interrupted = err != nil && result.Ended == ""
	r.measuring.Store(false)
	result.Operations = r.operations.Load() - operations
	result.Started = r.started.Load() - started
	result.Elapsed = now() - began
	if r.config.Rate > 0 {
		result.Due = r.dueBy(now()) - due
		// What became due just now is not late yet.
		result.NotStarted = max(0, r.dueBy(now()-time.Millisecond)-r.started.Load())
	}
	result.Generator = processOf(own, own, ownUsage())
	last, err := readUsages(r.config.PIDs)
	if err != nil { // it has ended under the load: then there is more to see than its CPU
		r.failed(kindProcess, err)
		last = first
	}
	for i, pid := range r.config.PIDs {
		p := processOf(before[i], first[i], last[i])
		p.PID = pid
		result.Processes = append(result.Processes, p)
	}
	r.unfinished(result)
	result.Latency = r.histogram.latency()
	result.Lag = r.lag.latency()
	return nil
}

// unfinished counts what had no answer at the end. At a fixed rate it goes into the
// latency with the time that it has waited so far: a server that stopped answering
// must not look fast for it.
func (r *run) unfinished(result *Result) {
	r.scenario.underWay(func(began *stamp, count int64) {
		age := began.age()
		result.UnderWay += count
		result.OldestUnderWay = max(result.OldestUnderWay, age)
		for range count {
			if !r.config.closedLoop() {
				r.histogram.record(age)
			}
		}
	})
	for n := r.started.Load(); n < r.started.Load()+result.NotStarted && n < 1<<24; n++ {
		r.histogram.record(now() - r.pacing.get() - r.config.dueAfter(n))
	}
}

// done counts an operation that began at that moment.
func (r *run) done(began *stamp) {
	r.operations.Add(1)
	if r.measuring.Load() {
		r.histogram.record(began.age())
	}
}

// failed counts a failure.
func (r *run) failed(kind string, err error) { r.failures.add(kind, err) }

// spawn starts a goroutine that close waits for.
func (r *run) spawn(f func()) { r.goroutines.Go(f) }

// close ends the connections and waits for every goroutine.
func (r *run) close() {
	r.cancel(errClosed)
	for _, c := range r.clients {
		c.close()
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
