package mesh

import (
	"context"

	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// Bus is what an engine must be able to do.
type Bus interface {
	// Send hands frames to the engine in their order. One goroutine calls it; it may block until the engine takes them or ctx
	// ends. After an error nothing is known of what is behind the frame that failed, and nothing is sent again. The slice is
	// used again once Send has returned, and so are the bytes of short foreign messages.
	Send(ctx context.Context, batch []Out) error
	// MaxFrame is the largest message that the engine takes, in bytes: what is larger goes in parts. At least 4 KiB. It is
	// asked for each frame.
	MaxFrame() int
}

// Out is a frame on its way, or what foreign servers understand.
type Out struct {
	Address
	Frame []byte
	// Channel is where a message goes that is no frame of the mesh (Mesh.SendForeign); Address is unused then.
	Channel string
}

// Address says who shall receive a frame. The zero value is every hub, the sender too if the engine likes.
type Address struct {
	// Hub is the one that it is for.
	Hub string
	// Namespace is that in which it is of interest, and Room, unless it is empty, the room.
	Namespace, Room string
}

// lane is that of the frames to an address, and whether they are counted: whoever is in a room of late does not know what
// was sent to it before.
func (a Address) lane() (lane uint64, counted bool) {
	switch {
	case a.Hub != "":
		return wire.Lane("hub " + a.Hub), true
	case a.Namespace != "":
		return namespaceLane(a.Namespace), a.Room == ""
	}
	return wire.LaneAll, true
}

func namespaceLane(namespace string) uint64 { return wire.Lane("namespace " + namespace) }
