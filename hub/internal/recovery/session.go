package recovery

import "container/list"

// state is where a session is in its life.
type state uint8

const (
	live     state = iota
	leaving        // it has left, and who has to hear of that has not yet
	away           // it may be taken up
	reserved       // somebody is about to
	ended          // it never comes back
)

// had reports whether somebody has the session, who will let go of it.
func (s state) had() bool { return s != away && s != ended }

// Session is one socket over all its connections.
type Session struct {
	// set at construction
	pid, id, user string
	namespace     string

	// Trail and Kept belong to whoever made the session. Kept is what it wants to have when the session comes back.
	Trail Trail
	Kept  any

	// Guarded by Store.mu.
	state state
	size  int64         // what it counts while it is away
	place *list.Element // in Store.away: away, or reserved
	// holder is whoever has reserved it last, and may have taken it up. Nil while it is away.
	holder any
	// waiting are those who want to take it up and have come before it has left, or while somebody else was about to.
	waiting []*Wait
}

// PID is the private id, a secret between hub and browser.
func (s *Session) PID() string { return s.pid }

// ID is the id of its socket. Session is a rooms.Member.
func (s *Session) ID() string { return s.id }

// User is the user of its socket.
func (s *Session) User() string { return s.user }

// Namespace is that of its socket.
func (s *Session) Namespace() string { return s.namespace }

// Missed collects what a session has missed, in steps.
type Missed struct {
	session *Session
	log     *Log
	at      uint64
	rooms   roomSet
	changes int // those of Trail.changes that are in rooms
	buf     [256]*Entry
}

// Miss begins to look for what a session that is away, and in these rooms, has missed behind a position.
func (s *Session) Miss(l *Log, from uint64, rooms []string) *Missed {
	m := &Missed{session: s, log: l, at: from, rooms: s.Trail.roomsAt(from, rooms)}
	for m.changes < len(s.Trail.changes) && s.Trail.changes[m.changes].at < from {
		m.changes++
	}
	return m
}

// Next calls yield for each of the next entries that were for the session, of some hundreds that it looks at, and says
// whether it has come to the end of the log. ok is false if some that it had to look at have gone. The session's
// changes of rooms up to the last of them have to be known.
func (m *Missed) Next(yield func(*Entry)) (end, ok bool) {
	n, ok := m.log.Read(m.at, m.buf[:])
	if !ok {
		return false, false
	}
	t := &m.session.Trail
	for i, e := range m.buf[:n] {
		m.buf[i] = nil
		m.at++
		for ; m.changes < len(t.changes) && t.changes[m.changes].at < m.at; m.changes++ {
			m.rooms.change(t.changes[m.changes].room, t.changes[m.changes].joined)
		}
		if m.session.matches(&e.Target, m.rooms) {
			t.last = m.at
			yield(e)
		}
	}
	return n < len(m.buf), true
}
