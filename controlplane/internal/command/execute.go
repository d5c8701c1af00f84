package command

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

const (
	// maxCommands bounds the commands of one call.
	maxCommands = 1000
	// maxAnswersOfCall is how many bytes of acknowledgements and answers one response
	// carries: what is left of 4 MiB, which callers take, is for 1000 results.
	maxAnswersOfCall = 3 << 20
)

// execute carries out a batch of commands in order.
func (c *Control) execute(ctx context.Context, who *Caller, req *hubv1.ExecuteRequest) (*hubv1.ExecuteResponse, *fault.Fault) {
	if n := len(req.Commands); n == 0 || n > maxCommands {
		return nil, fault.At(fault.CommandCount, "commands", fmt.Sprintf("1 to %d commands", maxCommands))
	}
	if len(req.ProtoReflect().GetUnknown()) > 0 {
		return nil, fault.New(fault.UnknownField, "the hub does not know a field of the request")
	}
	b := &execution{ctx: ctx, control: c, who: who, batch: c.executor.hub.NewBatch(), left: maxAnswersOfCall}
	defer b.flush()
	results := make([]*hubv1.Result, len(req.Commands))
	if req.StopOnError {
		return b.inTurn(req.Commands, results)
	}
	pending := make([]last, len(req.Commands))
	for i, c := range req.Commands {
		pending[i] = b.start(c)
	}
	b.flush()
	for i := range pending {
		var f *fault.Fault
		if results[i], f = b.wait(pending[i]); f != nil {
			return nil, f
		}
	}
	return &hubv1.ExecuteResponse{Results: results}, nil
}

// execution is one call of Execute.
type execution struct {
	// Set at construction.
	ctx     context.Context
	control *Control
	who     *Caller
	batch   *hub.Batch

	patience Patience // of the call

	mu   sync.Mutex // guards left; a leaf
	left int        // bytes of acknowledgements and answers that the response still takes
}

// inTurn carries out commands until one fails: whether it does decides about the next
// one, so each has to be over before.
func (b *execution) inTurn(commands []*hubv1.Command, results []*hubv1.Result) (*hubv1.ExecuteResponse, *fault.Fault) {
	stopped := false
	for i, c := range commands {
		if stopped {
			results[i] = b.control.executor.Refuse(c, fault.New(fault.BatchStopped, "a command before this one failed"))
			continue
		}
		pending := b.start(c)
		b.flush()
		r, f := b.wait(pending)
		if f != nil {
			return nil, f
		}
		results[i] = r
		stopped = r.GetStatus().GetCode() != hubv1.Code_CODE_UNSPECIFIED
	}
	return &hubv1.ExecuteResponse{Results: results}, nil
}

// start begins a command.
func (b *execution) start(c *hubv1.Command) last {
	l := last{execution: b, result: make(chan *hubv1.Result, 1)}
	if b.patience.Wants(b.control.executor) {
		b.flush() // browsers do not wait
		b.control.patient(b.ctx, b.who, &b.patience, c)
	}
	b.control.executor.Run(Request{Command: c, Caller: b.who, Batch: b.batch}, l)
	if b.who.Turn != nil && b.who.Turn.Due() {
		b.flush() // browsers do not wait for a turn
		b.who.Turn.Pause()
	}
	return l
}

// flush writes to browsers what was gathered for them.
func (b *execution) flush() {
	n := b.batch.Flush()
	if b.who.Turn != nil {
		b.who.Turn.Reached(n)
	}
}

func (b *execution) wait(l last) (*hubv1.Result, *fault.Fault) {
	select {
	case r := <-l.result:
		return r, nil
	default:
	}
	b.who.rest()
	defer b.who.work()
	select {
	case r := <-l.result:
		return r, nil
	case <-b.ctx.Done():
		return nil, fault.New(fault.StreamLost, "the call is lost")
	}
}

// last are answers of which only the last one counts.
type last struct {
	*execution
	result chan *hubv1.Result
}

// Give implements Answers.
func (l last) Give(r *hubv1.Result) bool {
	if r.More {
		return false
	}
	l.fit(r)
	l.result <- r
	return true
}

// Pull implements Answers. Execute refuses what comes in pages.
func (l last) Pull(p *Pages) { p.Close() }

// fit leaves out of a result what there is no room for.
func (b *execution) fit(r *hubv1.Result) {
	acks, calls := r.GetAckTotal(), r.GetCallTotal()
	if len(acks.GetAcks())+len(calls.GetAnswers()) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if acks != nil {
		for range LeaveOut(acks, proto.Size(acks)-b.left) {
			b.control.executor.trace.Bound(BoundAcks)
		}
		b.left -= proto.Size(acks)
		return
	}
	for n := len(calls.Answers); n > 0 && proto.Size(calls) > b.left; n = len(calls.Answers) {
		calls.Answers[n-1] = nil
		calls.Answers = calls.Answers[:n-1]
		b.control.executor.trace.Bound(BoundAnswers)
	}
	b.left -= proto.Size(calls)
}

// LeaveOut takes the last acknowledgements out of a total, so many that it is smaller
// by that many bytes, if there are so many, and returns how many these are.
func LeaveOut(total *hubv1.AckTotal, bytes int) (omitted int) {
	n := len(total.Acks)
	for ; n > 0 && bytes > 0; n-- {
		bytes -= proto.Size(total.Acks[n-1])
	}
	omitted = len(total.Acks) - n
	total.OmittedCount += uint32(omitted)
	clear(total.Acks[n:])
	total.Acks = total.Acks[:n]
	return omitted
}
