package results

import (
	"context"
	"errors"
	"sync"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// ErrEnded says that the places are gone.
var ErrEnded = errors.New("service: the attachment has ended")

// Table has the places of one attachment. Safe for concurrent use.
type Table struct {
	slots chan struct{} // one element for each place that is taken
	ended chan struct{} // closed when the attachment has ended

	mu      sync.Mutex // guards the fields below
	last    uint64
	waiting map[uint64]*Place
	drained chan struct{} // closed when nothing is waited for; nil when nobody asks
}

// Place is where the results of one command come. Its fields are guarded by Table.mu
// until the last result came.
type Place struct {
	parts     []*hubv1.Result // those before the last
	last      chan *hubv1.Result
	abandoned bool // nobody waits any more
}

// Last gives the last result, once; nil for a command that was returned.
func (p *Place) Last() <-chan *hubv1.Result { return p.last }

// Parts are the results before the last. Call it when the last has come.
func (p *Place) Parts() []*hubv1.Result { return p.parts }

// New makes a table with so many places, at least 1.
func New(window int) *Table {
	return &Table{
		slots:   make(chan struct{}, window),
		ended:   make(chan struct{}),
		waiting: map[uint64]*Place{},
	}
}

// Reserve takes a place and returns its command id. While there is none it waits.
//
// Errors: ErrEnded, the cause of ctx.
func (t *Table) Reserve(ctx context.Context) (uint64, *Place, error) {
	select {
	case t.slots <- struct{}{}:
	case <-t.ended:
		return 0, nil, ErrEnded
	case <-ctx.Done():
		return 0, nil, context.Cause(ctx)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last++
	p := &Place{last: make(chan *hubv1.Result, 1)}
	t.waiting[t.last] = p
	return t.last, p, nil
}

// Release gives a place back whose command never left.
func (t *Table) Release(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting[id] != nil {
		t.freeLocked(id)
	}
}

// Return gives a place back whose command never left, and tells who waits so.
func (t *Table) Return(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.waiting[id]; p != nil {
		t.freeLocked(id)
		p.last <- nil // never blocks: room for one, used once
	}
}

// Abandon says that nobody waits. The place is taken until its last result comes: the
// hub counts the same.
func (t *Table) Abandon(p *Place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p.parts, p.abandoned = nil, true
}

func (t *Table) freeLocked(id uint64) {
	delete(t.waiting, id)
	<-t.slots
	if len(t.waiting) == 0 && t.drained != nil {
		close(t.drained)
		t.drained = nil
	}
}

// Deliver hands a result to who waits for it.
func (t *Table) Deliver(result *hubv1.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.waiting[result.GetCommandId()]
	switch {
	case p == nil:
	case !result.GetMore():
		t.freeLocked(result.GetCommandId())
		p.last <- result // never blocks: room for one, used once
	case !p.abandoned:
		p.parts = append(p.parts, result)
	}
}

// WhenDrained returns a channel that is closed once no result is waited for, nil when
// none is now.
func (t *Table) WhenDrained() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		return nil
	}
	if t.drained == nil {
		t.drained = make(chan struct{})
	}
	return t.drained
}

// Ended is closed when the attachment has ended.
func (t *Table) Ended() <-chan struct{} { return t.ended }

// Fail tells everybody who waits that the attachment has ended. Call it once.
func (t *Table) Fail() { close(t.ended) }
