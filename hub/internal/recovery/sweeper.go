package recovery

import (
	"sync"
	"sync/atomic"
	"time"
)

// sweepParts says how often there is a look for what is too old: so many times in the time that a session may be away.
const sweepParts = 4

// sweeper looks for what is too old, while there is something that can become so.
type sweeper struct {
	// set at construction
	every time.Duration
	look  func() (more bool)

	watched atomic.Bool // timer is there

	mu     sync.Mutex // guards the fields below; a leaf
	timer  *time.Timer
	closed bool
}

func (s *sweeper) init(config *Config, look func() (more bool)) {
	s.every, s.look = max(config.MaxDuration/sweepParts, 10*time.Millisecond), look
}

// watch sees to it that what is there is looked at. It may be called with locks held.
func (s *sweeper) watch() {
	if s.watched.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil && !s.closed {
		s.watched.Store(true)
		s.timer = time.AfterFunc(s.every, s.run)
	}
}

func (s *sweeper) run() {
	s.mu.Lock()
	s.timer = nil
	s.watched.Store(false) // before the look: what comes during it is looked at the next time
	s.mu.Unlock()
	if s.look() {
		s.watch()
	}
}

// close ends it.
func (s *sweeper) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}
