package socketio

import "github.com/siohub/siohub/hub/internal/rooms"

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
		n.server.notes.leave(id, func() { e.RoomOccupied(n.name, id, there) })
	}
}

// watchAway is what the table of those who are away tells.
func (n *namespace) watchAway() (w rooms.Watch) {
	if elsewhere := n.server.elsewhere.RoomOccupied; elsewhere != nil {
		w.RoomOccupied = func(room string, occupied bool) {
			n.server.notes.leave(room, func() { elsewhere(n.name, room, occupied) })
		}
	}
	w.Own = n.watchOwn()
	return w
}

// roomOccupied is rooms.Watch.RoomOccupied.
func (n *namespace) roomOccupied(room string, occupied bool) {
	n.server.notes.leave(room, func() {
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
	n.server.notes.leave(user, func() { n.server.watcher.UserPresent(n.name, user, present) })
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
