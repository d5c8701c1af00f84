package engineio

import "syscall"

// UserTimeout is TCP_USER_TIMEOUT in milliseconds of a WebSocket that a goroutine reads.
func (s *Session) UserTimeout() (ms int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, err := s.transport.(*webSocket).conn.stream.socket()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) { ms, _ = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, 18) })
	return ms
}

// Encrypted is how much a WebSocket under TLS, which a poller watches, keeps that was encrypted and has not left.
func (s *Session) Encrypted() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := underTLS(s.transport.(*webSocket).conn.tls).waiting()
	return n
}
