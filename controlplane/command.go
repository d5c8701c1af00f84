package controlplane

import (
	"sync/atomic"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// commandWindow counts the commands of an attachment that have no final result yet.
type commandWindow struct {
	size int64
	used atomic.Int64
}

// acquire reserves a slot, if one is free.
func (w *commandWindow) acquire() bool {
	if w.used.Add(1) > w.size {
		w.used.Add(-1)
		return false
	}
	return true
}

// release frees a slot whose final result is being sent.
func (w *commandWindow) release(frees bool) {
	if frees {
		w.used.Add(-1)
	}
}

// command carries out a command that came on the stream by itself. It reports whether that is over: nobody looks at the command
// any more.
func (in *inbound) command(c *hubv1.Command, batch *hub.Batch) (over bool) {
	own := ""
	if seq := c.GetDeliverySeq(); seq != 0 {
		lease := in.a.lease.Load()
		if err := lease.Holds(seq); err != nil {
			in.a.answer(c, in.a.srv.commands.Refuse(c, fault.Of(err, "")), false)
			return true
		}
		// Only permissions ask whose delivery it is.
		if in.a.commands.Permit != nil {
			if m, ok := lease.OwnerOf(seq).(*member); ok {
				own = m.socket.hub.ID()
			}
		}
	}
	return in.a.carryOut(c, batch, own)
}

// carryOut carries out a command whose right to run is clear. Own is the id of the
// socket whose delivery it belongs to, empty when it belongs to none. It may be called
// from any goroutine. It reports what command does.
func (in *inbound) carryOut(c *hubv1.Command, batch *hub.Batch, own string) (over bool) {
	x := in.a.srv.commands
	slot := c.GetCommandId() != 0
	if slot && !in.a.window.acquire() {
		in.a.answer(c, x.Refuse(c, fault.New(fault.CommandWindow, "too many commands have no result yet")), false)
		return true
	}
	r := command.Request{Command: c, Caller: &in.a.commands, Batch: batch, OwnSocket: own}
	if result := x.Now(r); result != nil {
		in.a.answer(c, result, slot)
		if !slot && result.Status == nil {
			command.Release(result)
		}
		return true
	}
	x.Run(r, streamAnswers{in.a, c})
	return false
}

// answer gives the last result of a command. A command without an id wants none: a
// failure is told by a notice.
func (in *inbound) answer(c *hubv1.Command, r *hubv1.Result, slot bool) {
	if s := r.Status; s != nil && s.Code != hubv1.Code_CODE_DEADLINE_EXCEEDED {
		in.a.faults.Add(1)
	}
	if c.GetCommandId() != 0 {
		r.CommandId = c.CommandId
		in.a.out.Push(contract.ResultItem(r), slot)
	} else if r.Status != nil {
		in.a.out.Notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 1, r.Status)
	}
}

// streamAnswers are the results of one command on their way to the service.
type streamAnswers struct {
	a       *attachment
	command *hubv1.Command
}

// Give implements command.Answers.
func (s streamAnswers) Give(r *hubv1.Result) bool {
	if !r.More {
		s.a.answer(s.command, r, s.command.GetCommandId() != 0)
		return true
	}
	r.CommandId = s.command.CommandId
	return s.a.out.Offer(contract.ResultItem(r))
}

// Pull implements command.Answers.
func (s streamAnswers) Pull(p *command.Pages) { s.a.out.Pull(s.command.CommandId, p) }

// commandTrace tells the server's trace and its log of commands.
type commandTrace struct{ srv *Server }

// Command implements command.Trace.
func (t commandTrace) Command(op, code string) { t.srv.trace.Command(op, code) }

// Done implements command.Trace.
func (t commandTrace) Done(c *hubv1.Command, last *hubv1.Result) { t.srv.debugCommand(c, last) }

// Bound implements command.Trace.
func (t commandTrace) Bound(b command.Bound) { t.srv.trace.CommandBound(string(b)) }
