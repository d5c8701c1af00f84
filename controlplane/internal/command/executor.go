package command

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/hub"
)

// Executor carries out commands, whether they come on a stream, in a settlement or
// in a unary call. Its methods are safe for concurrent use.
type Executor struct {
	// Set by New.
	config  *Config
	trace   Trace
	replays replays
	open    *OpenAcks
	// acks bounds what acknowledgements of browsers and answers of instances take while they wait.
	acks *park.Budget

	// What asks, calls and revokes. Bind gives each the hub.
	queries     queries
	calls       Calls
	revocations revocations

	// Set by Bind, before there is traffic.
	hub *hub.Hub
}

// New returns an Executor. Bind has to follow.
func New(c Config) *Executor {
	config := c.withDefaults()
	eighth := config.KeptBytes / 8
	acks := park.NewBudget(eighth)
	return &Executor{
		config: config, trace: config.Trace,
		replays: newReplays(config.KeptBytes / 2), open: newOpenAcks(config.Trace, eighth), acks: acks,
		queries: newQueries(config, eighth/2), calls: newCalls(config, eighth, acks),
		revocations: revocations{private: config.Private, tell: config.Revoked},
	}
}

// Bind gives the executor the hub that commands go to. It is called once, before
// there is traffic.
func (x *Executor) Bind(h *hub.Hub) {
	x.hub, x.queries.hub, x.calls.hub, x.revocations.hub = h, h, h, h
}

// Held is how many bytes of acknowledgements, snapshots and calls are kept at the moment. It
// is 0 when no command is open.
func (x *Executor) Held() int64 {
	return x.acks.Used() + x.queries.snapshots.Used() + x.calls.open.budget.Used()
}

// OpenAcks are the acknowledgements that were left open.
func (x *Executor) OpenAcks() *OpenAcks { return x.open }

// Calls hands calls over, those that come in no command too.
func (x *Executor) Calls() *Calls { return &x.calls }

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
		x.calls.ask(r, op.Call, answers)
	case *hubv1.Command_SetData:
		x.setDataElsewhere(op.SetData, answers)
	case *hubv1.Command_Count, *hubv1.Command_CountUsers:
		x.queries.countEverywhere(c, func(result *hubv1.Result) { answers.Give(result) })
	default:
		x.queries.query(c, answers)
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
