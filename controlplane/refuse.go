package controlplane

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/internal/envelope"
)

// refuse answers an action that could not be read, or that has something in it which
// the hub does not know. An error ends the stream.
func (st *stream) refuse(bad *envelope.Bad) error {
	f := faultOfBad(bad)
	st.srv.log.Debug("action refused", "group", st.group.name, "instance", st.instance, "error", bad)
	switch bad.Kind {
	case envelope.KindHello:
		return errHelloTwice
	case envelope.KindSettlement:
		st.refuseBadSettlement(bad, f)
	case envelope.KindCommand:
		st.refuseCommand(bad.CommandID, f)
	default:
		f.field = bad.Path()
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION, 1, f.status())
	}
	return nil
}

// refuseBadSettlement ends the delivery of a settlement as a permanent nack does, and
// says so to each of its commands.
func (st *stream) refuseBadSettlement(bad *envelope.Bad, f *fault) {
	s := &hubv1.Settlement{DeliverySeq: bad.DeliverySeq}
	d, err := st.attachment.Begin(bad.DeliverySeq)
	if err != nil {
		f = faultOf(err, "") // that there is nothing to settle is the better answer
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
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, uint64(bad.SilentCommands), faultSettlementRefused.status())
	}
}

// refuseCommand gives the only result of a command that is not carried out.
func (st *stream) refuseCommand(id uint64, f *fault) {
	st.srv.trace.command("none", codeName(f))
	if id == 0 {
		st.out.notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, 1, f.status())
		return
	}
	st.out.push(resultItem(&hubv1.Result{CommandId: id, Status: f.status()}), false)
}

// faultOfBad is a fault in the words of an item's status.
func faultOfBad(bad *envelope.Bad) *fault {
	f := invalid(bad.Field, bad.Reason, "")
	switch bad.Reason {
	case envelope.InvalidUTF8:
		f.message = "a string is not UTF-8"
	case envelope.UnknownField:
		f.code, f.message = hubv1.Code_CODE_UNIMPLEMENTED, "the hub does not know this field or value"
	case envelope.EnvelopeTooLarge:
		f.code, f.message = hubv1.Code_CODE_RESOURCE_EXHAUSTED, "the envelope is larger than Welcome.max_envelope_bytes"
	case envelope.TooManyElements:
		f.code, f.message = hubv1.Code_CODE_RESOURCE_EXHAUSTED, "the lists of the envelope are too long"
	default:
		f.message = "the bytes are not those of an action"
	}
	return f
}

// envelopeError is the end of a stream whose envelope could not be read.
func envelopeError(err error) error {
	if errors.Is(err, envelope.ErrTooManyActions) {
		return status.Error(codes.InvalidArgument, "TOO_MANY_ACTIONS: "+err.Error())
	}
	return status.Error(codes.InvalidArgument, "MALFORMED: "+err.Error())
}
