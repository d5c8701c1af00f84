package recovery

import (
	"container/list"
	"sync"
	"sync/atomic"
	"time"
)

// Store is the sessions and logs of one hub. All methods may be called at the same time.
type Store struct {
	config Config
	epoch  string
	tag    string // begins the private ids

	logBytes atomic.Int64
	own      atomic.Uint64 // number of the last of this hub's own commands
	watched  atomic.Bool   // sweep is there

	mu       sync.Mutex // guards the fields below, and the table's of all sessions; a leaf but for Log.mu
	sessions map[string]*Session
	away     list.List // of departed: those that are away or reserved, in the order in which they left
	bytes    int64     // of them
	logs     map[*Log]struct{}
	drawn    uint64      // the largest position of a log that was closed
	sweep    *time.Timer // nil while nothing can be too old
	closed   bool
}

// departed is a session that has left.
type departed struct {
	*Session
	at time.Time
}

// New returns a store that has nothing.
func New(config Config) *Store {
	s := &Store{
		config: config, epoch: random(epochBytes), tag: Tag(config.Hub), sessions: make(map[string]*Session), logs: make(map[*Log]struct{}),
	}
	// Beyond those of a former life of this hub.
	s.own.Store(uint64(time.Now().UnixMicro()))
	return s
}

// Shared reports whether sessions are shared with other hubs.
func (s *Store) Shared() bool { return s.config.Hub != "" }

// Drawn is the last number that Draw has returned.
func (s *Store) Drawn() uint64 { return s.own.Load() }

// Draw is the number of one more of this hub's own commands.
func (s *Store) Draw() uint64 { return s.own.Add(1) }

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

// sessionBytes is what a session takes beside what it holds.
const sessionBytes = 1024

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
	if s.closed || size-one.carried.Bytes() > s.config.SessionBytes || size > s.config.TotalBytes/2 {
		if !s.closed {
			s.full(FullSessionBytes)
		}
		s.endLocked(one)
		return false, nil
	}
	for s.away.Len() >= s.config.Sessions || s.bytes+size > s.config.TotalBytes/2 {
		limit := FullTotalBytes
		if s.away.Len() >= s.config.Sessions {
			limit = FullSessions
		}
		s.full(limit)
		oldest := s.away.Front().Value.(departed).Session
		if oldest.state != reserved { // else who has reserved it is told
			evicted = append(evicted, oldest)
		}
		s.endLocked(oldest)
	}
	one.state, one.size, one.holder = leaving, size, nil
	s.bytes += size
	one.place = s.away.PushBack(departed{one, since})
	s.watchLocked()
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
	case s.tooOldLocked(one):
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

func (s *Store) tooOldLocked(one *Session) bool {
	return time.Since(one.place.Value.(departed).at) > s.config.MaxDuration
}

// Return gives a reserved session back: who has reserved it does not take it up. hasEnded says that it cannot be taken up
// any more, and is forgotten. It wakes those who wait for that.
func (s *Store) Return(one *Session) (hasEnded bool) {
	s.mu.Lock()
	hasEnded = one.state != reserved || s.closed || s.tooOldLocked(one)
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
	s.removeLocked(one)
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
	s.removeLocked(one)
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

func (s *Store) removeLocked(one *Session) {
	if one.place != nil {
		s.away.Remove(one.place)
		one.place = nil
		s.bytes -= one.size
	}
}

// full tells of a bound. It may be called with locks held.
func (s *Store) full(limit string) {
	if s.config.Full != nil {
		s.config.Full(limit)
	}
}
