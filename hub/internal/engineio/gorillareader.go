package engineio

import (
	"cmp"
	"io"
	"time"

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
	if w.finish(readPackets(w.session, g)) {
		w.limitReading(lingerTimeout)
		w.conn.linger()
	}
}

func (g *gorillaConn) handPending(h Handler) (bool, error) { return g.ws.handPending(h) }

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
				return cmp.Or(t.failure(), io.ErrUnexpectedEOF)
			}
		}
	}
	return nil
}
