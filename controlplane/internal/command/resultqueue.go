package command

import (
	"context"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
)

// resultQueue brings results from the hub's goroutines to the one of a unary call. It
// holds at most maxAckBytes of acknowledgements: a caller that does not read loses the
// rest.
type resultQueue struct {
	wake chan struct{}

	mu      sync.Mutex // guards the fields below; a leaf
	results []*hubv1.Result
	bytes   int
}

func newResultQueue() *resultQueue { return &resultQueue{wake: make(chan struct{}, 1)} }

// Give implements Answers.
func (q *resultQueue) Give(r *hubv1.Result) bool {
	size := payloadSize(r.GetBrowserAck().GetPayload())
	q.mu.Lock()
	taken := !r.More || q.bytes+size <= maxAckBytes || len(q.results) == 0
	if taken {
		q.bytes += size
		q.results = append(q.results, r)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return taken
}

// Pull implements Answers. Nothing that comes here comes in pages.
func (q *resultQueue) Pull(p *Pages) { p.Close() }

// next waits for a result.
func (q *resultQueue) next(ctx context.Context) (*hubv1.Result, *fault.Fault) {
	for {
		q.mu.Lock()
		if len(q.results) > 0 {
			r := q.results[0]
			q.results = q.results[1:]
			q.bytes -= payloadSize(r.GetBrowserAck().GetPayload())
			q.mu.Unlock()
			return r, nil
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-ctx.Done():
			return nil, fault.New(fault.StreamLost, "the call is lost")
		}
	}
}
