package service

import (
	"context"
	"errors"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// errEnded says that a stream's places are gone.
var errEnded = errors.New("service: the stream has ended")

// results are the places that commands of one stream have for their answers. The
// hub's command window is the number of places; who finds none waits.
type results struct {
	slots chan struct{} // one element for each place that is taken
	ended chan struct{} // closed when the stream has ended

	mu      sync.Mutex // guards the fields below
	last    uint64
	waiting map[uint64]chan *hubv1.Result
}

func newResults(window int) *results {
	return &results{
		slots:   make(chan struct{}, window),
		ended:   make(chan struct{}),
		waiting: map[uint64]chan *hubv1.Result{},
	}
}

// reserve takes a place and returns its command id.
func (r *results) reserve(ctx context.Context) (uint64, <-chan *hubv1.Result, error) {
	select {
	case r.slots <- struct{}{}:
	case <-r.ended:
		return 0, nil, errEnded
	case <-ctx.Done():
		return 0, nil, &waitError{context.Cause(ctx)}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	result := make(chan *hubv1.Result, 1)
	r.waiting[r.last] = result
	return r.last, result, nil
}

// release gives a place back whose command never left. The place of one that left
// is taken until its result comes, whether or not somebody still waits: the hub
// counts the same.
func (r *results) release(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.waiting[id]; ok {
		delete(r.waiting, id)
		<-r.slots
	}
}

// deliver hands a result to who waits for it. What is not the last is passed over:
// the kit asks for totals only.
func (r *results) deliver(result *hubv1.Result) {
	if result.GetBrowserAck() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if place, ok := r.waiting[result.GetCommandId()]; ok {
		delete(r.waiting, result.GetCommandId())
		<-r.slots
		place <- result // never blocks: room for one, used once
	}
}

// fail tells everybody who waits that the stream has ended.
func (r *results) fail() { close(r.ended) }
