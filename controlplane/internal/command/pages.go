package command

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
)

const (
	defaultPage = 100
	maxPage     = 1000
	// pageBytes is where a page is cut: it fits every envelope.
	pageBytes = maxOneAnswer
)

// pageSize fits the wish for a page to the limits.
func pageSize(wish uint32) int {
	if wish == 0 {
		return defaultPage
	}
	return int(min(wish, maxPage))
}

// Pages are the results of a query. What the query has found is kept as names and
// pointers; each page is made when it is asked for, so that a query of a hundred
// thousand sockets never has more than a page waiting to be sent. One goroutine uses
// it at a time.
type Pages struct {
	// fill puts the next part into a result, and reports whether more follows.
	fill func(r *hubv1.Result) (more bool)
	// keep keeps what follows for a call that asks for the next page. It may be nil.
	keep func()
	// missing are the hubs that could not be asked, told with the last result.
	missing []string
	// over is told the last result. It may be nil.
	over func(last *hubv1.Result)
	held *reservation
	done bool
}

// Next makes the next result; the last one has `more` unset. Nil after the last one.
func (p *Pages) Next() *hubv1.Result {
	if p.done {
		return nil
	}
	r := &hubv1.Result{}
	if r.More = p.fill(r); !r.More {
		r.MissingHubIds = p.missing
		p.end(r)
	}
	return r
}

// Keep is Close for who has taken one page, and may come again for the next one.
func (p *Pages) Keep() {
	if !p.done && p.keep != nil {
		p.keep()
	}
	p.Close()
}

// Close gives up what was not asked for yet. It may be called after the last page,
// and more than once.
func (p *Pages) Close() {
	if !p.done {
		p.end(failed(fault.New(fault.StreamLost, "nobody takes the rest")))
	}
}

func (p *Pages) end(last *hubv1.Result) {
	p.done = true
	p.fill = nil
	p.held.giveBack()
	if p.over != nil {
		p.over(last)
	}
}

// reservation is what is taken from a budget until giveBack.
type reservation struct {
	budget *park.Budget
	bytes  int64
}

func (r *reservation) giveBack() { r.budget.Give(r.bytes) }

// What the names of a snapshot count.
const (
	snapshotKeep = 4 << 10 // for each query
	entryKeep    = 32      // for each entry, beside its name
)

// reserve takes room for what a query has found.
func (e *queries) reserve(entries, nameBytes int) (*reservation, *fault.Fault) {
	bytes := int64(snapshotKeep + entries*entryKeep + nameBytes)
	if !e.snapshots.Take(bytes) {
		e.trace.Bound(BoundSnapshots)
		return nil, fault.New(fault.QueriesOpen, "too many pages of queries wait to be read").After(retrySoon)
	}
	return &reservation{budget: e.snapshots, bytes: bytes}, nil
}
