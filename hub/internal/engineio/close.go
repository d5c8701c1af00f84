package engineio

import "time"

const (
	// closeTimeout is how long a session that was told to end waits for the browser to read its last
	// packets: the next poll, or the answer to the close frame.
	closeTimeout = 30 * time.Second
	// lingerTimeout is how long a WebSocket is read after a close frame that waits for no answer.
	lingerTimeout = 5 * time.Second
)

// Close tells why a session ended, or is to end.
type Close struct {
	// Reason is one of the constants below, or whatever the caller of Session.Close says.
	Reason Reason
	// Code is the close code of the WebSocket or WebTransport that ended it: the browser's own, 1006 for a connection that
	// broke, or the one it was told about its fault (1002, 1007, 1008, 1009). Zero: polling, or a WebTransport that its
	// browser ended.
	Code int
	// Detail is a text for people. It may be empty.
	Detail string
}

// Reason is a disconnect reason in the reference server's words.
//
// Source: reference 1.12.
type Reason string

// The reasons of this level.
const (
	// ReasonTransportClose: the browser closed the session, or its connection ended.
	ReasonTransportClose Reason = "transport close"
	// ReasonTransportError: the browser did what the transport does not allow.
	ReasonTransportError Reason = "transport error"
	// ReasonPingTimeout: no pong came in time, or in revision 3 no ping.
	ReasonPingTimeout Reason = "ping timeout"
	// ReasonParseError: what came is no Engine.IO packet.
	ReasonParseError Reason = "parse error"
	// ReasonForcedClose: the server closed the session.
	ReasonForcedClose Reason = "forced close"
	// ReasonServerShuttingDown: Server.Drain or Server.Close ended the session.
	ReasonServerShuttingDown Reason = "server shutting down"
)

// ending is how the browser learns about the end.
type ending uint8

const (
	// endGraceful: what is queued first, then a close packet or frame.
	endGraceful ending = iota
	// endNow: a close packet to the poll that waits, a close frame; what is queued is dropped.
	endNow
	// endReply: the browser closed; its poll gets a noop, its close frame one in return.
	endReply
	// endAbort: the connection is cut, without a word.
	endAbort
)

// Close ends the session in order: what was sent before still reaches the browser, then it is told.
// Later calls do nothing.
func (s *Session) Close(c Close) { s.end(c, endGraceful) }

// peerClosed notes that the browser has closed its connection, while what it has sent is still to be handed up:
// nothing is sent any more, as that would be answered with a reset, which takes along what has not been read, and
// no pong is asked for.
func (s *Session) peerClosed() {
	s.mu.Lock()
	if s.out.peerClosed || s.state > upgrading {
		s.mu.Unlock()
		return
	}
	s.out.peerClosed = true
	s.out.drop()
	s.mu.Unlock()
	s.server.heartbeat.remove(s)
	s.flow.resume(pausedOutbox)
}

// end is the only way out of a session. The application is told at once and exactly once; with
// endGraceful the transport lives on in state closing until the browser knows, at most closeTimeout.
func (s *Session) end(c Close, how ending) {
	s.mu.Lock()
	to := closed
	if how == endGraceful {
		to = closing
	}
	first := s.state <= upgrading
	if !s.moveLocked(to) {
		s.mu.Unlock()
		return
	}
	var handler Handler
	if first {
		handler = s.overLocked(c)
	}
	gone := false
	if how == endGraceful {
		s.out.add(closeMessage, true)
		s.stopLocked().timer = s.server.tasks.after(closeTimeout, func() { s.end(c, endAbort) })
	} else {
		gone = s.abandonLocked(c, how)
	}
	partial := s.partial
	s.partial = nil
	if s.flow.pongUnread() {
		s.transport.resumeLocked() // whoever holds a message back has to see the end
	}
	s.mu.Unlock()

	if partial != nil {
		partial.end()
	}
	if first {
		s.server.heartbeat.remove(s)
		s.server.trace.closed(c.Reason)
		s.server.log.Debug("session closed", "sid", s.id[:6]+"…", "reason", c.Reason, "code", c.Code, "detail", c.Detail)
		if handler != nil {
			s.server.tasks.start(func() { handler.HandleClose(c) })
		}
	}
	s.flush()
	if gone {
		s.forget()
	}
}

// abandonLocked closes the session now, and has the transport tell the browser as how says.
func (s *Session) abandonLocked(c Close, how ending) (gone bool) {
	s.out.drop()
	s.stopping.stopTimer()
	if s.probe != nil {
		s.probe.cut()
	}
	return s.transport.closeLocked(c, how)
}

// forget removes the session from the registry, when no transport carries it any more.
func (s *Session) forget() {
	s.mu.Lock()
	s.moveLocked(closed)
	s.stopping.stopTimer()
	probe := s.probe
	s.mu.Unlock()
	if probe != nil {
		probe.cut()
	}
	s.uncount()
}

// uncount removes the session from the registry and from what is counted of its address. It may be called more
// than once.
func (s *Session) uncount() {
	if s.server.registry.remove(s) {
		s.Joined()
		s.server.limits.left(s.Handshake().RemoteAddress())
	}
}
