package socketio

import (
	"hash/maphash"
	"math/bits"

	"github.com/siohub/siohub/hub/internal/rooms"
)

// noteLanes spreads notes over gates, so that those about different names do not wait for each other.
const noteLanes = 16

var noteSeed = maphash.MakeSeed()

// watch is what the table of those who are connected tells.
func (n *namespace) watch() (w rooms.Watch) {
	if n.server.watcher != nil {
		w.UserPresent = n.userPresent
	}
	if n.server.watcher != nil || n.server.elsewhere.RoomOccupied != nil {
		w.RoomOccupied = n.roomOccupied
	}
	w.Own = n.watchOwn()
	return w
}

// watchOwn is what a table tells of sockets' own rooms. Nil: nobody asks.
func (n *namespace) watchOwn() func(id string, there bool) {
	e := &n.server.elsewhere
	if e.RoomOccupied == nil || !e.OwnRooms {
		return nil
	}
	return func(id string, there bool) {
		n.note(id, func() { e.RoomOccupied(n.name, id, there) })
	}
}

// watchAway is what the table of those who are away tells.
func (n *namespace) watchAway() (w rooms.Watch) {
	if elsewhere := n.server.elsewhere.RoomOccupied; elsewhere != nil {
		w.RoomOccupied = func(room string, occupied bool) {
			n.note(room, func() { elsewhere(n.name, room, occupied) })
		}
	}
	w.Own = n.watchOwn()
	return w
}

// roomOccupied is rooms.Watch.RoomOccupied.
func (n *namespace) roomOccupied(room string, occupied bool) {
	n.note(room, func() {
		if w := n.server.watcher; w != nil {
			w.RoomOccupied(n.name, room, occupied)
		}
		if elsewhere := n.server.elsewhere.RoomOccupied; elsewhere != nil {
			elsewhere(n.name, room, occupied)
		}
	})
}

// userPresent is rooms.Watch.UserPresent.
func (n *namespace) userPresent(user string, present bool) {
	n.note(user, func() { n.server.watcher.UserPresent(n.name, user, present) })
}

// note leaves a call of the watcher while the table holds its lock on the name, so that the calls for one
// name are in the order of what happened to it. The gates are the server's: a namespace that is forgotten and
// made anew goes on in the same one.
func (n *namespace) note(name string, call func()) {
	lane := maphash.String(noteSeed, name) % noteLanes
	n.server.notes[lane].leaveNote(n.server.trace.guarded(call))
	n.server.noted.Or(1 << lane)
}

// tells reports whether anybody is told of rooms.
func (s *Server) tells() bool { return s.watcher != nil || s.elsewhere.RoomOccupied != nil }

// tellNotes makes the calls that were left. Whoever changed rooms calls it afterwards, without a lock.
func (s *Server) tellNotes() {
	if !s.tells() {
		return
	}
	for lanes := s.noted.Swap(0); lanes != 0; lanes &= lanes - 1 {
		s.notes[bits.TrailingZeros32(lanes)].attend()
	}
}

// HandleUpgrade implements engineio.UpgradeHandler.
func (c *client) HandleUpgrade() {
	if c.server.watcher == nil {
		return
	}
	c.post(func() {
		for _, at := range c.seats {
			if at.socket != nil && at.socket.told {
				c.server.watcher.Upgraded(at.socket)
			}
		}
	})
}
