package engineio

// Pause keeps messages from the Handler until Resume: the next one that the browser has sent is held
// back, and nothing is read behind it. Everything else goes on: messages are sent, pings are sent and frames of
// the WebSocket answered, packets that stand before the message are acted on, a session may move to
// WebSocket, and stays paused.
//
// A call from within HandleMessage holds back the message behind the one being handled, though it was read
// together with it. A call from another goroutine may meet a message that is on its way; it is the
// last.
//
// What has been read stays with the connection, at most a buffer's worth (64 KiB) or one message; the rest stays
// in the kernel, whose buffers being full is what the browser feels. Over polling the POST with the message is
// held and not answered. After 25 s it is answered, as no proxy would wait for much longer, and the rest of its messages
// stays with the session; the next POST is held until they are taken. More than MaxPayload is not held: then the
// session is closed, reason `forced close`. While a POST is held Upgrade.Timeout stands still.
//
// A pong behind the message cannot be read, so no pong is missed while the session is paused: it is asked
// for again after each Heartbeat.Timeout, and the browser has a whole one after Resume. The end of the
// connection is still seen. A browser that has gone (FIN, or a poll that breaks off) is sent nothing more; what it sent
// before is handed up as Resume allows, and then the session ends, reason `transport close` as ever. A connection that
// broke (RST) ends the session at once. Where a goroutine reads a WebSocket over something that is no socket, the end is seen by the
// next write. A browser that is not there any more is found by the pings, which are sent once more each Heartbeat.Timeout: on Linux
// the kernel gives up after Heartbeat.Interval + Heartbeat.Timeout without an answer to them.
//
// Pause may be called again, and on a session that has ended.
func (s *Session) Pause() { s.flow.pause(pausedHandler) }

// Resume ends a pause: what was held back is handed up, in order. It does not wait for that. Without a pause it
// does nothing.
func (s *Session) Resume() { s.flow.resume(pausedHandler) }

// gate is where a goroutine waits for the end of a pause. Its field is guarded by session.mu.
type gate struct {
	opens chan struct{} // closed by openLocked; nil while nobody waits
}

func (g *gate) openLocked() {
	if g.opens != nil {
		close(g.opens)
		g.opens = nil
	}
}

// waits returns what is closed when the session may have ceased to be paused, nil if it has already.
func (g *gate) waits(s *Session) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.flow.paused() {
		return nil
	}
	if g.opens == nil {
		g.opens = make(chan struct{})
	}
	return g.opens
}
