package command

import (
	"errors"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// acknowledge gives an acknowledgement that was left open. One with wrong content
// stays open.
func (o *OpenAcks) acknowledge(r Request, op *hubv1.Acknowledge) *hubv1.Result {
	var id DedupeID
	if len(op.GetDedupeId()) != len(id) {
		return failed(fault.At(fault.BadLength, "acknowledge.dedupe_id", "has 16 bytes"))
	}
	copy(id[:], op.GetDedupeId())
	event := o.find(id, r.Caller.Group)
	if event == nil {
		return failed(faultNoOpenAck)
	}
	err := event.Reply(r.Batch, op.GetPayload().GetArgs(), op.GetPayload().GetAttachments())
	if err == nil {
		o.remove(id)
		return resultOf(hub.Outcome{Matched: 1, Queued: 1}, nil)
	}
	if errors.Is(err, hub.ErrGone) || errors.Is(err, hub.ErrAnswered) || errors.Is(err, hub.ErrNoAckWanted) {
		o.remove(id)
		return failed(faultNoOpenAck)
	}
	return failed(fault.Of(err, "acknowledge"))
}

var faultNoOpenAck = fault.At(fault.NoOpenAck, "acknowledge.dedupe_id", "no acknowledgement is open for this event")
