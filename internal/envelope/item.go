package envelope

import (
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// eventOf returns the event of a delivery that is hot, with its delivery.
func eventOf(i *hubv1.Item) (*hubv1.Delivery, *hubv1.Event) {
	kind, ok := i.GetKind().(*hubv1.Item_Delivery)
	if !ok || kind == nil || kind.Delivery == nil {
		return nil, nil
	}
	d := kind.Delivery
	body, ok := d.Body.(*hubv1.Delivery_Event)
	if !ok || body == nil || body.Event == nil || !utf8.ValidString(body.Event.Name) {
		return nil, nil
	}
	if !valid(d.Traceparent, d.Tracestate) {
		return nil, nil
	}
	if s := d.Socket; s != nil && !valid(s.Id, s.Namespace, s.User, s.HubId, s.Transport, s.ClientId) {
		return nil, nil
	}
	return d, body.Event
}

// valid reports whether all texts are UTF-8.
func valid(texts ...string) bool {
	for _, t := range texts {
		if !utf8.ValidString(t) {
			return false
		}
	}
	return true
}

func sizeItem(i *hubv1.Item) int {
	d, e := eventOf(i)
	if e == nil {
		return proto.Size(i)
	}
	return sizeBytes(sizeDelivery(d, sizeEvent(e)))
}

func (w *writer) item(i *hubv1.Item) error {
	d, e := eventOf(i)
	if e == nil {
		return w.message(i)
	}
	event := sizeEvent(e)
	w.b = appendHead(w.b, tagItemDelivery, sizeDelivery(d, event))
	w.b = appendDelivery(w.b, d)
	w.b = appendHead(w.b, tagDeliveryEvent, event)
	w.b = appendBytes(w.b, tagEventName, e.Name)
	w.payload(tagEventPayload, e.Payload)
	if e.WantsAck {
		w.b = append(w.b, tagEventWantsAck, 1)
	}
	if t := e.ReceiveTime; t != nil {
		w.b = appendSpan(w.b, tagEventTime, t.Seconds, t.Nanos)
	}
	return nil
}

// appendDelivery appends what stands before the body of a delivery.
func appendDelivery(b []byte, d *hubv1.Delivery) []byte {
	b = appendVarint(b, tagDeliverySeq, d.DeliverySeq)
	b = appendBytes(b, tagDeliveryDedupe, d.DedupeId)
	b = appendVarint(b, tagDeliveryTry, uint64(d.Attempt))
	if s := d.Socket; s != nil {
		b = appendHead(b, tagDeliverySocket, sizeSocket(s))
		b = appendBytes(b, tagSocketID, s.Id)
		b = appendBytes(b, tagSocketNamespace, s.Namespace)
		b = appendBytes(b, tagSocketUser, s.User)
		b = appendBytes(b, tagSocketData, s.Data)
		b = appendVarint(b, tagSocketVersion, s.DataVersion)
		b = appendBytes(b, tagSocketHub, s.HubId)
		b = appendBytes(b, tagSocketTransport, s.Transport)
		b = appendBytes(b, tagSocketClient, s.ClientId)
	}
	if t := d.SettleTimeout; t != nil {
		b = appendSpan(b, tagDeliveryTimeout, t.Seconds, t.Nanos)
	}
	b = appendVarint(b, tagDeliverySubscription, uint64(d.SubscriptionId))
	b = appendBytes(b, tagDeliveryParent, d.Traceparent)
	return appendBytes(b, tagDeliveryState, d.Tracestate)
}

func sizeDelivery(d *hubv1.Delivery, event int) int {
	n := sizeVarint(d.DeliverySeq) + sizeField(len(d.DedupeId)) + sizeVarint(uint64(d.Attempt)) +
		sizeVarint(uint64(d.SubscriptionId)) + sizeField(len(d.Traceparent)) + sizeField(len(d.Tracestate)) +
		sizeBytes(event)
	if t := d.SettleTimeout; t != nil {
		n += sizeBytes(sizeSpan(t.Seconds, t.Nanos))
	}
	if d.Socket != nil {
		n += sizeBytes(sizeSocket(d.Socket))
	}
	return n
}

func sizeSocket(s *hubv1.Socket) int {
	return sizeField(len(s.Id)) + sizeField(len(s.Namespace)) + sizeField(len(s.User)) +
		sizeField(len(s.Data)) + sizeVarint(s.DataVersion) +
		sizeField(len(s.HubId)) + sizeField(len(s.Transport)) + sizeField(len(s.ClientId))
}

func sizeEvent(e *hubv1.Event) int {
	n := sizeField(len(e.Name)) + sizePayload(e.Payload)
	if e.WantsAck {
		n += 2
	}
	if t := e.ReceiveTime; t != nil {
		n += sizeBytes(sizeSpan(t.Seconds, t.Nanos))
	}
	return n
}
