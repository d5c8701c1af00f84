package engineio

import (
	"errors"
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/rates"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// webSocket is the transport of a session over a WebSocket, or wants to be (a probe).
//
// It has three parts: conn is the connection; writer, a frameWriter, is the only one that writes frames once the
// session is carried; and frames are read either by a poller, which makes a pollReader for each turn, or by a
// goroutine with a gorillaConn. Either way it counts as one of the server's tasks until its connection ends.
type webSocket struct {
	session *Session
	gorilla *gorillaConn // nil once a poller has the connection
	conn    conn
	writer  frameWriter
	from    rates.Network // for which a polled connection counts; set with session

	leftover // owned by the reader
}

// newWebSocket returns one without a connection.
func newWebSocket(session *Session) *webSocket {
	w := &webSocket{session: session}
	w.writer.ws = w
	return w
}

// accept performs the WebSocket handshake for a session. Nil means that it failed and has been answered. What is
// written next leaves together with the answer, at the first uncork.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, session *Session, header http.Header, refusals *refusals) *webSocket {
	header, ok := refusals.withProtocol(w, r, header)
	if !ok {
		return nil
	}
	agreed, ok := refusals.withDeflate(w, r, &s.config.PerMessageDeflate)
	if !ok {
		return nil
	}
	ws := newWebSocket(session)
	ws.gorilla = &gorillaConn{ws: ws, agreed: agreed}
	if ws.gorilla.upgrade(&hijacker{ResponseWriter: w, g: ws.gorilla}, r, header) != nil {
		return nil
	}
	if ws.gorilla.compressed() {
		ws.conn.stream.watch = new(wsframe.RSV1Checker)
	}
	return ws
}

// parseError is a packet that is none.
type parseError struct{ error }

// Unwrap returns what was wrong.
func (p *parseError) Unwrap() error { return p.error }

// start lets the session be carried: by a poller, or by a goroutine that reads.
func (w *webSocket) start() {
	tasks := w.session.server.tasks
	if w.conn.stream != nil {
		tasks.start(w.gorilla.run)
		return
	}
	tasks.add()                                                         // until pollReader.leave
	unread := w.conn.in != nil || w.pending != nil || w.conn.tls != nil // which may have read ahead
	if err := w.conn.fd.Watch(w); err != nil {
		// Not seen: the kernel has the descriptor in its set already, and nothing to allocate. Its end
		// is reported all the same, so the session ends and nobody waits for it.
		w.session.server.log.Error("a connection cannot be watched", "err", err)
		w.cut()
	}
	if unread { // behind the upgrade packet
		w.conn.fd.Nudge()
	}
}

// finish ends the session for what ended the connection. True means that it is polite to wait for the
// peer to close, and to throw away what it still sends.
func (w *webSocket) finish(err error) (linger bool) {
	s := w.session
	var packet *parseError
	var frame *wsframe.Fault
	var received *wsframe.Closed
	switch {
	case err == nil: // the session has ended already
	case errors.As(err, &packet):
		s.end(Close{Reason: ReasonParseError, Detail: packet.Error()}, endNow)
	case errors.As(err, &frame):
		s.end(Close{Reason: ReasonTransportError, Code: frame.Code, Detail: frame.Error()}, endNow)
	case errors.As(err, &received):
		both := w.writer.noteCloseReceived()
		s.end(Close{Reason: ReasonTransportClose, Code: received.Code, Detail: request.Text(received.Text)}, endReply)
		return !both
	case errors.Is(err, errUnread):
		unwritable(s, err, wsframe.CloseAbnormal)
		return false
	default:
		lost(s, err, wsframe.CloseAbnormal)
		return false
	}
	return true
}

// limitReading bounds how long the reader goes on. A polled connection is cut by a timer, which the
// caller stops when it has ended before.
func (w *webSocket) limitReading(d time.Duration) *time.Timer {
	if w.conn.stream == nil {
		return w.session.server.tasks.after(d, w.cut)
	}
	_ = w.conn.stream.SetReadDeadline(time.Now().Add(d))
	return nil
}

func (w *webSocket) name() string { return request.WebSocket }

// writableLocked implements transport. Where every write blocks for a moment, the one that is under way
// does not count.
func (w *webSocket) writableLocked() bool {
	return w.session.out.inFlight == 0 || !w.conn.immediate()
}

func (w *webSocket) sendLocked() bool { return w.session.out.claim() }

func (w *webSocket) send() { w.writer.run(false) }

// resumeLocked implements transport.
func (w *webSocket) resumeLocked() {
	if w.conn.stream == nil {
		w.conn.fd.Nudge()
		return
	}
	w.conn.stream.gate.openLocked()
}

// closeLocked implements transport. The reader forgets the session when the connection has ended.
func (w *webSocket) closeLocked(c Close, how ending) (gone bool) {
	if how == endAbort {
		w.cut()
		return false
	}
	w.writer.closeCode = int32(c.Code)
	w.session.out.add(closeMessage, true)
	w.session.stopLocked().timer = w.limitReading(lingerTimeout)
	return false
}

// cut closes the connection, whoever is reading or writing.
func (w *webSocket) cut() { w.conn.close() }

// writeSync writes a packet on a connection that carries no session yet, and waits until it is written;
// without a packet it writes the answer to the handshake.
func (w *webSocket) writeSync(packet []byte) error {
	if packet != nil {
		w.conn.cork()
		if err := w.writer.writeMessage(entry{NewTextMessage(packet, false), true}); err != nil {
			return err
		}
	}
	if err := w.conn.uncork(); err != nil {
		return err
	}
	return w.conn.drain(nil)
}

// reject closes a connection that carries no session: with a close frame, after the answer to the
// handshake.
func (w *webSocket) reject() {
	defer w.conn.releaseIn()
	defer w.cut()
	w.limitReading(lingerTimeout)
	_ = w.conn.writeFrame(wsframe.Close(0))
	if w.writeSync(nil) != nil {
		return
	}
	w.conn.closeWrite()
	w.conn.linger()
}
