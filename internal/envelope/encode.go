package envelope

import (
	"unicode/utf8"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Tags of the hot messages: field number and wire type, one byte each.
const (
	tagEnvelopeSeq = 1<<3 | byte(protowire.VarintType)
	tagAckSeq      = 2<<3 | byte(protowire.VarintType)
	tagEntry       = 3<<3 | byte(protowire.BytesType) // Items, Actions

	tagItemDelivery     = 2<<3 | byte(protowire.BytesType)
	tagActionSettlement = 2<<3 | byte(protowire.BytesType)

	tagDeliverySeq    = 1<<3 | byte(protowire.VarintType) // of Delivery and Settlement
	tagDeliveryDedupe = 2<<3 | byte(protowire.BytesType)
	tagDeliveryTry    = 3<<3 | byte(protowire.VarintType)
	tagDeliverySocket = 4<<3 | byte(protowire.BytesType)
	tagDeliveryEvent  = 12<<3 | byte(protowire.BytesType)

	tagSocketID        = 1<<3 | byte(protowire.BytesType)
	tagSocketNamespace = 2<<3 | byte(protowire.BytesType)
	tagSocketUser      = 3<<3 | byte(protowire.BytesType)
	tagSocketData      = 4<<3 | byte(protowire.BytesType)
	tagSocketVersion   = 5<<3 | byte(protowire.VarintType)

	tagEventName     = 1<<3 | byte(protowire.BytesType)
	tagEventPayload  = 2<<3 | byte(protowire.BytesType)
	tagEventWantsAck = 3<<3 | byte(protowire.VarintType)
	tagEventTime     = 4<<3 | byte(protowire.BytesType)

	tagTimeSeconds = 1<<3 | byte(protowire.VarintType)
	tagTimeNanos   = 2<<3 | byte(protowire.VarintType)

	tagPayloadArgs       = 1<<3 | byte(protowire.BytesType)
	tagPayloadAttachment = 2<<3 | byte(protowire.BytesType)

	tagSettlementDone  = 2<<3 | byte(protowire.BytesType)
	tagSettlementReply = 3<<3 | byte(protowire.BytesType)

	tagReplyPayload = 1<<3 | byte(protowire.BytesType)
)

// encode encodes an envelope.
func encode[T any](seq, ack uint64, entries []T, sizeOf func(T) int, appendTo func([]byte, T) ([]byte, error)) (mem.BufferSlice, error) {
	size := sizeVarint(seq) + sizeVarint(ack)
	var few [64]int
	sizes := few[:0]
	for _, e := range entries {
		n := sizeOf(e)
		sizes = append(sizes, n)
		size += sizeBytes(n)
	}
	var b []byte
	pool, pooled := mem.DefaultBufferPool(), (*[]byte)(nil)
	if mem.IsBelowBufferPoolingThreshold(size) {
		b = make([]byte, 0, size)
	} else {
		pooled = pool.Get(size)
		b = (*pooled)[:0]
	}
	b = appendVarint(b, tagEnvelopeSeq, seq)
	b = appendVarint(b, tagAckSeq, ack)
	var err error
	for i, e := range entries {
		b = appendHead(b, tagEntry, sizes[i])
		if b, err = appendTo(b, e); err != nil {
			break
		}
	}
	switch {
	case err != nil && pooled != nil:
		pool.Put(pooled)
		return nil, err
	case err != nil:
		return nil, err
	case pooled == nil:
		return mem.BufferSlice{mem.SliceBuffer(b)}, nil
	}
	*pooled = b
	return mem.BufferSlice{mem.NewBuffer(pooled, pool)}, nil
}

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
	if s := d.Socket; s != nil && !(utf8.ValidString(s.Id) && utf8.ValidString(s.Namespace) && utf8.ValidString(s.User)) {
		return nil, nil
	}
	return d, body.Event
}

