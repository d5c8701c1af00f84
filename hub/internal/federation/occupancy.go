package federation

import (
	"sync"

	"github.com/siohub/siohub/hub/cluster"
)

// Occupancy tells a cluster which rooms are occupied: by those who are connected, or by those who are away.
type Occupancy struct {
	rooms cluster.RoomSubscriber // set at construction

	mu sync.Mutex // guards counts; held while the cluster is told, so that it hears of one room in order
	// counts are 1 to 4 for each room: a socket's own, where it is told of, counts beside one of its name.
	counts map[key]int
}

type key struct{ namespace, room string }

// NewOccupancy returns one of nobody.
func NewOccupancy(rooms cluster.RoomSubscriber) *Occupancy {
	return &Occupancy{rooms: rooms, counts: make(map[key]int)}
}

// Change is socketio.Elsewhere.RoomOccupied.
func (o *Occupancy) Change(namespace, room string, occupied bool) {
	k := key{namespace, room}
	o.mu.Lock()
	defer o.mu.Unlock()
	if occupied {
		if o.counts[k]++; o.counts[k] == 1 {
			o.rooms.Room(namespace, room, true)
		}
		return
	}
	if o.counts[k]--; o.counts[k] == 0 {
		delete(o.counts, k)
		o.rooms.Room(namespace, room, false)
	}
}
