package socketio

import (
	"maps"
	"slices"
)

// membership is what a socket knows of its rooms; which they are the table knows. Its fields are guarded by
// Socket.mu.
type membership struct {
	// most is no less than the number of rooms it is in, its own not.
	most int
	// version counts the changes of its rooms since it was accepted.
	version uint64
	// untold are rooms that were joined (true) or left and of which the watcher has not heard yet. Nil: none. Not nil:
	// a note is in the client's gate, or has come to nothing.
	untold map[string]bool
}

// begin makes the table know a socket, and calls then with the lock held. Whoever finds the socket already waits until the
// table knows all of it and that has been done.
func (m *membership) begin(s *Socket, rooms []string, then func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.namespace.rooms.Add(s)
	if len(rooms) > 0 {
		m.most = len(rooms)
		s.namespace.rooms.Join(s, rooms...)
	}
	then()
}

// change joins and then leaves rooms, or does nothing when there would be too many.
func (m *membership) change(s *Socket, join, leave []string) bool {
	r := s.namespace.recovering
	r.lock()
	s.mu.Lock()
	done, changed := m.changeLocked(s, join, leave)
	s.mu.Unlock()
	r.unlock()
	if server := s.client.server; changed && server.notes.heard {
		s.client.gate.attend()
		server.notes.tell()
	}
	return done
}

func (m *membership) changeLocked(s *Socket, join, leave []string) (done, changed bool) {
	if s.end != nil {
		return false, false
	}
	var joined, left []string
	if len(join) > 0 {
		if !m.fitsLocked(s, join) {
			return false, false
		}
		joined = s.namespace.rooms.Join(s, join...)
	}
	if len(leave) > 0 {
		left = s.namespace.rooms.Leave(s, leave...)
	}
	if len(joined)+len(left) == 0 {
		return true, false
	}
	m.version++
	if s.recovery != nil {
		s.recovery.Trail.Moved(s.namespace.recovering.log.Head(), joined, left)
		s.client.server.keeper.touch(s.recovery)
	}
	if s.client.server.watcher != nil {
		m.noteLocked(s, joined, left)
	}
	return true, true
}

// fitsLocked reports whether it may be in these rooms too. They are looked through only when a count that takes
// every room for a new one, and hears of no leaving, comes to the limit: one that has 100 rooms joins the next
// one as fast as the first.
func (m *membership) fitsLocked(s *Socket, join []string) bool {
	limit := s.client.server.limits.Rooms
	if m.most+len(join) <= limit {
		m.most += len(join)
		return true
	}
	with := roomsWith(s, join)
	if with > limit {
		return false
	}
	m.most = with
	return true
}

// roomsWith counts the rooms a socket would be in.
func roomsWith(s *Socket, join []string) int {
	return withRooms(s.namespace.rooms.Rooms(s), join)
}

// withRooms counts rooms and those beside them.
func withRooms(rooms, join []string) int {
	in := make(map[string]struct{}, len(rooms)+len(join))
	for _, list := range [][]string{rooms, join} {
		for _, room := range list {
			in[room] = struct{}{}
		}
	}
	return len(in)
}

// noteLocked leaves a call of the watcher in the client's gate, which change attends without the lock. While one
// waits there it takes along what else changes: whoever changes rooms faster than they are told makes no queue. A room
// that was joined and left again since is told as left: whoever has asked for the rooms in between takes it for joined.
func (m *membership) noteLocked(s *Socket, joined, left []string) {
	first := m.untold == nil
	if first {
		m.untold = make(map[string]bool, len(joined)+len(left))
	}
	for _, room := range joined {
		m.untold[room] = true
	}
	for _, room := range left {
		m.untold[room] = false
	}
	if first {
		s.client.gate.leaveNote(s.client.guarded(func() { m.tell(s) }))
	}
}

// tell tells what has not been told. In the gate.
func (m *membership) tell(s *Socket) {
	s.mu.Lock()
	untold, change := m.untold, RoomsChange{Version: m.version}
	m.untold = nil
	s.mu.Unlock()
	if untold == nil || !s.told {
		return // it has been told, before its end at the latest
	}
	for _, room := range slices.Sorted(maps.Keys(untold)) {
		if untold[room] {
			change.Joined = append(change.Joined, room)
		} else {
			change.Left = append(change.Left, room)
		}
	}
	s.client.server.watcher.RoomsChanged(s, change)
}
