package command

import (
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// Answers takes the results of one command: any number with `more` set, then one
// without, which is the last. The results are the callee's to change. The calls come
// one at a time, from any goroutine, and must not block.
type Answers interface {
	// Give takes a result. It returns false for one with `more` that there is no room
	// for; the last one is always taken.
	Give(r *hubv1.Result) bool
	// Pull takes all results of a query, which are made one by one as there is room to
	// send them. The callee calls Next until it has had the last one, or Close. It is
	// called only where Caller.Stream is set.
	Pull(p *Pages)
}

// counted are answers whose last one is counted.
type counted struct {
	Answers
	executor *Executor
	command  *hubv1.Command
}

// Give implements Answers.
func (a *counted) Give(r *hubv1.Result) bool {
	if !r.More {
		a.executor.count(a.command, r)
	}
	return a.Answers.Give(r)
}

// Pull implements Answers.
func (a *counted) Pull(p *Pages) {
	p.over = func(last *hubv1.Result) { a.executor.count(a.command, last) }
	a.Answers.Pull(p)
}

// failed is the result of a command that failed.
func failed(f *fault.Fault) *hubv1.Result { return &hubv1.Result{Status: f.Status()} }

// results are those that were given back: most commands want none, and have one all the same, which the trace is told.
var results = sync.Pool{New: func() any { return new(hubv1.Result) }}

// resultOf makes a result of an outcome.
func resultOf(o hub.Outcome, f *fault.Fault) *hubv1.Result {
	r := results.Get().(*hubv1.Result)
	r.MatchedCount, r.QueuedCount, r.DroppedCount, r.StoredCount = uint32(o.Matched), uint32(o.Queued), uint32(o.Dropped), uint32(o.Stored)
	r.MissingHubIds, r.Status = o.MissingHubs, f.Status()
	return r
}

// Release gives a result of Now back that nobody has kept.
func Release(r *hubv1.Result) {
	r.Reset()
	results.Put(r)
}

// retrySoon is the advice for a bound that others will make room in.
const retrySoon = time.Second
