package engineio

import (
	"io"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/netpoll"
)

const (
	// postHold is how long a POST is held whose next message is not taken because its session is paused, before it
	// is answered all the same. Proxies cut what is silent for 30 s or 60 s.
	postHold = 25 * time.Second
	// endLook is how often the connection of a paused WebSocket that a goroutine reads is looked at.
	endLook = time.Second
)

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
// is kept with the session; the next POST is held until they are taken. More than MaxPayload is not kept: then the
// session is closed, reason `forced close`. While a POST is held UpgradeTimeout stands still.
//
// A pong behind the message cannot be heard, so no pong is missed while the session is paused: it is asked
// for again after each PingTimeout, and the browser has a whole PingTimeout after Resume. The end of the
// connection is still seen. A browser that has gone (FIN, or a poll that breaks off) is sent nothing more; what it sent
// before is handed up as Resume allows, and then the session ends, reason `transport close` as ever. A connection that
// broke (RST) ends the session at once. Where a goroutine reads a WebSocket over something that is no socket, the end is seen by the
// next write. That nobody is there any more is found by the pings, which are sent once more each PingTimeout: on Linux
// the kernel gives up after PingInterval + PingTimeout without an answer to them.
//
// Pause may be called again, and on a session that has ended.
func (s *Session) Pause() { s.paused.Store(true) }

// Resume ends a pause: what was held back is handed up, in order. It does not wait for that. Without a pause it
// does nothing.
func (s *Session) Resume() {
	if !s.paused.Load() {
		return
	}
	s.server.heartbeat.spare(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused.Store(false)
	s.transport.resumeLocked()
}

// gate is where a goroutine waits for Resume. Its field is guarded by session.mu.
type gate struct {
	opens chan struct{} // closed by openLocked; nil while nobody waits
}

func (g *gate) openLocked() {
	if g.opens != nil {
		close(g.opens)
		g.opens = nil
	}
}

// waits returns what is closed when the session holds back no more, nil if that is so already.
func (g *gate) waits(s *Session) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.holds() {
		return nil
	}
	if g.opens == nil {
		g.opens = make(chan struct{})
	}
	return g.opens
}

// awaitResume waits until the message that has been read may be handed up. The error is the end of the
// connection.
func (w *webSocket) awaitResume() error {
	t := w.conn.stream
	tick := time.NewTicker(endLook)
	defer tick.Stop()
	for opens := t.gate.waits(w.session); opens != nil; opens = t.gate.waits(w.session) {
		select {
		case <-opens:
		case <-tick.C:
			switch t.end() {
			case netpoll.Finished:
				w.session.parted()
				w.session.later.And(^held) // what is left is no more than the kernel has
			case netpoll.Broken:
				return io.ErrUnexpectedEOF
			}
		}
	}
	return nil
}

// isMessage reports whether a packet in text form that begins like this is a message. Whatever else it may
// be is acted on in a pause as well.
func isMessage(first byte) bool { return first == byte(eiopacket.Message) || first == 'b' }
