package engineio

import (
	"errors"
	"net"

	"github.com/siohub/siohub/hub/internal/request"
)

// What a frameWriter and a webTransportWriter have in common.

// claim takes the permission to write, unless another goroutine is at it, which then takes along what is queued.
func (o *outbox) claim() bool {
	if o.writing || o.entries == nil {
		return false
	}
	o.writing = true
	return true
}

// taken notes that the browser has taken so many of the bytes that its writer is blocked with. While there are more it counts
// as slow.
func (s *Session) taken(n int) {
	s.mu.Lock()
	if s.out.inFlight = max(0, s.out.inFlight-int64(n)); s.out.inFlight > 0 {
		s.server.slow.addLocked(s)
	}
	s.mu.Unlock()
	s.flow.outboxShrunk()
}

// unwritable ends the session of a browser to which nothing can be written any more: it reads too slowly, or its connection
// has ended, for which code is.
func unwritable(s *Session, err error, code int) {
	var timeout net.Error
	slow := s.server.slow
	switch {
	case errors.Is(err, errUnread):
		slow.close(s, slowPace, "slow browser: it does not read what TLS answers to it")
	case errors.As(err, &timeout) && timeout.Timeout():
		slow.close(s, slowNoProgress, "slow browser: nothing could be written for "+WriteTimeout.String())
	default:
		lost(s, err, code)
	}
}

// lost ends the session of a browser whose connection has ended.
func lost(s *Session, err error, code int) {
	s.end(Close{Reason: ReasonTransportClose, Code: code, Detail: request.Text(err.Error())}, endAbort)
}

// awaitsClose reports whether the reader goes on though nothing is handed up: a session that closes in order waits for what the
// browser says to that, its close frame or its last pong.
func (s *Session) awaitsClose() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == closing
}
