package command

import (
	"sync"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/controlplane/internal/replay"
)

const (
	// maxCalls is how many calls may wait for their answers in all, maxCallsOfOne how many
	// of one identity and group.
	maxCalls      = 8192
	maxCallsOfOne = 1024
)

// openCalls counts the calls that wait for answers. It is safe for concurrent use.
type openCalls struct {
	budget *park.Budget

	mu    sync.Mutex // guards the fields below; a leaf
	total int
	of    map[replay.Owner]int
}

// newOpenCalls bounds their payloads, in bytes.
func newOpenCalls(bytes int64) *openCalls {
	return &openCalls{budget: park.NewBudget(bytes), of: make(map[replay.Owner]int)}
}

// begin counts a call, if there is room for it.
func (o *openCalls) begin(who *Caller, bytes int) (*ticket, *fault.Fault) {
	t := &ticket{calls: o, owner: replay.Owner{Identity: who.Identity, Group: who.Group}, bytes: int64(bytes)}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.total >= maxCalls || o.of[t.owner] >= maxCallsOfOne || !o.budget.Take(t.bytes) {
		return nil, fault.New(fault.CallsOpen, "too many calls wait for their answers").After(retrySoon)
	}
	o.total++
	o.of[t.owner]++
	return t, nil
}

// ticket is one call's place.
type ticket struct {
	calls *openCalls
	owner replay.Owner
	bytes int64
}

// end gives the place back, once.
func (t *ticket) end() {
	o := t.calls
	o.mu.Lock()
	defer o.mu.Unlock()
	o.budget.Give(t.bytes)
	o.total--
	if o.of[t.owner]--; o.of[t.owner] == 0 {
		delete(o.of, t.owner)
	}
}
