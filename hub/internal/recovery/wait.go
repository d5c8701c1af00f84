package recovery

import "time"

// Wait is somebody who waits for a session that is live, or reserved: it may be that the connection of whoever has it is
// dead, and that the hub is just about to hear of it.
type Wait struct {
	of    *Session
	left  func()
	timer *time.Timer
}

// Await calls left, from Depart or Return, once a session that somebody has is away or has ended, and late if it has
// not in that time: the wait goes on, and Forgo ends it. It reports false, and never calls, if nobody has the session any
// more.
func (s *Store) Await(one *Session, left func(), by time.Duration, late func(*Wait)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !one.state.had() {
		return false
	}
	w := &Wait{of: one, left: left}
	w.timer = time.AfterFunc(by, func() { late(w) })
	one.waiting = append(one.waiting, w)
	return true
}

// Forgo ends a wait, and reports whether it was there: else it has called, or is about to.
func (s *Store) Forgo(w *Wait) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range w.of.waiting {
		if other == w {
			w.of.waiting = append(w.of.waiting[:i:i], w.of.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// wake calls those who wait for a session that nobody has any more.
func (s *Store) wake(one *Session) {
	s.mu.Lock()
	var waiting []*Wait
	if !one.state.had() {
		waiting, one.waiting = one.waiting, nil
	}
	s.mu.Unlock()
	for _, w := range waiting {
		w.timer.Stop()
		w.left()
	}
}
