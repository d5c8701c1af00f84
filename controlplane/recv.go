package controlplane

import (
	"errors"
	"io"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/calls"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/envelope"
	"github.com/siohub/siohub/internal/outqueue"
)

// recvLoop receives envelopes and applies them, until the stream ends. It never
// waits for sendLoop: what it has to say is queued, within bounds. It waits for its turns,
// and reads no further for as long as its service owes (brake.go), or the engine is behind (behind.go).
func (st *stream) recvLoop() {
	defer st.srv.done.Done()
	defer close(st.received)
	defer st.rescue()
	batch := st.srv.hub.NewBatch()
	st.brake.seat = st.srv.turns.Seat(calls.Peer+st.caller.Peer, st.done)
	defer st.brake.seat.Leave()
	request := envelope.Request{Pace: st.brake.seat}
	for {
		err := st.wire.RecvMsg(&request)
		switch {
		case errors.Is(err, io.EOF):
			st.end(nil)
			return
		case status.Code(err) == codes.ResourceExhausted:
			st.srv.lines.Write(slog.LevelWarn, "envelope refused", "peer", st.caller.Peer, "error", err)
			st.end(errEnvelopeSize)
			return
		case err != nil:
			st.end(lostBy(st.wire.Context()))
			return
		}
		st.pulse.heard.Store(true)
		err = st.apply(&request, batch)
		request.Reset() // while nothing comes nothing is kept
		st.brake.seat.End()
		if err != nil {
			st.end(err)
			return
		}
		st.brake.payTurns(st.attachment)
		st.brake.payFaults(st.attachment)
		select {
		case <-st.done:
			return // fenced, or ended by the watch: what comes now is not ours to do
		default:
		}
	}
}

// apply carries out the actions of an envelope, in order. What they send to
// browsers is gathered, and leaves at the end: each browser is written to once.
func (st *stream) apply(request *envelope.Request, batch *hub.Batch) error {
	if request.Err != nil {
		st.srv.lines.Write(slog.LevelWarn, "envelope refused", "peer", st.caller.Peer, "error", request.Err)
		return envelopeError(request.Err)
	}
	st.srv.trace.EnvelopeReceived(len(request.Actions))
	defer st.brake.flush(batch)
	actions := request.Actions
	if !st.welcomed.Load() {
		if len(actions) == 0 && request.EnvelopeSeq == 0 && request.AckEnvelopeSeq == 0 {
			return nil // it says nothing: the hello may still come first
		}
		if err := st.first(request); err != nil {
			return err
		}
		actions = actions[1:]
	}
	a := st.attachment
	if err := a.checkNumbers(request); err != nil {
		return err
	}
	for i := range actions {
		st.brake.awaitEngine(a, &actions[i], batch)
		if err := a.act(&actions[i], batch); err != nil {
			return err
		}
		st.brake.awaitEffect(a, batch)
		if st.brake.seat.Due() {
			st.brake.flush(batch) // browsers do not wait for a turn
			st.brake.seat.Pause()
		}
	}
	if request.EnvelopeSeq > 0 {
		a.applied.Store(request.EnvelopeSeq)
	}
	st.brake.seat.Answered(a.answered)
	a.answered = 0
	a.introduceSome()
	if a.drained() {
		return errDrained
	}
	return nil
}

// first carries out the first action, which has to be a hello.
func (st *stream) first(request *envelope.Request) error {
	if len(request.Actions) == 0 {
		return errHelloMissing
	}
	action := &request.Actions[0]
	hello := action.GetHello()
	switch {
	case action.Bad != nil && action.Bad.Kind == envelope.KindHello:
		return fault.OfBad(action.Bad).GRPC()
	case hello == nil:
		return errHelloMissing
	case request.EnvelopeSeq > 1:
		return errEnvelopeGap
	case request.AckEnvelopeSeq > 0:
		return errEnvelopeAck
	case hello.Resume != nil && (request.EnvelopeSeq != 0 || len(request.Actions) > 1):
		return errResumeAlone
	}
	return st.hello(hello, action.BadSubscriptions, request.EnvelopeSeq == 1)
}

// checkNumbers checks an envelope's number and its receipt.
func (in *inbound) checkNumbers(request *envelope.Request) error {
	number, last := request.EnvelopeSeq, in.a.applied.Load()
	switch {
	case !in.a.numbered && number != 0:
		return errEnvelopeGap
	case in.a.numbered && number != last+1 && !in.a.resuming(number):
		return errEnvelopeGap
	}
	if errors.Is(in.a.out.Queue.Ack(request.AckEnvelopeSeq), outqueue.ErrReceipt) {
		return errEnvelopeAck
	}
	return nil
}

// resuming reports whether an envelope is the one of a hello that resumes, which has
// no number.
func (in *inbound) resuming(number uint64) bool { return number == 0 && in.a.resumes.Swap(false) }

// act carries out one action. An error ends the stream.
func (in *inbound) act(action *envelope.Action, batch *hub.Batch) error {
	if action.Bad != nil {
		return in.a.refuse(action.Bad)
	}
	switch kind := action.GetKind().(type) {
	case *hubv1.Action_Settlement:
		in.a.settle(kind.Settlement, batch)
	case *hubv1.Action_Command:
		if in.a.command(kind.Command, batch) {
			action.Release()
		}
	case *hubv1.Action_Window:
		in.a.lease.Load().Resize(in.a.srv.windows(kind.Window))
		in.a.out.Copies.Resize(kind.Window.GetObservations())
	case *hubv1.Action_Heartbeat:
	case *hubv1.Action_Drain:
		in.a.drain(kind.Drain)
	case *hubv1.Action_Hello:
		return errHelloTwice
	default:
		in.a.faults.Add(1)
		in.a.out.Notice(hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION, 1,
			fault.At(fault.Required, "kind", "an action needs a kind that the hub knows").Status())
	}
	return nil
}

// drain lets the instance leave without a loss: no new work comes, and once nothing is
// unsettled and no result is open its stream ends.
func (in *inbound) drain(d *hubv1.Drain) {
	if d.GetDeadline() != nil {
		in.a.out.Notice(hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION, 1,
			fault.At(fault.NotAllowed, "drain.deadline", "only the hub sets a deadline").Status())
		return
	}
	if !in.a.draining.Swap(true) {
		in.a.srv.log.Info("instance drains", "group", in.a.group.name, "instance", in.a.instance, "reason", d.GetReason())
		in.a.lease.Load().Drain()
	}
}