func sizeItem(i *hubv1.Item) int {
	d, e := eventOf(i)
	if e == nil {
		return proto.Size(i)
	}
	return sizeBytes(sizeDelivery(d, sizeEvent(e)))
}

func appendItem(b []byte, i *hubv1.Item) ([]byte, error) {
	d, e := eventOf(i)
	if e == nil {
		return proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(b, i)
	}
	event := sizeEvent(e)
	b = appendHead(b, tagItemDelivery, sizeDelivery(d, event))
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
	}
	b = appendHead(b, tagDeliveryEvent, event)
	b = appendBytes(b, tagEventName, e.Name)
	b = appendPayload(b, tagEventPayload, e.Payload)
	if e.WantsAck {
		b = append(b, tagEventWantsAck, 1)
	}
	if t := e.ReceiveTime; t != nil {
		b = appendHead(b, tagEventTime, sizeTime(t))
		b = appendVarint(b, tagTimeSeconds, uint64(t.Seconds))
		b = appendVarint(b, tagTimeNanos, uint64(t.Nanos))
	}
	return b, nil
}

func sizeDelivery(d *hubv1.Delivery, event int) int {
	n := sizeVarint(d.DeliverySeq) + sizeField(len(d.DedupeId)) + sizeVarint(uint64(d.Attempt)) + sizeBytes(event)
	if d.Socket != nil {
		n += sizeBytes(sizeSocket(d.Socket))
	}
	return n
}

func sizeSocket(s *hubv1.Socket) int {
	return sizeField(len(s.Id)) + sizeField(len(s.Namespace)) + sizeField(len(s.User)) +
		sizeField(len(s.Data)) + sizeVarint(s.DataVersion)
}

func sizeEvent(e *hubv1.Event) int {
	n := sizeField(len(e.Name)) + sizePayload(e.Payload)
	if e.WantsAck {
		n += 2
	}
	if e.ReceiveTime != nil {
		n += sizeBytes(sizeTime(e.ReceiveTime))
	}
	return n
}

func sizeTime(t *timestamppb.Timestamp) int {
	return sizeVarint(uint64(t.Seconds)) + sizeVarint(uint64(t.Nanos))
}

// outcomeOf returns a settlement that is hot, and its reply; done has none.
func outcomeOf(a *hubv1.Action) (*hubv1.Settlement, *hubv1.Reply) {
	kind, ok := a.GetKind().(*hubv1.Action_Settlement)
	if !ok || kind == nil || kind.Settlement == nil || len(kind.Settlement.Commands) > 0 {
		return nil, nil
	}
	switch o := kind.Settlement.Outcome.(type) {
	case *hubv1.Settlement_Done:
		if o != nil && o.Done != nil {
			return kind.Settlement, nil
		}
	case *hubv1.Settlement_Reply:
		if o != nil && o.Reply != nil {
			return kind.Settlement, o.Reply
		}
	}
	return nil, nil
}

func sizeAction(a *hubv1.Action) int {
	s, reply := outcomeOf(a)
	if s == nil {
		return proto.Size(a)
	}
	return sizeBytes(sizeSettlement(s, reply))
}

func appendAction(b []byte, a *hubv1.Action) ([]byte, error) {
	s, reply := outcomeOf(a)
	if s == nil {
		return proto.MarshalOptions{UseCachedSize: true}.MarshalAppend(b, a)
	}
	b = appendHead(b, tagActionSettlement, sizeSettlement(s, reply))
	b = appendVarint(b, tagDeliverySeq, s.DeliverySeq)
	if reply == nil {
		return append(b, tagSettlementDone, 0), nil
	}
	b = appendHead(b, tagSettlementReply, sizePayload(reply.Payload))
	return appendPayload(b, tagReplyPayload, reply.Payload), nil
}

func sizeSettlement(s *hubv1.Settlement, reply *hubv1.Reply) int {
	n := sizeVarint(s.DeliverySeq)
	if reply == nil {
		return n + 2
	}
	return n + sizeBytes(sizePayload(reply.Payload))
}
