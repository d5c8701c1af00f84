package recovery

import "time"

// Grow counts what a session that is away has become larger by, and reports false if that is too much. What it has brought along
// counts in sum alone: its browser is to get it.
func (s *Store) Grow(one *Session, by int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.place == nil {
		return false
	}
	fits := s.left.grow(one, by)
	if !fits {
		s.config.full(FullSessionBytes)
	}
	return fits
}

// Sizes are how many sessions are away, and what these and the logs hold.
type Sizes struct {
	Away                   int
	SessionBytes, LogBytes int64
}

// Sizes is what the store holds at this moment.
func (s *Store) Sizes() Sizes {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Sizes{Away: s.left.list.Len(), SessionBytes: s.left.bytes, LogBytes: s.Logs.bytes.Load()}
}

// forget ends the sessions that were away for too long, and reports whether there are others.
func (s *Store) forget() (more bool) {
	s.mu.Lock()
	gone := s.left.old(time.Now())
	for _, one := range gone {
		s.endLocked(one)
	}
	more = s.left.list.Len() > 0
	s.mu.Unlock()
	if s.config.Forgotten != nil {
		for _, one := range gone {
			s.config.Forgotten(one)
		}
	}
	return more
}

// Close forgets everything. Nobody comes back any more.
func (s *Store) Close() {
	s.Logs.sweeper.close()
	s.sweeper.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for one := s.left.first(); one != nil; one = s.left.first() {
		s.endLocked(one)
	}
}
