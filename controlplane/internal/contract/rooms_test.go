package contract

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Who is in more rooms than an envelope has room for still comes and leaves.
func TestRooms_AreLeftOutWhereTheyDoNotFit(t *testing.T) {
	rooms := make([]string, 25_000)
	for i := range rooms {
		rooms[i] = fmt.Sprint(strings.Repeat("r", 200), i)
	}
	for name, body := range map[string]func() *hubv1.Delivery{
		"connected": func() *hubv1.Delivery {
			return &hubv1.Delivery{Body: &hubv1.Delivery_Connected{Connected: &hubv1.Connected{Rooms: rooms}}}
		},
		"disconnected": func() *hubv1.Delivery {
			return &hubv1.Delivery{Body: &hubv1.Delivery_Disconnected{Disconnected: &hubv1.Disconnected{Rooms: rooms}}}
		},
	} {
		item := &hubv1.Item{Kind: &hubv1.Item_Delivery{Delivery: body()}}
		if !LeaveOutRooms(item, 4<<20) || proto.Size(item) > 4<<20 || proto.Size(item) < 4<<20-64<<10 {
			t.Errorf("%s: %d bytes", name, proto.Size(item))
		}
		got, out := item.GetDelivery().GetConnected().GetRooms(), item.GetDelivery().GetConnected().GetRoomsLeftOut()
		if name == "disconnected" {
			got, out = item.GetDelivery().GetDisconnected().GetRooms(), item.GetDelivery().GetDisconnected().GetRoomsLeftOut()
		}
		if len(got)+int(out) != len(rooms) || out == 0 || got[0] != rooms[0] {
			t.Errorf("%s: %d rooms, %d left out", name, len(got), out)
		}
	}
	if LeaveOutRooms(&hubv1.Item{}, 10) {
		t.Error("an item without rooms was made to fit")
	}
}
