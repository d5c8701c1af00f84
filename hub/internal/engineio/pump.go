package engineio

import (
	"errors"
	"net"
)

// pumpRounds is how often an inline writer looks for more before it leaves the rest to a goroutine:
// whoever broadcasts must not be kept at one browser that others go on writing to.
const pumpRounds = 4

// pump writes what is queued until nothing is. It owns out.writing and gives it up at the end, unless
// the session has said its last word. Inline (patient is false) it never blocks: what the kernel does
// not take is left to a goroutine, the on-demand writer, which goes on from there.
func (w *webSocket) pump(patient bool) {
	s := w.session
	for round := 1; ; round++ {
		if !patient && round > pumpRounds {
			s.server.crew.do(func() { w.pump(true) })
			return
		}
		s.mu.Lock()
		if s.out.mute {
			s.out.drop()
		}
		list, bytes := s.out.takeSome()
		s.out.flying = 0
		if patient {
			s.out.flying = bytes // what had to wait is still in front of whatever comes
		}
		if list == nil {
			s.out.writing = false
			s.mu.Unlock()
			s.lighten()
			return
		}
		s.mu.Unlock()
		s.lighten()

		last, err := w.write(*list)
		releaseEntries(list)
		if err == nil && w.conn.pending() {
			s.mu.Lock()
			s.out.flying = w.conn.stuck()
			s.server.laggards.addLocked(s)
			s.mu.Unlock()
			if !patient {
				s.server.crew.do(func() {
					if w.wrote(last, w.conn.drain(w.progress)) {
						w.pump(true)
					}
				})
				return
			}
			err = w.conn.drain(w.progress)
		}
		if !w.wrote(last, err) {
			return
		}
	}
}

// progress notes that so many of the bytes that the writer is stuck with are written.
func (w *webSocket) progress(n int) {
	s := w.session
	s.mu.Lock()
	s.out.flying = max(0, s.out.flying-int64(n))
	s.mu.Unlock()
	s.lighten()
}

// wrote reports whether the pump may go on after a write.
func (w *webSocket) wrote(last bool, err error) bool {
	switch {
	case err != nil:
		w.unwritable(err)
		return false
	case last:
		w.saidFarewell()
		return false
	}
	return true
}

// unwritable ends a session whose WebSocket takes nothing any more.
func (w *webSocket) unwritable(err error) {
	if t := w.conn.stream; t != nil && t.isPipe() && w.session.holds() {
		w.session.parted() // the reader has a message at hand, and finds the end behind it
		return
	}
	defer w.cut()
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		w.session.tooSlow(slowNoProgress, "slow browser: nothing could be written for "+writeTimeout.String())
		return
	}
	w.session.end(Close{Reason: ReasonTransportClose, Code: closeAbnormal, Detail: err.Error()}, sayNothing)
}

// saidFarewell follows the close frame. Whoever is second to send one closes the connection; in state
// closing the browser's is waited for, otherwise the browser is told that nothing follows.
func (w *webSocket) saidFarewell() {
	w.session.mu.Lock()
	w.said = true
	both, over := w.heard, w.session.state == closed
	w.session.mu.Unlock()
	switch {
	case both:
		w.cut()
	case over:
		w.conn.closeWrite()
	}
}
