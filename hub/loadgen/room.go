package loadgen

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"
)

// rooms spreads the connections over rooms and keeps some triggers under way, each
// in another room. A room is free again when its message has arrived at all members.
type rooms struct {
	r   *run
	all []*room
	// free are the rooms without a trigger under way, slots the triggers that may
	// still be started.
	free  chan *room
	slots chan struct{}
}

type room struct {
	name    string
	message []byte
	members int64
	// sender is the member that triggers; set by the first that joins.
	sender *client
	began  stamp
	left   atomic.Int64
}

func newRooms(r *run) *rooms {
	count := r.config.Rooms
	rs := &rooms{r: r, free: make(chan *room, count), slots: make(chan struct{}, r.config.InFlight)}
	for i := range count {
		name := fmt.Sprintf("room-%d", i)
		members := r.config.Connections / count
		if i < r.config.Connections%count {
			members++
		}
		rs.all = append(rs.all, &room{
			name: name, members: int64(members), message: event(0, "room", `"`+name+`",`+data(r.config.PayloadBytes)),
		})
	}
	return rs
}

var roomHead = []byte(`2["room"`)

func (rs *rooms) prepare(c *client, i int) error {
	room := rs.all[i%len(rs.all)]
	if i < len(rs.all) {
		room.sender = c
	}
	c.take = func(_ *client, packet []byte) {
		if !bytes.HasPrefix(packet, roomHead) {
			return
		}
		rs.r.done(&room.began)
		if room.left.Add(-1) == 0 {
			rs.free <- room
			rs.slots <- struct{}{}
		}
	}
	return c.call("join", `"`+room.name+`"`)
}

func (rs *rooms) start(ctx context.Context) {
	for range rs.r.config.InFlight {
		rs.slots <- struct{}{}
	}
	for _, room := range rs.all {
		rs.free <- room
	}
	rs.r.spawn(func() {
		for {
			select {
			case <-rs.slots:
			case <-ctx.Done():
				return
			}
			select {
			case room := <-rs.free:
				room.began.set()
				room.left.Store(room.members)
				_ = room.sender.send(room.message) // an error shows in the reader
			case <-ctx.Done():
				return
			}
		}
	})
}
