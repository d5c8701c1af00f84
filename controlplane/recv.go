package controlplane

import (
	"errors"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/envelope"
)

// recvLoop receives envelopes and applies them, until the stream ends. It never
// waits for sendLoop: what it has to say goes into the outbox, which is bounded.
func (st *stream) recvLoop() {
	defer st.srv.done.Done()
	defer st.rescue()
	batch := st.srv.hub.NewBatch()
	var request envelope.Request
	for {
		err := st.wire.RecvMsg(&request)
		switch {
		case errors.Is(err, io.EOF):
			st.end(nil)
			return
		case status.Code(err) == codes.ResourceExhausted:
			// gRPC has told the service, for an envelope beyond the hard end.
			st.srv.log.Warn("envelope refused", "instance", st.instance, "error", err)
			st.end(err)
			return
		case err != nil:
			st.end(errLost)
			return
		}
		st.pulse.heard.Store(true)
		err = st.apply(&request, batch)
		request.Reset() // while nothing comes nothing is kept
		if err != nil {
			st.end(err)
			return
		}
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
		st.srv.log.Warn("envelope refused", "instance", st.instance, "error", request.Err)
		return envelopeError(request.Err)
	}
	if err := st.checkNumbers(request); err != nil {
		return err
	}
	st.srv.trace.envelopeReceived(len(request.Actions))
	defer batch.Flush()
	for i := range request.Actions {
		if err := st.act(&request.Actions[i], batch); err != nil {
			return err
		}
	}
	st.pulse.applied.Store(request.EnvelopeSeq)
	st.answerRoll()
	return nil
}

// checkNumbers checks the envelope's number and its receipt.
func (st *stream) checkNumbers(request *envelope.Request) error {
	number := request.EnvelopeSeq
	last := st.pulse.applied.Load()
	switch {
	case number == 0 && last == 0:
	case number == 0 || number != last+1:
		return errEnvelopeGap
	case number == 1 && st.unnumbered:
		return errEnvelopeGap
	}
	st.unnumbered = number == 0
	if request.AckEnvelopeSeq > st.pulse.lastSent.Load() {
		return errEnvelopeAck
	}
	return nil
}

// act carries out one action. An error ends the stream.
func (st *stream) act(action *envelope.Action, batch *hub.Batch) error {
	if st.group == nil {
		return st.first(action)
	}
	if action.Bad != nil {
		return st.refuse(action.Bad)
	}
	switch kind := action.GetKind().(type) {
	case *hubv1.Action_Settlement:
		st.settle(kind.Settlement, batch)
	case *hubv1.Action_Command:
		st.command(kind.Command, batch)
	case *hubv1.Action_Window:
		st.resize(kind.Window)
	case *hubv1.Action_Heartbeat:
	case *hubv1.Action_Hello:
		return errHelloTwice
	default:
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION, 1,
			fault.At(fault.Required, "kind", "an action needs a kind that the hub knows").Status())
	}
	return nil
}

// first carries out the first action, which has to be a hello.
func (st *stream) first(action *envelope.Action) error {
	switch {
	case action.Bad != nil && action.Bad.Kind == envelope.KindHello:
		return fault.OfBad(action.Bad).GRPC()
	case action.GetHello() == nil:
		return errHelloMissing
	}
	return st.hello(action.GetHello(), action.BadSubscriptions)
}

// resize changes the window.
func (st *stream) resize(w *hubv1.Window) {
	if !st.subscribed {
		return
	}
	st.attachment.Resize(windowsOf(w, st.srv.clamp(w)))
}
