package command

import (
	"context"
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/hub"
)

// Config is what an Executor works with.
type Config struct {
	// Trace is told what happens. Nil means nobody looks.
	Trace Trace
	// HubID is the id of this process.
	HubID string
	// Knows reports whether a namespace exists. Nil means that all do.
	Knows func(namespace string) bool
	// Handshake says a handshake in the contract's words. Required.
	Handshake func(*hub.Handshake) *hubv1.Handshake
	// Services are the instances that calls go to. Nil means that there are none.
	Services Services
	// Elsewhere knows which instances are attached to other hubs too. Nil means that none are.
	Elsewhere Elsewhere
	// Groups forgets groups. Nil means that it cannot be done.
	Groups Groups
	// Revoked is told whose authorization ends, before their connections are closed: it
	// ends decisions that are kept for them. It must not block. Nil means that none are.
	Revoked func(Revocation)
	// Emitted is told of each emit that was carried out, and of what it has done. The emit
	// must not be changed, and its messages must not be kept; its texts, lists and bytes may. It must not block. Nil means that nobody looks.
	Emitted func(by *Caller, e *hubv1.Emit, o hub.Outcome)
	// Waited is told of each unary call that has waited for an engine that was behind. Nil means that nobody looks.
	Waited func(ctx context.Context, d time.Duration)
	// Private are namespaces that commands and queries are refused for, unless the caller's permissions name them.
	Private []string
	// KeptBytes is what all callers together can make the hub keep: results under idempotency keys have half
	// of it, and acknowledgements, snapshots, calls and open acknowledgements an eighth each. Zero means 512 MiB.
	KeptBytes int64
	// Within runs what a timer does, which may panic for the fault of others. Nil means that
	// it just runs.
	Within func(func())
}

// Executor carries out commands, whether they come on a stream, in a settlement or
// in a unary call. Its methods are safe for concurrent use.
type Executor struct {
	queries

	// Set by New.
	config  Config
	trace   Trace
	replays replays
	open    *OpenAcks
	calls   *openCalls
	// acks and snapshots bound what browsers' acknowledgements and the results of
	// queries take while they wait.
	acks, snapshots *park.Budget
	// cursors are lists whose pages are asked for one by one.
	cursors *cursors

	// Set by Bind, before there is traffic.
	hub *hub.Hub
}

// queries carries out what asks and changes nothing.
type queries struct{ x *Executor }

// keptBytes is the default of Config.KeptBytes.
const keptBytes = 512 << 20

// New returns an Executor. Bind has to follow.
func New(config Config) *Executor {
	if config.Within == nil {
		config.Within = func(f func()) { f() }
	}
	if config.KeptBytes == 0 {
		config.KeptBytes = keptBytes
	}
	eighth := config.KeptBytes / 8
	x := &Executor{
		config: config, trace: config.Trace,
		replays: newReplays(config.KeptBytes / 2), acks: park.NewBudget(eighth), snapshots: park.NewBudget(eighth / 2),
		cursors: newCursors(eighth / 2),
	}
	if x.trace == nil {
		x.trace = silent{}
	}
	x.queries.x = x
	x.open, x.calls = newOpenAcks(x.trace, eighth), newOpenCalls(eighth)
	return x
}

// Bind gives the executor the hub that commands go to. It is called once, before
// there is traffic.
func (x *Executor) Bind(h *hub.Hub) { x.hub = h }

// Held is how many bytes of acknowledgements, snapshots and calls are kept at the moment. It
// is 0 when no command is open.
func (x *Executor) Held() int64 { return x.acks.Used() + x.snapshots.Used() + x.calls.budget.Used() }

// OpenAcks are the acknowledgements that were left open.
func (x *Executor) OpenAcks() *OpenAcks { return x.open }

// Request is one command that somebody gives.
type Request struct {
	// Command is the command. It must not change any more.
	Command *hubv1.Command
	// Caller is who gives it. Required.
	Caller *Caller
	// Batch gathers what goes to browsers. Nil sends it at once.
	Batch *hub.Batch
	// OwnSocket is the id of the socket of the delivery that the command belongs to.
	// Empty when it belongs to none.
	OwnSocket string
}

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

// Now carries out a command that has its only result at once, which is the usual
// kind. It returns nil for one of another kind: Run takes it.
func (x *Executor) Now(r Request) *hubv1.Result {
	c := r.Command
	if c.GetIdempotencyKey() != "" || x.takesTime(c) {
		return nil
	}
	if f := x.check(r); f != nil {
		return x.Refuse(c, f)
	}
	result := x.perform(r)
	x.count(c, result)
	return result
}

// Run carries out a command of any kind.
func (x *Executor) Run(r Request, answers Answers) {
	answers = &counted{Answers: answers, executor: x, command: r.Command}
	if f := x.check(r); f != nil {
		answers.Give(failed(f))
		return
	}
	if r.Command.GetIdempotencyKey() == "" {
		x.runOnce(r, answers)
		return
	}
	x.runKeyed(r, answers)
}

// runOnce carries out a command that was checked, without a look at its key.
func (x *Executor) runOnce(r Request, answers Answers) {
	c := r.Command
	if !x.takesTime(c) {
		answers.Give(x.perform(r))
		return
	}
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		x.emitWithAck(r, op.Emit, answers)
	case *hubv1.Command_Call:
		x.callAndWait(r, op.Call, answers)
	case *hubv1.Command_SetData:
		x.setDataElsewhere(op.SetData, answers)
	case *hubv1.Command_Count, *hubv1.Command_CountUsers:
		x.countEverywhere(c, func(result *hubv1.Result) { answers.Give(result) })
	default:
		x.query(c, answers)
	}
}

// emitted says that an emit was carried out.
func (x *Executor) emitted(r Request, e *hubv1.Emit, o hub.Outcome) {
	if x.config.Emitted != nil {
		x.config.Emitted(r.Caller, e, o)
	}
}

// Refuse is the result of a command that is refused before it comes to the executor,
// counted like any other.
func (x *Executor) Refuse(c *hubv1.Command, f *fault.Fault) *hubv1.Result {
	result := failed(f)
	x.count(c, result)
	return result
}

// count tells the trace of a last result.
func (x *Executor) count(c *hubv1.Command, last *hubv1.Result) {
	x.trace.Command(OpName(c), fault.CodeName(last.GetStatus().GetCode()))
	x.trace.Done(c, last)
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
