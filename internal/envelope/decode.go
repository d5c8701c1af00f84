package envelope

import (
	"bytes"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// The functions below report false when protobuf has to decide.

// response decodes an envelope of the hub.
func (c *Codec) response(b []byte, to *hubv1.AttachResponse) bool {
	envelope := hubv1.AttachResponse{Items: make([]*hubv1.Item, 0, countEntries(b))}
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagEnvelopeSeq):
			envelope.EnvelopeSeq = r.varint()
		case uint64(tagAckSeq):
			envelope.AckEnvelopeSeq = r.varint()
		case uint64(tagEntry):
			raw := r.bytes()
			item := c.item(raw)
			if item == nil {
				item = &hubv1.Item{}
				if r.bad || proto.Unmarshal(raw, item) != nil {
					return false
				}
			}
			envelope.Items = append(envelope.Items, item)
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	to.Reset()
	to.EnvelopeSeq, to.AckEnvelopeSeq, to.Items = envelope.EnvelopeSeq, envelope.AckEnvelopeSeq, envelope.Items
	return true
}

// countEntries counts the entries of an envelope, as far as it is well formed.
func countEntries(b []byte) (n int) {
	for r := (reader{b: b}); r.more(); {
		if tag := r.varint(); tag == uint64(tagEntry) {
			r.bytes()
			n++
		} else {
			r.varint()
		}
	}
	return n
}

// item has all messages of an event's delivery.
type item struct {
	hubv1.Item
	kind     hubv1.Item_Delivery
	delivery hubv1.Delivery
	body     hubv1.Delivery_Event
	event    hubv1.Event
	payload  hubv1.Payload
	time     timestamppb.Timestamp
	dedupe   [16]byte
}

// item decodes an item, or returns nil when it is not hot.
func (c *Codec) item(b []byte) *hubv1.Item {
	r := reader{b: b}
	if len(b) == 0 || r.varint() != uint64(tagItemDelivery) {
		return nil
	}
	b = r.bytes()
	if r.bad || r.more() {
		return nil
	}
	var seq uint64
	var attempt uint32
	var dedupe, socket, event []byte
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagDeliverySeq):
			seq = r.varint()
		case uint64(tagDeliveryDedupe):
			dedupe = r.bytes()
		case uint64(tagDeliveryTry):
			attempt = uint32(r.varint())
		case uint64(tagDeliverySocket):
			socket = r.message(socket)
		case uint64(tagDeliveryEvent):
			event = r.message(event)
		default:
			return nil
		}
		if r.bad {
			return nil
		}
	}
	if event == nil {
		return nil
	}
	to := &item{}
	if !c.event(event, to) {
		return nil
	}
	if socket != nil {
		if to.delivery.Socket = c.socket(socket); to.delivery.Socket == nil {
			return nil
		}
	}
	to.delivery.DedupeId = append(to.dedupe[:0], dedupe...)
	to.delivery.DeliverySeq, to.delivery.Attempt = seq, attempt
	to.body.Event = &to.event
	to.delivery.Body = &to.body
	to.kind.Delivery = &to.delivery
	to.Kind = &to.kind
	return &to.Item
}

func (c *Codec) event(b []byte, to *item) bool {
	var name, payload, time []byte
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagEventName):
			name = r.bytes()
		case uint64(tagEventPayload):
			payload = r.message(payload)
		case uint64(tagEventWantsAck):
			to.event.WantsAck = r.varint() != 0
		case uint64(tagEventTime):
			time = r.message(time)
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	if !utf8.Valid(name) || (payload != nil && !decodePayload(payload, &to.payload, true)) ||
		(time != nil && !decodeTime(time, &to.time)) {
		return false
	}
	to.event.Name = c.name(name)
	if payload != nil {
		to.event.Payload = &to.payload
	}
	if time != nil {
		to.event.ReceiveTime = &to.time
	}
	return true
}

func decodeTime(b []byte, to *timestamppb.Timestamp) bool {
	r := reader{b: b}
	for r.more() {
		switch r.varint() {
		case uint64(tagTimeSeconds):
			to.Seconds = int64(r.varint())
		case uint64(tagTimeNanos):
			to.Nanos = int32(r.varint())
		default:
			return false
		}
	}
	return !r.bad
}

// decodePayload decodes a payload. Its arguments are a part of b unless they are to
// be a copy; attachments, which may be large and kept, always are.
func decodePayload(b []byte, to *hubv1.Payload, clone bool) bool {
	r := reader{b: b}
	for r.more() {
		switch r.varint() {
		case uint64(tagPayloadArgs):
			to.Args = r.bytes()
		case uint64(tagPayloadAttachment):
			to.Attachments = append(to.Attachments, append([]byte{}, r.bytes()...))
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	if clone {
		to.Args = bytes.Clone(to.Args)
	}
	return true
}

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

// done is shared by all settlements that say no more.
var done = &hubv1.Settlement_Done{Done: &hubv1.Done{}}

// request decodes an envelope of a service. Replies are parts of b.
func request(b []byte, to *hubv1.AttachRequest) bool {
	left := countEntries(b)
	envelope := hubv1.AttachRequest{Actions: make([]*hubv1.Action, 0, left)}
	// Settlements share their allocations: the hub carries them out one after the
	// other, at once.
	var slab []action
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagEnvelopeSeq):
			envelope.EnvelopeSeq = r.varint()
		case uint64(tagAckSeq):
			envelope.AckEnvelopeSeq = r.varint()
		case uint64(tagEntry):
			raw := r.bytes()
			if len(slab) == 0 {
				slab = make([]action, min(left, slabSize))
			}
			left--
			if settlement(raw, &slab[0]) {
				envelope.Actions = append(envelope.Actions, &slab[0].Action)
				slab = slab[1:]
				break
			}
			slab[0] = action{}
			a := &hubv1.Action{}
			if r.bad || proto.Unmarshal(raw, a) != nil {
				return false
			}
			envelope.Actions = append(envelope.Actions, a)
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	to.Reset()
	to.EnvelopeSeq, to.AckEnvelopeSeq, to.Actions = envelope.EnvelopeSeq, envelope.AckEnvelopeSeq, envelope.Actions
	return true
}

func settlement(b []byte, to *action) bool {
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
	case reply != nil && empty == nil && decodeReply(reply, to):
		to.outcome.Reply = &to.reply
		to.settlement.Outcome = &to.outcome
	default:
		return false
	}
	to.kind.Settlement = &to.settlement
	to.Kind = &to.kind
	return true
}

func decodeReply(b []byte, to *action) bool {
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
	return decodePayload(payload, &to.payload, false)
}
