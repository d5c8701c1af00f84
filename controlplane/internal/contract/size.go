package contract

import (
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// EnvelopeMargin is kept free for what surrounds the items of an envelope.
const EnvelopeMargin = 1 << 10

// DeliveryBytes is about what a delivery takes beside its payload.
const DeliveryBytes = 192

// RoughSize is about the size of an item on the wire, never less than it by more
// than a little. It is exact where the item is not on the hot path.
func RoughSize(item *hubv1.Item) int {
	switch kind := item.Kind.(type) {
	case *hubv1.Item_Delivery:
		body, ok := kind.Delivery.Body.(*hubv1.Delivery_Event)
		if !ok {
			break
		}
		size := DeliveryBytes + len(body.Event.Name) + len(body.Event.Payload.Args) +
			len(kind.Delivery.Socket.GetNamespace()) + len(kind.Delivery.Socket.GetUser()) +
			len(kind.Delivery.Socket.GetData())
		for _, a := range body.Event.Payload.Attachments {
			size += len(a) + 8
		}
		return size
	case *hubv1.Item_Result:
		if kind.Result.Ack == nil && kind.Result.Status == nil {
			return 64
		}
	}
	return proto.Size(item)
}
