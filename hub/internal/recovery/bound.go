package recovery

import "time"

// shrinkBy is the part of the largest log that goes when all logs together are too large, so that they are not looked
// through for each entry.
const shrinkBy = 8

// reclaim keeps all logs together within their bound: the largest gives.
func (s *Store) reclaim() {
	over := s.logBytes.Load() - s.config.TotalBytes/2
	if over <= 0 {
		return
	}
	s.full(FullTotalBytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	for over > 0 {
		var largest *Log
		var bytes int64
		for l := range s.logs {
			if b := l.size(); b > bytes {
				largest, bytes = l, b
			}
		}
		if largest == nil || !largest.shrink(max(bytes/shrinkBy, 1)) {
			return
		}
		over = s.logBytes.Load() - s.config.TotalBytes/2
	}
}

func (l *Log) size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes
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
	return Sizes{Away: s.away.Len(), SessionBytes: s.bytes, LogBytes: s.logBytes.Load()}
}

// sweepParts says how often there is a look for what is too old: so many times in the time that a session may be away.
const sweepParts = 4

// watch sees to it that what is there is looked at.
func (s *Store) watch() {
	if s.watched.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchLocked()
}

func (s *Store) watchLocked() {
	if s.sweep == nil && !s.closed {
		s.watched.Store(true)
		s.sweep = time.AfterFunc(max(s.config.MaxDuration/sweepParts, 10*time.Millisecond), s.forget)
	}
}

// forget ends the sessions that were away for too long, and drops the entries that are too old.
func (s *Store) forget() {
	now := time.Now()
	var gone []*Session
	s.mu.Lock()
	for e := s.away.Front(); e != nil; {
		one := e.Value.(departed)
		e = e.Next()
		if now.Sub(one.at) <= s.config.MaxDuration {
			break
		}
		if one.state == away { // one that is reserved goes on, as long as the log lets it
			s.endLocked(one.Session)
			gone = append(gone, one.Session)
		}
	}
	for l := range s.logs {
		l.mu.Lock()
		l.dropOldLocked(now)
		l.mu.Unlock()
	}
	s.sweep = nil
	s.watched.Store(false)
	if s.away.Len() > 0 || s.logBytes.Load() > 0 {
		s.watchLocked()
	}
	s.mu.Unlock()
	for _, one := range gone {
		if s.config.Forgotten != nil {
			s.config.Forgotten(one)
		}
	}
}

// Close forgets everything. Nobody comes back any more.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.sweep != nil {
		s.sweep.Stop()
		s.sweep = nil
	}
	for e := s.away.Front(); e != nil; e = s.away.Front() {
		s.endLocked(e.Value.(departed).Session)
	}
}

// Grow counts what a session that is away has become larger by, and reports false if that is too much. What it has brought along
// counts in sum alone: its browser is to get it.
func (s *Store) Grow(one *Session, by int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.place == nil {
		return false
	}
	if by > 0 && (one.size+by-one.carried.Bytes() > s.config.SessionBytes || s.bytes+by > s.config.TotalBytes/2) {
		s.full(FullSessionBytes)
		return false
	}
	one.size += by
	s.bytes += by
	return true
}
