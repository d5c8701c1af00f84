package envelope

import (
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// The functions below report false when protobuf has to decide.

// response decodes an envelope of the hub. Owned says that b is used for nothing else:
// what is decoded may be a part of it.
func (c *Codec) response(b []byte, owned bool, to *hubv1.AttachResponse) bool {
	keep := 0
	if owned {
		keep = len(b)
	}
	envelope := hubv1.AttachResponse{Items: make([]*hubv1.Item, 0, countEntries(b))}
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagEnvelopeSeq):
			envelope.EnvelopeSeq = r.varint()
		case uint64(tagAckSeq):
			envelope.AckEnvelopeSeq = r.varint()
		case uint64(tagEntry):
			raw := r.bytes()
			item := c.item(raw, keep)
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

// item decodes an item, or returns nil when it is not hot. Keep is the size of the
// envelope if it is owned, else 0.
func (c *Codec) item(b []byte, keep int) *hubv1.Item {
	r := reader{b: b}
	if len(b) == 0 || r.varint() != uint64(tagItemDelivery) {
		return nil
	}
	b = r.bytes()
	if r.bad || r.more() {
		return nil
	}
	to := &item{}
	var parts deliveryParts
	if !parts.read(b, &to.delivery) || !c.event(parts.event, to, keep) {
		return nil
	}
	if parts.socket != nil {
		if to.delivery.Socket = c.socket(parts.socket); to.delivery.Socket == nil {
			return nil
		}
	}
	if !c.texts(&parts, &to.delivery) {
		return nil
	}
	to.delivery.DedupeId = append(to.dedupe[:0], parts.dedupe...)
	to.body.Event = &to.event
	to.delivery.Body = &to.body
	to.kind.Delivery = &to.delivery
	to.Kind = &to.kind
	return &to.Item
}

// deliveryParts are the fields of a delivery that need more than to be read.
type deliveryParts struct {
	dedupe, socket, event, timeout, parent, state []byte
}

// read reads a delivery. It reports false if it has no event, or anything unusual.
func (p *deliveryParts) read(b []byte, to *hubv1.Delivery) bool {
	for r := (reader{b: b}); r.more(); {
		switch r.varint() {
		case uint64(tagDeliverySeq):
			to.DeliverySeq = r.varint()
		case uint64(tagDeliveryDedupe):
			p.dedupe = r.bytes()
		case uint64(tagDeliveryTry):
			to.Attempt = uint32(r.varint())
		case uint64(tagDeliverySocket):
			p.socket = r.message(p.socket)
		case uint64(tagDeliveryTimeout):
			p.timeout = r.message(p.timeout)
		case uint64(tagDeliverySubscription):
			to.SubscriptionId = uint32(r.varint())
		case uint64(tagDeliveryParent):
			p.parent = r.bytes()
		case uint64(tagDeliveryState):
			p.state = r.bytes()
		case uint64(tagDeliveryEvent):
			p.event = r.message(p.event)
		default:
			return false
		}
		if r.bad {
			return false
		}
	}
	return p.event != nil
}

// texts decodes the time-out and the trace of a delivery.
func (c *Codec) texts(p *deliveryParts, to *hubv1.Delivery) bool {
	if !utf8.Valid(p.parent) || !utf8.Valid(p.state) {
		return false
	}
	// They are the same for all deliveries of a browser.
	to.Traceparent, to.Tracestate = c.name(p.parent), c.name(p.state)
	if p.timeout == nil {
		return true
	}
	var ok bool
	to.SettleTimeout = &durationpb.Duration{}
	to.SettleTimeout.Seconds, to.SettleTimeout.Nanos, ok = decodeSpan(p.timeout)
	return ok
}

// event decodes an event.
func (c *Codec) event(b []byte, to *item, keep int) bool {
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
	if !utf8.Valid(name) {
		return false
	}
	to.event.Name = c.name(name)
	if payload != nil {
		if !decodePayload(payload, &to.payload) {
			return false
		}
		to.payload.Args = own(to.payload.Args, keep)
		ownAttachments(&to.payload, keep)
		to.event.Payload = &to.payload
	}
	if time == nil {
		return true
	}
	var ok bool
	to.event.ReceiveTime = &to.time
	to.time.Seconds, to.time.Nanos, ok = decodeSpan(time)
	return ok
}

// decodeSpan decodes a Timestamp or a Duration: their fields are the same.
func decodeSpan(b []byte) (seconds int64, nanos int32, ok bool) {
	r := reader{b: b}
	for r.more() {
		switch r.varint() {
		case uint64(tagTimeSeconds):
			seconds = int64(r.varint())
		case uint64(tagTimeNanos):
			nanos = int32(r.varint())
		default:
			return 0, 0, false
		}
	}
	return seconds, nanos, !r.bad
}
