package recovery

import "time"

// Adopt takes a session that comes from another hub, and reserves it for a holder. holds is what it takes, beside its own.
// Nil: it is too large, or here already, or was away for too long. Those that had to go for it are evicted, as for Leave.
func (s *Store) Adopt(r *Record, holds int64, holder any) (one *Session, evicted []*Session) {
	one = &Session{pid: r.PID, id: r.ID, user: r.User, namespace: r.Namespace}
	s.mu.Lock()
	defer s.mu.Unlock()
	since := time.Now().Add(-r.awayFor())
	if s.sessions[r.PID] != nil || time.Since(since) > s.config.MaxDuration {
		return nil, nil
	}
	s.sessions[r.PID] = one
	kept, evicted := s.leaveLocked(one, holds, since)
	if !kept {
		return nil, evicted
	}
	one.state, one.holder = reserved, holder
	return one, evicted
}

// awayFor is for how long a session had been away, as far as clocks agree.
func (r *Record) awayFor() time.Duration {
	away := time.Duration(max(r.Away, 0)) * time.Millisecond
	if r.At > 0 {
		away += max(time.Since(time.UnixMilli(r.At)), 0)
	}
	return away
}

// Begin says behind which place of its former hub an adopted session has missed something: it had all that is before.
func (s *Session) Begin(r *Record, from Place) { s.past = r.Past.behind(r.Hub, from) }

// Bring gives it what it may have missed elsewhere.
func (s *Session) Bring(c *Carriage) { s.carried = c }
