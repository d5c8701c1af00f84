package engineio

import "github.com/siohub/siohub/hub/internal/wsframe"

// inlineWrites is how often an inline writer looks for more before it leaves the rest to a goroutine:
// a broadcast must not be held up by one browser to which others go on writing.
const inlineWrites = 4

// frameWriter writes the packets of a session's outbox as frames of its WebSocket, the answers to ping frames and
// its close frame. Whoever has the permission outbox.writing calls run; nothing else here is called without it, but
// for pongLater and noteCloseReceived, which belong to the reader.
type frameWriter struct {
	ws *webSocket

	// Guarded by session.mu.
	closeSent     bool
	closeReceived bool
	closeCode     int32   // for the close frame; 0 means 1000
	pong          *[]byte // the latest ping's data while its pong is queued; nil: none is. Few browsers send any
}

// run writes what is queued until nothing is. It owns outbox.writing and gives it up at the end, unless
// the close frame was written. Inline (mayBlock is false) it never blocks: what the kernel does
// not take is left to a goroutine, the on-demand writer, which goes on from there.
func (f *frameWriter) run(mayBlock bool) {
	w := f.ws
	s := w.session
	for round := 1; ; round++ {
		if !mayBlock && round > inlineWrites {
			s.server.tasks.start(func() { f.run(true) })
			return
		}
		list := f.next(mayBlock)
		s.flow.outboxShrunk()
		if list == nil {
			return
		}
		last, err := f.write(*list)
		releaseEntries(list)
		if err == nil && w.conn.pending() {
			s.mu.Lock()
			s.out.inFlight = w.conn.pendingBytes()
			s.server.slow.addLocked(s)
			s.mu.Unlock()
			if !mayBlock {
				s.server.tasks.start(func() {
					if f.wrote(last, w.conn.drain(s.taken)) {
						f.run(true)
					}
				})
				return
			}
			err = w.conn.drain(s.taken)
		}
		if !f.wrote(last, err) {
			return
		}
	}
}

// next takes what is to be written next. Nil means that nothing is, and that the permission to write is given up.
func (f *frameWriter) next(mayBlock bool) *[]entry {
	s := f.ws.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out.peerClosed {
		s.out.drop()
	}
	list, bytes := s.out.takeSome()
	s.out.inFlight = 0
	if mayBlock {
		s.out.inFlight = bytes // what had to wait is still in front of whatever comes
	}
	if list == nil {
		s.out.writing = false
	}
	return list
}

// wrote reports whether run may go on after a write.
func (f *frameWriter) wrote(last bool, err error) bool {
	switch {
	case err != nil:
		f.failed(err)
		return false
	case last:
		f.closeWritten()
		return false
	}
	return true
}

// failed ends a session whose WebSocket takes nothing any more.
func (f *frameWriter) failed(err error) {
	w := f.ws
	s := w.session
	if t := w.conn.stream; t != nil && t.isPipe() && s.flow.paused() {
		s.peerClosed() // the reader has a message at hand, and finds the end behind it
		return
	}
	unwritable(s, err, wsframe.CloseAbnormal)
	w.cut()
}

// closeWritten follows the close frame. Whoever is second to send one closes the connection; in state
// closing the browser's is waited for, otherwise the browser is told that nothing follows.
func (f *frameWriter) closeWritten() {
	s := f.ws.session
	s.mu.Lock()
	f.closeSent = true
	both, over := f.closeReceived, s.state == closed
	s.mu.Unlock()
	switch {
	case both:
		f.ws.cut()
	case over:
		f.ws.conn.closeWrite()
	}
}

// noteCloseReceived notes the browser's close frame and reports whether ours is written. Whoever comes second
// closes the connection: that is the server's part.
func (f *frameWriter) noteCloseReceived() (sent bool) {
	s := f.ws.session
	s.mu.Lock()
	defer s.mu.Unlock()
	f.closeReceived = true
	return f.closeSent
}

// pongLater queues the pong for a ping frame. While one is queued a further ping only replaces its data,
// as RFC 6455, 5.5.3 allows: a flood of pings costs no memory. A probe, which has no queue yet, answers
// by itself.
func (f *frameWriter) pongLater(data string) error {
	w := f.ws
	s := w.session
	s.mu.Lock()
	if s.transport != w {
		s.mu.Unlock()
		if err := w.conn.writeFrame(wsframe.Pong([]byte(data))); err != nil {
			return err
		}
		return w.conn.drain(nil)
	}
	queued := f.pong != nil
	pong := []byte(data)
	f.pong = &pong
	s.mu.Unlock()
	if !queued {
		s.control(pongReply)
	}
	return nil
}

// write hands packets to the connection, several of them in one call. last says that the close frame was
// among them.
func (f *frameWriter) write(list []entry) (last bool, err error) {
	c := &f.ws.conn
	if len(list) > 1 || f.takesSeveralWrites(list[0]) {
		c.cork()
	}
	for _, e := range list {
		switch e.message {
		case closeMessage:
			last = true
			err = f.writeClose()
		case pongReply:
			err = f.writePong()
		default:
			err = f.writeMessage(e)
		}
		if err != nil {
			return last, err
		}
	}
	return last, c.uncork()
}

// takesSeveralWrites reports whether a packet may take more than one write.
func (f *frameWriter) takesSeveralWrites(e entry) bool {
	m, s := e.message, f.ws.session
	return m.head == 0 || m.binary && (s.Handshake().Base64() || revision3(s))
}

// writeMessage writes one frame. It is the same for every session, or for all that have agreed on the same window, and
// nearly always ready: it goes past gorilla, which would build it anew in a buffer of 4 KiB.
func (f *frameWriter) writeMessage(e entry) error {
	m, w := e.message, f.ws
	w.session.server.trace.sent(m.len())
	opcode, data, asItIs := m.opcode(), m.data(), true
	if m.binary {
		opcode, data, asItIs = frameOf(w.session, m)
	}
	if f.compresses(e) {
		if frame := w.session.server.coders.frame(m, opcode, data, asItIs, w.gorilla.agreed.WindowBits); frame != nil {
			return w.conn.writeFrame(frame)
		}
	}
	if m.head > 0 && asItIs {
		return w.conn.writeFrame(m.framed)
	}
	header := make([]byte, wsframe.HeaderLen(len(data)))
	wsframe.PutHeader(header, opcode, len(data))
	if err := w.conn.writeFrame(header); err != nil {
		return err
	}
	return w.conn.writeFrame(data)
}

// compresses reports whether a packet is to be compressed. Where that has been agreed, no poller has the connection,
// and it has a gorillaConn.
func (f *frameWriter) compresses(e entry) bool {
	g := f.ws.gorilla
	return g != nil && g.compressed() && !e.noCompress && e.message.len() >= f.ws.session.server.config.PerMessageDeflate.Threshold
}

// writeClose writes the close frame. It goes past gorilla, which would refuse it after an automatic
// one of its own that conn has dropped.
func (f *frameWriter) writeClose() error {
	s := f.ws.session
	s.mu.Lock()
	code := int(f.closeCode)
	s.mu.Unlock()
	return f.ws.conn.writeFrame(wsframe.Close(code))
}

// writePong answers the latest ping frame.
func (f *frameWriter) writePong() error {
	s := f.ws.session
	s.mu.Lock()
	data := f.pong
	f.pong = nil
	s.mu.Unlock()
	return f.ws.conn.writeFrame(wsframe.Pong(*data))
}
