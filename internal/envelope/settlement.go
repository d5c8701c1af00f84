package envelope

import hubv1 "github.com/siohub/siohub/gen/hub/v1"

// action has all messages of a settlement.
type action struct {
	hubv1.Action
	kind       hubv1.Action_Settlement
	settlement hubv1.Settlement
	outcome    hubv1.Settlement_Reply
	reply      hubv1.Reply
	payload    hubv1.Payload
}

// slabSize is how many settlements share an allocation.
const slabSize = 64

// The outcomes of settlements that say no more are shared.
var (
	done      = &hubv1.Settlement_Done{Done: &hubv1.Done{}}
	doneLater = &hubv1.Settlement_Done{Done: &hubv1.Done{AckLater: true}}
)

// doneLaterBytes is that done on the wire.
var doneLaterBytes = string([]byte{tagDoneAckLater, 1})

// settlement decodes an action that is a hot settlement, or reports false: then check
// and protobuf have to decide. Replies are parts of b.
func (d *upward) settlement(b []byte, to *action) bool {
	r := reader{b: b}
	if len(b) == 0 || r.varint() != uint64(tagActionSettlement) {
		return false
	}
	b = r.bytes()
	if r.bad || r.more() {
		return false
	}
	var reply, empty []byte
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagDeliverySeq):
			to.settlement.DeliverySeq = r.varint()
		case uint64(tagSettlementDone):
			empty = r.message(empty)
		case uint64(tagSettlementReply):
			reply = r.message(reply)
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	switch {
	case reply == nil && empty != nil && len(empty) == 0:
		to.settlement.Outcome = done
	case reply == nil && string(empty) == doneLaterBytes:
		to.settlement.Outcome = doneLater
	case reply != nil && empty == nil && d.reply(reply, to):
		to.outcome.Reply = &to.reply
		to.settlement.Outcome = &to.outcome
	default:
		return false
	}
	to.kind.Settlement = &to.settlement
	to.Kind = &to.kind
	return true
}

func (d *upward) reply(b []byte, to *action) bool {
	var payload []byte
	for r := (reader{b: b}); r.more(); {
		if r.varint() != uint64(tagReplyPayload) {
			return false
		}
		if payload = r.message(payload); r.bad {
			return false
		}
	}
	if payload == nil {
		return true
	}
	to.reply.Payload = &to.payload
	if !decodePayload(payload, &to.payload) {
		return false
	}
	// The hub writes arguments into packets, and keeps attachments.
	ownAttachments(&to.payload, d.size)
	d.check.elements += len(to.payload.Attachments)
	return len(to.payload.Attachments) <= MaxNames && d.check.elements <= MaxElements
}
