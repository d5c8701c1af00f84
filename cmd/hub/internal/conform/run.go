package conform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Options say against what and how cases are run.
type Options struct {
	// Command is the program and its arguments.
	Command []string
	// Environ are variables of the program beside this process's own, NAME=VALUE.
	Environ []string
	// Patience is how long a case waits for what has to come. 0 means 10 s.
	Patience time.Duration
	// Parallel is how many cases run at the same time. 0 means 8.
	Parallel int
	// Target is the hub, for HubCases.
	Target Target

	ctx context.Context // ends the cases
}

// Outcome is what came of one case.
type Outcome struct {
	*Case
	// Failure is why it failed. Nil: it passed.
	Failure *Failure
	// Stderr is the end of what the programs of the case wrote.
	Stderr string
	// Took is how long it took.
	Took time.Duration
}

// Run runs cases, and calls tell with each outcome, one at a time, as it is there. It
// returns when all have ended, or ctx has.
func Run(ctx context.Context, opts Options, cases []*Case, tell func(*Outcome)) error {
	opts.ctx = ctx
	opts.Patience = cmp.Or(opts.Patience, 10*time.Second)
	queue := slices.Clone(cases)
	slices.SortStableFunc(queue, func(a, b *Case) int { return weight(a) - weight(b) })
	work := make(chan *Case)
	var telling sync.Mutex
	var workers sync.WaitGroup
	for range cmp.Or(opts.Parallel, 8) {
		workers.Go(func() {
			for c := range work {
				outcome := runCase(&opts, c)
				telling.Lock()
				tell(outcome)
				telling.Unlock()
			}
		})
	}
	defer workers.Wait()
	defer close(work)
	for _, c := range queue {
		select {
		case work <- c:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

func weight(c *Case) int {
	if c.slow {
		return 0
	}
	return 1
}

// runCase runs one case to its end.
func runCase(opts *Options, c *Case) (outcome *Outcome) {
	outcome = &Outcome{Case: c}
	t := newT(opts)
	began := time.Now()
	defer func() {
		outcome.Took = time.Since(began)
		outcome.Failure = failureOf(recover())
		t.mu.Lock()
		if len(t.violations) > 0 && outcome.Failure == nil {
			outcome.Failure = t.violations[0]
		}
		programs := slices.Clone(t.programs)
		t.mu.Unlock()
		t.end()
		for _, p := range programs {
			outcome.Stderr += p.stderr.String()
		}
	}()
	c.run(t)
	return outcome
}

// failureOf makes a failure of what a case panicked with: one of conform's own faults
// is one too.
func failureOf(thrown any) *Failure {
	if thrown == nil {
		return nil
	}
	if err, ok := thrown.(error); ok {
		var failure *Failure
		if errors.As(err, &failure) {
			return failure
		}
	}
	return &Failure{Want: "a case that runs to its end", Seen: fmt.Sprintf("panic: %v\n%s", thrown, debug.Stack())}
}
