package recovery

import (
	"slices"
	"time"
)

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
	at := slices.Index(w.of.waiting, w)
	if at < 0 {
		return false
	}
	w.of.waiting = slices.Delete(w.of.waiting, at, at+1)
	return true
}

// wakeLocked takes those who wait for a session, if nobody has it any more. They are taken where it is let go: a moment
// later somebody else may have it, who wakes them only by letting go of it, too. The caller holds Store.mu.
func (s *Session) wakeLocked() (waiting []*Wait) {
	if !s.state.had() {
		waiting, s.waiting = s.waiting, nil
	}
	return waiting
}

// wake calls those who have waited. It is called with no lock held.
func wake(waiting []*Wait) {
	for _, w := range waiting {
		w.timer.Stop()
		w.left()
	}
}
