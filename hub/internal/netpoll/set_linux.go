package netpoll

import (
	"log/slog"
	"runtime"
	"sync"
)

// Set is what is watched. The zero value is ready; its pollers start with the first socket. All methods
// are safe for concurrent use.
type Set struct {
	// Log is told why there are no pollers. It is set before the first Add. Nil means slog.Default.
	Log *slog.Logger

	mu      sync.Mutex // guards the fields below
	next    uint       // who has the next socket, modulo their number
	list    []*poller
	started bool
	stopped bool
}

// Add takes a socket that does not block in, as d, without hearing of it yet. From then on it belongs to
// d. After an error, ErrUnavailable or the system's, it is still the caller's.
func (s *Set) Add(d *Descriptor, fd int) error {
	p := s.pick()
	if p == nil {
		return ErrUnavailable
	}
	return p.add(d, fd)
}

// pick returns the poller for the next socket, nil if there is none to be had.
func (s *Set) pick() *poller {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started && !s.stopped {
		s.startLocked()
	}
	if s.stopped || len(s.list) == 0 {
		return nil
	}
	s.next++
	return s.list[s.next%uint(len(s.list))]
}

func (s *Set) startLocked() {
	s.started = true
	for range runtime.GOMAXPROCS(0) {
		p, err := newPoller()
		if err != nil {
			log := s.Log
			if log == nil {
				log = slog.Default()
			}
			log.Warn("no epoll set; connections keep a goroutine each", "err", err)
			return
		}
		s.list = append(s.list, p)
	}
}

// Stop refuses new sockets and ends each poller as soon as its last socket has left. wait returns when
// all have ended.
func (s *Set) Stop() (wait func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	list := s.list
	for _, p := range list {
		p.stop()
	}
	return func() {
		for _, p := range list {
			<-p.done
		}
	}
}
