package controlplane

import (
	"sync/atomic"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/hub"
)

// commands carries out commands, whether they come on a stream or in a unary call.
type commands struct {
	srv     *Server
	replays replays
	// acks bounds what browsers' acknowledgements take while others are waited for.
	acks *park.Budget
}

// ackBudget is that bound.
const ackBudget = 64 << 20

func newCommands(s *Server) *commands {
	return &commands{srv: s, acks: park.NewBudget(ackBudget)}
}

// answer takes the results of one command, the last one with last set. It reports
// false for a browser's acknowledgement that there is no room for; the last result is
// always taken. It may be called from any goroutine, one call at a time, and does not
// block.
type answer func(r *hubv1.Result, last bool) bool

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
			st.answerOnce(c, hub.Outcome{}, faultOf(err, ""), false)
			return
		}
	}
	st.carryOut(c, batch)
}

// carryOut carries out a command whose right to run is clear. It may be called from
// any goroutine.
func (st *stream) carryOut(c *hubv1.Command, batch *hub.Batch) {
	slot := c.GetCommandId() != 0
	if slot && !st.commands.acquire() {
		st.answerOnce(c, hub.Outcome{}, exhausted("COMMAND_WINDOW", "too many commands have no result yet", 0), false)
		return
	}
	if c.GetIdempotencyKey() == "" && c.GetEmit().GetAck() == nil {
		// The common road: nothing to wait for, nothing to remember.
		outcome, f := st.srv.commands.perform(batch, c)
		st.answerOnce(c, outcome, f, slot)
		return
	}
	if !slot && c.GetEmit().GetAck() != nil {
		st.answerOnce(c, hub.Outcome{}, faultNoID, false)
		return
	}
	st.srv.commands.run(batch, c, st.caller(), func(r *hubv1.Result, last bool) bool {
		st.srv.traceCommand(c, r, last)
		r.CommandId = c.CommandId
		switch {
		case !last:
			return st.out.offer(resultItem(r))
		case slot:
			st.out.push(resultItem(r), true)
		case r.GetStatus().GetCode() != hubv1.Code_CODE_UNSPECIFIED:
			st.out.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 1, r.Status)
		}
		return true
	})
}

// answerOnce gives the only result of a command. A command without an id wants none:
// a failure is told by a notice.
func (st *stream) answerOnce(c *hubv1.Command, o hub.Outcome, f *fault, slot bool) {
	st.srv.trace.command(opName(c), codeName(f))
	if c.GetCommandId() != 0 {
		r := resultOf(o, f)
		r.CommandId = c.CommandId
		st.out.push(resultItem(r), slot)
	} else if f != nil {
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 1, f.status())
	}
}

// caller names who the idempotency keys of the stream belong to.
func (st *stream) caller() string { return st.identity }

// resultOf makes a result.
func resultOf(o hub.Outcome, f *fault) *hubv1.Result {
	r := &hubv1.Result{
		MatchedCount: uint32(o.Matched), QueuedCount: uint32(o.Queued), DroppedCount: uint32(o.Dropped),
	}
	if f != nil {
		r.Status = f.status()
	}
	return r
}

// traceCommand counts a command at its last result.
func (s *Server) traceCommand(c *hubv1.Command, r *hubv1.Result, last bool) {
	if last {
		s.trace.command(opName(c), codeText(r.GetStatus().GetCode()))
	}
}

// perform carries out a command that has its result at once.
func (cs *commands) perform(batch *hub.Batch, c *hubv1.Command) (hub.Outcome, *fault) {
	h := cs.srv.hub
	var o hub.Outcome
	var err error
	var path string
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		path = "emit"
		o, err = h.Emit(batch, targetOf(op.Emit.GetTarget()), messageOf(op.Emit), optionsOf(op.Emit))
	case *hubv1.Command_UpdateRooms:
		path = "update_rooms"
		o, err = h.UpdateRooms(targetOf(op.UpdateRooms.GetTarget()), op.UpdateRooms.GetJoin(), op.UpdateRooms.GetLeave())
	case *hubv1.Command_Disconnect:
		path = "disconnect"
		o, err = h.Disconnect(batch, targetOf(op.Disconnect.GetTarget()), hub.DisconnectOptions{CloseTransport: op.Disconnect.GetCloseTransport()})
	case *hubv1.Command_SetData:
		path = "set_data"
		var version *uint64
		if op.SetData != nil {
			version = op.SetData.ExpectedVersion
		}
		o, err = h.SetData(targetOf(op.SetData.GetTarget()), hub.DataChange{Data: op.SetData.GetData(), ExpectedVersion: version})
	default:
		return hub.Outcome{}, faultNoOp
	}
	if err != nil {
		return o, faultOf(err, path)
	}
	return o, nil
}

// targetOf is a target in the hub's words. An absent one is empty, which the hub
// refuses.
func targetOf(t *hubv1.Target) hub.Target {
	return hub.Target{
		Namespace: t.GetNamespace(), Sockets: t.GetSockets(), Rooms: t.GetRooms(), Users: t.GetUsers(), All: t.GetAll(),
		ExceptSockets: t.GetExceptSockets(), ExceptRooms: t.GetExceptRooms(), ExceptUsers: t.GetExceptUsers(),
	}
}

// opName names a command in metrics.
func opName(c *hubv1.Command) string {
	switch c.GetOp().(type) {
	case *hubv1.Command_Emit:
		return "emit"
	case *hubv1.Command_UpdateRooms:
		return "update_rooms"
	case *hubv1.Command_Disconnect:
		return "disconnect"
	case *hubv1.Command_SetData:
		return "set_data"
	}
	return "none"
}
