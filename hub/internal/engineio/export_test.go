package engineio

import "time"

// HoldPosts sets how long a POST is held, for tests that cannot have virtual time. It is called before the first
// request.
func (s *Server) HoldPosts(d time.Duration) { s.postHold = d }

// PeerClosed reports whether the session's browser has gone.
func (s *Session) PeerClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.peerClosed
}
