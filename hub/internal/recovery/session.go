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

	// carried is what it may have missed elsewhere, and past what it has not. They belong to whoever made the session.
	carried *Carriage
	past    *Past

	// Trail and Kept belong to whoever made the session. Kept is what it wants to have when the session comes back.
	Trail Trail
	Kept  any

	// Guarded by Store.mu.
	state state
	goes  bool          // LetGo was called
	size  int64         // what it counts while it is away
	place *list.Element // in departures: away, or reserved
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
	next    int // the number of the first change of Trail that is not in rooms
	buf     [256]*Entry
}

// Miss begins to look for what a session that is away, and in these rooms, has missed behind a position.
//
// Errors: ErrMoved.
func (s *Session) Miss(l *Log, from uint64, rooms []string) (*Missed, error) {
	was, next, ok := s.Trail.roomsAt(from, rooms)
	if !ok {
		return nil, ErrMoved
	}
	return &Missed{session: s, log: l, at: from, rooms: was, next: next}, nil
}

// Next calls yield for each of the next entries that were for the session, of some hundreds that it looks at, and says
// whether it has come to the end of the log. The rooms of the session may change from one call to the next.
//
// Errors: ErrGone, ErrMoved.
func (m *Missed) Next(yield func(*Entry)) (end bool, err error) {
	n, ok := m.log.Read(m.at, m.buf[:])
	t := &m.session.Trail
	switch {
	case !ok:
		return false, ErrGone
	case m.next < t.forgotten:
		return false, ErrMoved
	}
	for i, e := range m.buf[:n] {
		m.buf[i] = nil
		m.at++
		for ; m.next < t.forgotten+len(t.changes); m.next++ {
			c := t.changes[m.next-t.forgotten]
			if c.At >= m.at {
				break
			}
			m.rooms.change(c.room, c.joined)
		}
		if m.session.matches(&e.Target, m.rooms) && !m.session.Had(&e.mark) {
			t.last = e.point
			yield(e)
		}
	}
	return n < len(m.buf), nil
}
