package recovery

import (
	"sync"
	"time"
)

// Store is the sessions and logs of one hub. All methods may be called at the same time.
type Store struct {
	// Logs are its logs.
	Logs Logs

	// set at construction
	config  Config
	tag     string // begins the private ids
	sweeper sweeper

	mu       sync.Mutex // guards the fields below, and the table's of all sessions; a leaf but for the sweeper's
	sessions map[string]*Session
	left     departures
	closed   bool
}

// New returns a store that has nothing.
func New(config Config) *Store {
	s := &Store{config: config, tag: Tag(config.Hub), sessions: make(map[string]*Session)}
	s.Logs.init(&s.config)
	s.left.config = &s.config
	s.sweeper.init(&s.config, s.forget)
	return s
}

// Shared reports whether sessions are shared with other hubs.
func (s *Store) Shared() bool { return s.config.Hub != "" }

// MaxDuration is how long a session may be away.
func (s *Store) MaxDuration() time.Duration { return s.config.MaxDuration }

// Open makes a session, which is live.
func (s *Store) Open(namespace, id, user string) *Session {
	one := &Session{pid: newPID(s.tag), id: id, user: user, namespace: namespace}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[one.pid] = one
	return one
}

// Leave lets a live session wait for its browser, which may take it up from Depart on. holds is what it takes, beside its
// own. kept is false if it is too large, or has ended before, and it has ended then. Those that had to go for it are evicted: they have ended too.
func (s *Store) Leave(one *Session, holds int64) (kept bool, evicted []*Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.state == ended {
		return false, nil
	}
	return s.leaveLocked(one, holds, time.Now())
}

func (s *Store) leaveLocked(one *Session, holds int64, since time.Time) (kept bool, evicted []*Session) {
	size := holds + sessionBytes
	if s.closed || !s.left.takes(one, size) {
		if !s.closed {
			s.config.full(FullSessionBytes)
		}
		s.endLocked(one)
		return false, nil
	}
	for limit := s.left.reached(size); limit != ""; limit = s.left.reached(size) {
		s.config.full(limit)
		oldest := s.left.first()
		if oldest.state != reserved { // else who has reserved it is told
			evicted = append(evicted, oldest)
		}
		s.endLocked(oldest)
	}
	one.state, one.holder = leaving, nil
	s.left.add(one, size, since)
	s.sweeper.watch()
	return true, evicted
}

// Depart says that a session that has left may be taken up, or that one has ended, and wakes those who wait for that.
func (s *Store) Depart(one *Session) {
	s.mu.Lock()
	if one.state == leaving {
		one.state = away
	}
	waiting := one.wakeLocked()
	s.mu.Unlock()
	wake(waiting)
}

// Reserve takes a session that is away for a holder, so that nobody else can. Of one that is live, has left and may not be
// taken up yet, or is reserved, taken is false; of all others nothing is returned.
func (s *Store) Reserve(pid, namespace string, holder any) (one *Session, taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one = s.sessions[pid]
	switch {
	case one == nil || one.namespace != namespace:
		return nil, false
	case one.state != away:
		return one, false
	case s.left.tooOld(one, time.Now()):
		return nil, false
	}
	one.state, one.holder = reserved, holder
	return one, true
}

// Holder is whoever has reserved a session last. Nil: it is away, or was never reserved.
func (s *Store) Holder(one *Session) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return one.holder
}

// Return gives a reserved session back: who has reserved it does not take it up. hasEnded says that it cannot be taken up
// any more, and is forgotten. It wakes those who wait for that.
func (s *Store) Return(one *Session) (hasEnded bool) {
	s.mu.Lock()
	hasEnded = one.state != reserved || s.closed || s.left.tooOld(one, time.Now())
	if hasEnded {
		s.endLocked(one)
	} else {
		one.state, one.holder = away, nil
	}
	waiting := one.wakeLocked()
	s.mu.Unlock()
	wake(waiting)
	return hasEnded
}

// Restore makes a reserved session live again. It reports false if it has ended meanwhile.
func (s *Store) Restore(one *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.state != reserved {
		return false
	}
	s.left.remove(one)
	one.state = live
	return true
}

// End ends a session for good. It reports whether it was away, with nobody who has reserved it. Depart has to follow
// for one that is live, and from whoever has reserved one.
func (s *Store) End(one *Session) (wasAway bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wasAway = one.state == away || one.state == leaving
	s.endLocked(one)
	return wasAway
}

func (s *Store) endLocked(one *Session) {
	s.left.remove(one)
	one.state, one.holder = ended, nil
	delete(s.sessions, one.pid)
	if s.config.Ended != nil && !s.closed && !one.goes {
		s.config.Ended(one.pid)
	}
}

// LetGo says that a session which is about to end goes on at another hub: Config.Ended is not told of it.
func (s *Store) LetGo(one *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.goes = true
}

// Alive reports whether a session has not ended.
func (s *Store) Alive(one *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return one.state != ended
}

// WhileAlive calls f, unless a session has ended: it does not end meanwhile.
func (s *Store) WhileAlive(one *Session, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.state != ended {
		f()
	}
}

// All are the sessions that have not ended.
func (s *Store) All() (list []*Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list = make([]*Session, 0, len(s.sessions))
	for _, one := range s.sessions {
		list = append(list, one)
	}
	return list
}
