package adminui

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"
)

const (
	// sessionTime is how long a page that has logged in may come again without the password.
	sessionTime = 24 * time.Hour
	// maxSessions is how many logins are remembered; beyond it the oldest is forgotten.
	maxSessions = 1000
	// sessionBytes are random.
	sessionBytes = 16
)

// sessions are logins that are remembered, by the hash of their id: so comparing takes no time that tells anything. It is safe for
// concurrent use.
type sessions struct {
	mu    sync.Mutex // guards until
	until map[[sha256.Size]byte]time.Time
}

// open remembers a login and returns its id.
func (s *sessions) open(now time.Time) string {
	var raw [sessionBytes]byte
	// crypto/rand.Read never fails; it ends the program instead.
	_, _ = rand.Read(raw[:])
	id := hex.EncodeToString(raw[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil {
		s.until = make(map[[sha256.Size]byte]time.Time)
	}
	if len(s.until) >= maxSessions {
		s.roomLocked(now)
	}
	s.until[sha256.Sum256([]byte(id))] = now.Add(sessionTime)
	return id
}

func (s *sessions) roomLocked(now time.Time) {
	var oldest [sha256.Size]byte
	var end time.Time
	for id, until := range s.until {
		if !now.Before(until) {
			delete(s.until, id)
		} else if end.IsZero() || until.Before(end) {
			oldest, end = id, until
		}
	}
	if len(s.until) >= maxSessions {
		delete(s.until, oldest)
	}
}

// has reports whether a login is remembered.
func (s *sessions) has(id string, now time.Time) bool {
	sum := sha256.Sum256([]byte(id))
	s.mu.Lock()
	defer s.mu.Unlock()
	until, ok := s.until[sum]
	return ok && now.Before(until)
}

// clear forgets all.
func (s *sessions) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = nil
}

// empty reports whether none is remembered.
func (s *sessions) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.until) == 0
}
