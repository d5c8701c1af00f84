package service

import (
	"context"
	"errors"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// errEnded says that an attachment's places are gone.
var errEnded = errors.New("service: the attachment has ended")

// results are the places that commands of one attachment have for their answers. The
// hub's command window is the number of places; who finds none waits.
type results struct {
	slots chan struct{} // one element for each place that is taken
	ended chan struct{} // closed when the attachment has ended

	mu      sync.Mutex // guards the fields below
	last    uint64
	waiting map[uint64]*place
	drained chan struct{} // closed when nothing is waited for; nil when nobody asks
}

// place is where the results of one command come. Its fields are guarded by results.mu
// until the last result came.
type place struct {
	parts     []*hubv1.Result // those before the last
	last      chan *hubv1.Result
	abandoned bool // nobody waits any more
}

func newResults(window int) *results {
	return &results{
		slots:   make(chan struct{}, window),
		ended:   make(chan struct{}),
		waiting: map[uint64]*place{},
	}
}

// reserve takes a place and returns its command id.
func (r *results) reserve(ctx context.Context) (uint64, *place, error) {
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
	p := &place{last: make(chan *hubv1.Result, 1)}
	r.waiting[r.last] = p
	return r.last, p, nil
}

// release gives a place back whose command never left.
func (r *results) release(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[id] != nil {
		r.freeLocked(id)
	}
}

// abandon says that nobody waits. The place is taken until its last result comes: the
// hub counts the same.
func (r *results) abandon(p *place) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p.parts, p.abandoned = nil, true
}

func (r *results) freeLocked(id uint64) {
	delete(r.waiting, id)
	<-r.slots
	if len(r.waiting) == 0 && r.drained != nil {
		close(r.drained)
		r.drained = nil
	}
}

// deliver hands a result to who waits for it.
func (r *results) deliver(result *hubv1.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.waiting[result.GetCommandId()]
	switch {
	case p == nil:
	case !result.GetMore():
		r.freeLocked(result.GetCommandId())
		p.last <- result // never blocks: room for one, used once
	case !p.abandoned:
		p.parts = append(p.parts, result)
	}
}

// whenDrained returns a channel that is closed once no result is waited for, nil when
// none is now.
func (r *results) whenDrained() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 {
		return nil
	}
	if r.drained == nil {
		r.drained = make(chan struct{})
	}
	return r.drained
}

// fail tells everybody who waits that the attachment has ended.
func (r *results) fail() { close(r.ended) }
