package controlplane

import (
	"errors"
	"io"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// recvLoop receives envelopes and applies them, until the stream ends. It never
// waits for sendLoop: what it has to say goes into the outbox, which is bounded.
func (st *stream) recvLoop() {
	defer st.srv.done.Done()
	defer st.rescue()
	batch := st.srv.hub.NewBatch()
	for {
		envelope, err := st.wire.Recv()
		switch {
		case errors.Is(err, io.EOF):
			st.end(nil)
			return
		case err != nil:
			st.end(errLost)
			return
		}
		st.pulse.heard.Store(true)
		if err := st.apply(envelope, batch); err != nil {
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
func (st *stream) apply(envelope *hubv1.AttachRequest, batch *hub.Batch) error {
	if err := st.checkNumbers(envelope); err != nil {
		return err
	}
	st.srv.trace.envelopeReceived(len(envelope.Actions))
	defer batch.Flush()
	for _, action := range envelope.Actions {
		if err := st.act(action, batch); err != nil {
			return err
		}
	}
	st.pulse.applied.Store(envelope.EnvelopeSeq)
	st.answerRoll()
	return nil
}

// checkNumbers checks the envelope's number and its receipt.
func (st *stream) checkNumbers(envelope *hubv1.AttachRequest) error {
	number := envelope.EnvelopeSeq
	last := st.pulse.applied.Load()
	switch {
	case number == 0 && last == 0:
	case number == 0 || number != last+1:
		return errEnvelopeGap
	case number == 1 && st.unnumbered:
		return errEnvelopeGap
	}
	st.unnumbered = number == 0
	if envelope.AckEnvelopeSeq > st.pulse.lastSent.Load() {
		return errEnvelopeAck
	}
	return nil
}

// act carries out one action. An error ends the stream.
func (st *stream) act(action *hubv1.Action, batch *hub.Batch) error {
	if st.group == nil {
		hello := action.GetHello()
		if hello == nil {
			return errHelloMissing
		}
		return st.hello(hello)
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

// resize changes the window.
func (st *stream) resize(w *hubv1.Window) {
	if !st.subscribed {
		return
	}
	st.attachment.Resize(windowsOf(w, st.srv.clamp(w)))
}
