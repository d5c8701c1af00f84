package controlplane

import (
	"sync/atomic"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// commandWindow counts the commands of a stream that have no final result yet.
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

// command carries out a command that came on the stream by itself.
func (st *stream) command(c *hubv1.Command, batch *hub.Batch) {
	if seq := c.GetDeliverySeq(); seq != 0 {
		if err := st.attachment.Holds(seq); err != nil {
			st.answer(c, st.srv.commands.Refuse(c, fault.Of(err, "")), false)
			return
		}
	}
	st.carryOut(c, batch)
}

// carryOut carries out a command whose right to run is clear. It may be called from
// any goroutine.
func (st *stream) carryOut(c *hubv1.Command, batch *hub.Batch) {
	x := st.srv.commands
	slot := c.GetCommandId() != 0
	if slot && !st.commands.acquire() {
		st.answer(c, x.Refuse(c, fault.New(fault.CommandWindow, "too many commands have no result yet")), false)
		return
	}
	r := command.Request{Command: c, Caller: &st.caller, Batch: batch}
	if result := x.Now(r); result != nil {
		st.answer(c, result, slot)
		return
	}
	x.Run(r, streamAnswers{st, c})
}

// answer gives the last result of a command. A command without an id wants none: a
// failure is told by a notice.
func (st *stream) answer(c *hubv1.Command, r *hubv1.Result, slot bool) {
	if c.GetCommandId() != 0 {
		r.CommandId = c.CommandId
		st.out.push(resultItem(r), slot)
	} else if r.Status != nil {
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 1, r.Status)
	}
}

// streamAnswers are the results of one command on their way to the stream.
type streamAnswers struct {
	st      *stream
	command *hubv1.Command
}

// Give implements command.Answers.
func (a streamAnswers) Give(r *hubv1.Result) bool {
	if !r.More {
		a.st.answer(a.command, r, a.command.GetCommandId() != 0)
		return true
	}
	r.CommandId = a.command.CommandId
	return a.st.out.offer(resultItem(r))
}

// Pull implements command.Answers.
func (a streamAnswers) Pull(p *command.Pages) { a.st.out.pull(a.command.CommandId, p) }

// commandTrace tells the server's trace and its log of commands.
type commandTrace struct{ srv *Server }

// Command implements command.Trace.
func (t commandTrace) Command(c *hubv1.Command, last *hubv1.Result) {
	t.srv.trace.command(command.OpName(c), fault.CodeName(last.GetStatus().GetCode()))
	t.srv.debugCommand(c, last)
}

// Bound implements command.Trace.
func (t commandTrace) Bound(b command.Bound) { t.srv.trace.commandBound(string(b)) }
