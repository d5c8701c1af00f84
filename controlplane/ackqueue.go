package controlplane

import (
	"context"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// ackQueue brings results from the hub's goroutines to the one of a unary call. It
// holds at most maxAckBytes of acknowledgements: a caller that does not read loses
// the rest.
type ackQueue struct {
	wake chan struct{}

	mu      sync.Mutex // guards the fields below; a leaf
	results []*hubv1.Result
	bytes   int
	ended   bool
}

func newAckQueue() *ackQueue { return &ackQueue{wake: make(chan struct{}, 1)} }

// push implements answer.
func (q *ackQueue) push(r *hubv1.Result, last bool) bool {
	size := ackSize(r)
	q.mu.Lock()
	taken := last || q.bytes+size <= maxAckBytes || len(q.results) == 0
	if taken {
		q.bytes += size
		q.ended = last
		q.results = append(q.results, r)
	}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return taken
}

// next waits for a result.
func (q *ackQueue) next(ctx context.Context) (r *hubv1.Result, last bool, err error) {
	for {
		q.mu.Lock()
		if len(q.results) > 0 {
			r = q.results[0]
			q.results = q.results[1:]
			q.bytes -= ackSize(r)
			last = q.ended && len(q.results) == 0
			q.mu.Unlock()
			return r, last, nil
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-ctx.Done():
			return nil, false, errLost
		}
	}
}

// ackSize is what a result counts.
func ackSize(r *hubv1.Result) int {
	p := r.GetBrowserAck().GetPayload()
	size := ackKeep + len(p.GetArgs())
	for _, a := range p.GetAttachments() {
		size += len(a)
	}
	return size
}
