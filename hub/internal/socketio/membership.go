package socketio

import "slices"

// membership is what a socket knows of its rooms; which they are the adapter knows. Its fields are guarded by
// Socket.mu.
type membership struct {
	// most is no less than the number of rooms it is in, its own not.
	most int
	// version counts the changes of its rooms since it was accepted.
	version uint64
}

// begin makes the adapter know a socket. Whoever finds it already waits until the adapter knows all of it.
func (m *membership) begin(s *Socket, rooms []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.namespace.adapter.Add(s)
	if len(rooms) > 0 {
		m.most = len(rooms)
		s.namespace.adapter.Join(s, rooms...)
	}
}

// change joins and then leaves rooms, or does nothing when there would be too many.
func (m *membership) change(s *Socket, join, leave []string) bool {
	s.mu.Lock()
	done, changed := m.changeLocked(s, join, leave)
	s.mu.Unlock()
	if server := s.client.server; changed && server.watcher != nil {
		s.client.gate.attend()
		server.tellNotes()
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
		joined = s.namespace.adapter.Join(s, join...)
	}
	if len(leave) > 0 {
		left = s.namespace.adapter.Leave(s, leave...)
	}
	if len(joined)+len(left) == 0 {
		return true, false
	}
	m.version++
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
	rooms := s.namespace.adapter.Rooms(s)
	in := make(map[string]struct{}, len(rooms)+len(join))
	for _, list := range [][]string{rooms, join} {
		for _, room := range list {
			in[room] = struct{}{}
		}
	}
	return len(in)
}

// noteLocked leaves a call of the watcher in the client's gate. change attends it without the lock.
func (m *membership) noteLocked(s *Socket, joined, left []string) {
	change := RoomsChange{Joined: slices.Clone(joined), Left: slices.Clone(left), Version: m.version}
	s.client.gate.leaveNote(func() {
		if s.told { // else it has been told of its end, with all its rooms
			s.client.server.watcher.RoomsChanged(s, change)
		}
	})
}
