package contract

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// EventItem has all messages of an event's delivery, so that they are one
// allocation, or one for a whole envelope.
type EventItem struct {
	item     hubv1.Item
	kind     hubv1.Item_Delivery
	delivery hubv1.Delivery
	body     hubv1.Delivery_Event
	event    hubv1.Event
	payload  hubv1.Payload
	time     timestamppb.Timestamp
	dedupe   [16]byte
}

// Fill makes the item of an event of a try, and returns the delivery in it, too, for what
// this does not know. The arguments are passed on as they are.
func (to *EventItem) Fill(t *dispatch.Try, dedupe [16]byte) (*hubv1.Item, *hubv1.Delivery) {
	e := t.Body.(*hub.Event)
	to.payload.Args, to.payload.Attachments = e.Args, e.Attachments
	to.time.Seconds, to.time.Nanos = e.ReceiveTime.Unix(), int32(e.ReceiveTime.Nanosecond())
	to.event.Name, to.event.Payload, to.event.WantsAck = e.Name, &to.payload, e.WantsAck
	to.event.ReceiveTime = &to.time
	to.body.Event = &to.event
	to.dedupe = dedupe
	to.delivery.DeliverySeq, to.delivery.Attempt, to.delivery.DedupeId = t.Seq, t.Attempt, to.dedupe[:]
	to.delivery.Body = &to.body
	to.kind.Delivery = &to.delivery
	to.item.Kind = &to.kind
	return &to.item, &to.delivery
}
