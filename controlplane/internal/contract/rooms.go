package contract

import (
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// LeaveOutRooms shortens the rooms of a connected or disconnected until it has at most so
// many bytes, and says in it how many are left out. It reports whether that was enough.
func LeaveOutRooms(item *hubv1.Item, most int) bool {
	var rooms *[]string
	var leftOut *uint32
	switch body := item.GetDelivery().GetBody().(type) {
	case *hubv1.Delivery_Connected:
		rooms, leftOut = &body.Connected.Rooms, &body.Connected.RoomsLeftOut
	case *hubv1.Delivery_Disconnected:
		rooms, leftOut = &body.Disconnected.Rooms, &body.Disconnected.RoomsLeftOut
	default:
		return false
	}
	all := *rooms
	*leftOut = uint32(len(all)) // at its longest, for the size
	*rooms = nil
	left := most - proto.Size(item) - EnvelopeMargin // the lengths of what surrounds them grow, too
	n := 0
	for ; n < len(all); n++ {
		if left -= len(all[n]) + roomHead; left < 0 {
			break
		}
	}
	*rooms, *leftOut = all[:n:n], uint32(len(all)-n)
	return proto.Size(item) <= most
}

// roomHead is the most that a room takes beside its name: its tag and length.
const roomHead = 4
