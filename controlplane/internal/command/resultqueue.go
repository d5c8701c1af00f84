package command

import (
	"context"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
)

// resultQueue brings results from the hub's goroutines to the one of a unary call. It
// holds at most maxAckBytes of acknowledgements, and takes them from a budget: a caller
// that does not read loses the rest.
type resultQueue struct {
	wake   chan struct{}
	budget *park.Budget

	mu      sync.Mutex // guards the fields below; a leaf
	results []*hubv1.Result
	bytes   int // of those in results that have `more`
	closed  bool
}

func newResultQueue(budget *park.Budget) *resultQueue {
	return &resultQueue{wake: make(chan struct{}, 1), budget: budget}
}

// Give implements Answers.
func (q *resultQueue) Give(r *hubv1.Result) bool {
	q.mu.Lock()
	taken := q.put(r)
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return taken
}

// put keeps a result. Once nobody waits any more, the last one is dropped and the others
// are refused. The caller holds mu.
func (q *resultQueue) put(r *hubv1.Result) bool {
	if r.More {
		size := queuedSize(r)
		fits := q.bytes+size <= maxAckBytes || len(q.results) == 0
		if q.closed || !fits || !q.budget.Take(int64(size)) {
			return false
		}
		q.bytes += size
	}
	if !q.closed {
		q.results = append(q.results, r)
	}
	return true
}

// Pull implements Answers. Nothing that comes here comes in pages.
func (q *resultQueue) Pull(p *Pages) { p.Close() }

// next waits for a result.
func (q *resultQueue) next(ctx context.Context) (*hubv1.Result, *fault.Fault) {
	for {
		if r := q.pop(); r != nil {
			return r, nil
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
			return nil, fault.New(fault.StreamLost, "the call is lost")
		}
	}
}

// pop takes the first result out, and makes room. Nil when there is none.
func (q *resultQueue) pop() *hubv1.Result {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.results) == 0 {
		return nil
	}
	r := q.results[0]
	q.results[0] = nil
	q.results = q.results[1:]
	if r.More {
		q.bytes -= queuedSize(r)
		q.budget.Give(int64(queuedSize(r)))
	}
	return r
}

// close drops what waits. The call is over, and takes nothing more.
func (q *resultQueue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.budget.Give(int64(q.bytes))
	q.results, q.bytes, q.closed = nil, 0, true
}

// queuedSize is what a result with `more` counts while it waits.
func queuedSize(r *hubv1.Result) int { return payloadSize(r.GetBrowserAck().GetPayload()) }
