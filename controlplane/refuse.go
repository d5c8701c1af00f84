package controlplane

import (
	"errors"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/internal/envelope"
)

// refuse answers an action that could not be read, or that has something in it which
// the hub does not know. An error ends the stream.
func (st *stream) refuse(bad *envelope.Bad) error {
	f := fault.OfBad(bad)
	st.srv.log.Debug("action refused", "group", st.group.name, "instance", st.instance, "error", bad)
	switch bad.Kind {
	case envelope.KindHello:
		return errHelloTwice
	case envelope.KindSettlement:
		st.refuseBadSettlement(bad, f)
	case envelope.KindCommand:
		st.refuseCommand(bad.CommandID, f)
	default:
		s := f.Status()
		s.Field = bad.Path()
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION, 1, s)
	}
	return nil
}

// refuseBadSettlement ends the delivery of a settlement as a permanent nack does, and
// says so to each of its commands.
func (st *stream) refuseBadSettlement(bad *envelope.Bad, f *fault.Fault) {
	s := &hubv1.Settlement{DeliverySeq: bad.DeliverySeq}
	d, err := st.attachment.Begin(bad.DeliverySeq)
	if err != nil {
		f = fault.Of(err, "") // that there is nothing to settle is the better answer
	} else {
		x := settling{Settlement: s, st: st, d: d}
		defer x.release()
		if c, ok := d.Body.(*connect); ok {
			x.nackConnect(c, &hubv1.Nack{})
		} else {
			x.nack(&hubv1.Nack{})
		}
	}
	st.refuseSettlement(s, f)
	for _, id := range bad.Commands {
		st.refuseCommand(id, faultSettlementRefused)
	}
	if bad.SilentCommands > 0 {
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, uint64(bad.SilentCommands), faultSettlementRefused.Status())
	}
}

// refuseCommand gives the only result of a command that is not carried out.
func (st *stream) refuseCommand(id uint64, f *fault.Fault) {
	st.srv.trace.command("none", f.CodeName())
	if id == 0 {
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 1, f.Status())
		return
	}
	st.out.push(resultItem(&hubv1.Result{CommandId: id, Status: f.Status()}), false)
}

// envelopeError is the end of a stream whose envelope could not be read.
func envelopeError(err error) error {
	if errors.Is(err, envelope.ErrTooManyActions) {
		return fault.New(fault.TooManyActions, err.Error()).GRPC()
	}
	return fault.New(fault.Malformed, err.Error()).GRPC()
}
