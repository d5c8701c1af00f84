package engineio

import (
	"io"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/netpoll"
)

// endCheckPeriod is how often the connection of a paused WebSocket that a goroutine reads is checked for its end.
const endCheckPeriod = time.Second

// run is the reader as a goroutine: it carries the session until the connection ends.
func (g *gorillaConn) run() {
	w := g.ws
	defer func() {
		w.cut()
		w.conn.releaseIn()
		w.dropPending()
		w.session.forget()
	}()
	defer w.session.guard()
	if w.finish(g.read()) {
		w.limitReading(lingerTimeout)
		w.conn.linger()
	}
}

// read reads packets until the connection ends or the session takes no more, and says why.
func (g *gorillaConn) read() error {
	w := g.ws
	s := w.session
	h := s.listener()
	for held := true; held && w.pending != nil; {
		var err error
		if held, err = w.handPending(h); err != nil {
			return err
		}
		if held {
			if err := g.awaitResume(); err != nil {
				return err
			}
		}
	}
	for {
		// The buffer is held only while a message comes in.
		packet, buf, err := g.next()
		if err != nil {
			return err
		}
		if packet.Type == eiopacket.Message && s.flow.paused() {
			if err := g.awaitResume(); err != nil {
				buffers.put(buf)
				return err
			}
		}
		more := s.receive(h, packet)
		s.flow.throttle(h, 1, int64(len(packet.Data))) // as it is after inflating
		buffers.put(buf)
		if !more && !w.awaitsClose() {
			return nil
		}
	}
}

// awaitResume waits until the message that has been read may be handed up. The error is the end of the
// connection.
func (g *gorillaConn) awaitResume() error {
	s, t := g.ws.session, g.ws.conn.stream
	tick := time.NewTicker(endCheckPeriod)
	defer tick.Stop()
	for opens := t.gate.waits(s); opens != nil; opens = t.gate.waits(s) {
		select {
		case <-opens:
		case <-tick.C:
			switch t.end() {
			case netpoll.Finished:
				s.peerClosed()
				s.flow.withdraw(pausedLimits) // what is left is no more than the kernel has
			case netpoll.Broken:
				return io.ErrUnexpectedEOF
			}
		}
	}
	return nil
}
