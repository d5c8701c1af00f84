package engineio

import "time"

// HoldPosts sets how long a POST is held, for tests that cannot have virtual time. It is called before the first
// request.
func (s *Server) HoldPosts(d time.Duration) { s.postHold = d }

// InHeartbeat reports whether the session is sent pings.
func (s *Session) InHeartbeat() bool {
	s.server.heartbeat.mu.Lock()
	defer s.server.heartbeat.mu.Unlock()
	return s.beat.queue != nil
}

// Stall tells the session's WebSocket that its unfinished message makes no progress.
func (s *Session) Stall() {
	s.mu.Lock()
	w := s.transport.(*webSocket)
	s.mu.Unlock()
	w.Stalled(false)
}

// PeerClosed reports whether the session's browser has gone.
func (s *Session) PeerClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.peerClosed
}

// Polled reports whether a poller watches the session's WebSocket.
func (s *Session) Polled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.transport.(*webSocket)
	return ok && w.conn.stream == nil
}

// HoldCompressor takes all that may compress, until the function is called that it returns.
func (s *Server) HoldCompressor() (release func()) {
	s.coders.working.Add(s.coders.most)
	return func() { s.coders.working.Add(-s.coders.most) }
}

// CompressedForms is how many compressed frames there are of a message.
func (m *Message) CompressedForms() int { return len(m.forms.Load().compressed.frames) }

// Slow reports whether the session is one that is watched for being too slow.
func (s *Session) Slow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slow != nil
}
