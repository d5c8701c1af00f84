package controlplane

import (
	"errors"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/internal/envelope"
)

// refuse answers an action that could not be read, or that has something in it which
// the hub does not know. An error ends the stream.
func (in *inbound) refuse(bad *envelope.Bad) error {
	f := fault.OfBad(bad)
	in.a.srv.log.Debug("action refused", "group", in.a.group.name, "instance", in.a.instance, "error", bad)
	switch bad.Kind {
	case envelope.KindHello:
		return errHelloTwice
	case envelope.KindSettlement:
		in.a.refuseBadSettlement(bad, f)
	case envelope.KindCommand:
		in.a.refuseCommand(bad.CommandID, f)
	default:
		in.a.faults.Add(1)
		s := f.Status()
		s.Field = bad.Path()
		in.a.out.Notice(hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION, 1, s)
	}
	return nil
}

// refuseBadSettlement ends the delivery of a settlement as a permanent nack does, and
// says so to each of its commands.
func (in *inbound) refuseBadSettlement(bad *envelope.Bad, f *fault.Fault) {
	s := &hubv1.Settlement{DeliverySeq: bad.DeliverySeq}
	x, gone := in.a.beginSettling(s, nil)
	if gone != nil {
		in.a.refuseSettlement(s, gone) // that there is nothing to settle is the better answer
	} else {
		defer x.release()
		x.refuse(f)
	}
	for _, id := range bad.Commands {
		in.a.refuseCommand(id, faultSettlementRefused)
	}
	if bad.SilentCommands > 0 {
		in.a.faults.Add(int64(bad.SilentCommands))
		in.a.out.Notice(hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, uint64(bad.SilentCommands), faultSettlementRefused.Status())
	}
}

// refuseCommand gives the only result of a command that is not carried out.
func (in *inbound) refuseCommand(id uint64, f *fault.Fault) {
	c := &hubv1.Command{CommandId: id}
	in.a.answer(c, in.a.srv.commands.Refuse(c, f), false)
}

// envelopeError is the end of a stream whose envelope could not be read.
func envelopeError(err error) error {
	if errors.Is(err, envelope.ErrTooManyActions) {
		return fault.New(fault.TooManyActions, err.Error()).GRPC()
	}
	return fault.New(fault.Malformed, err.Error()).GRPC()
}
