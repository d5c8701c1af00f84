package engineio

import (
	"errors"
	"io"
	"time"

	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/unfinished"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// WebTransport is one WebTransport session with the one bidirectional stream of it that Engine.IO uses, as a server of
// HTTP/3 has it. One goroutine reads and one writes; the other methods may be called at any time.
//
// Read returns io.EOF, wrapped or not, when the browser has ended the stream or the session in order, and another error for
// a connection that is lost. Write returns how much was taken, also with an error. Errors of deadlines are
// os.ErrDeadlineExceeded.
type WebTransport interface {
	io.ReadWriter
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
	// Done is closed when the session has ended, whoever ended it.
	Done() <-chan struct{}
	// Close ends the session, and tells the browser so with a code and a text for people. It does not wait. What was written
	// and has not arrived is lost. Only the first call counts.
	Close(code int, text string)
}

// webTransport is the transport of a session over WebTransport or over a Stream, or wants to be (a probe). It is read by a goroutine
// (webTransportReader) and written to by another one while something is queued (webTransportWriter).
type webTransport struct {
	session *Session // set before it is anybody's
	link    WebTransport
	reader  webTransportReader
	writer  webTransportWriter

	gate gate // guarded by session.mu

	// Owned by the reader.
	item unfinished.Item // the message that is coming in
	leftover
}

func newWebTransport(link WebTransport) *webTransport {
	w := &webTransport{link: link}
	w.reader.transport, w.writer.transport = w, w
	return w
}

// start implements carrier.
func (w *webTransport) start() { w.session.server.tasks.start(w.run) }

// run is the reader's goroutine: it carries the session until that or the WebTransport session has ended.
func (w *webTransport) run() {
	defer func() {
		w.cut()
		w.dropPending()
		w.session.forget()
	}()
	defer w.session.guard()
	w.finish(readPackets(w.session, &w.reader))
}

// finish ends the session for what ended the reading.
func (w *webTransport) finish(err error) {
	s := w.session
	var packet *parseError
	var fault *wsframe.Fault
	var as *ended
	switch {
	case err == nil, errors.Is(err, errSaidGoodbye): // the session has ended already
	case errors.As(err, &as):
		s.end(as.how, endNow)
	case errors.As(err, &packet):
		s.end(Close{Reason: ReasonParseError, Detail: packet.Error()}, endNow)
	case errors.As(err, &fault):
		s.end(Close{Reason: ReasonTransportError, Code: fault.Code, Detail: fault.Error()}, endNow)
	default:
		lost(s, err, webTransportCode(err))
	}
}

// webTransportCode is the close code for the end of a WebTransport: none, if the browser has left in order.
func webTransportCode(err error) int {
	if errors.Is(err, io.EOF) {
		return 0
	}
	return wsframe.CloseAbnormal
}

// awaitResume waits until the message that has been read may be handed up. The error is the end of the WebTransport
// session, which takes along what has not been read of it.
func (w *webTransport) awaitResume() error {
	for opens := w.gate.waits(w.session); opens != nil; opens = w.gate.waits(w.session) {
		select {
		case <-opens:
		case <-w.link.Done():
			return io.ErrUnexpectedEOF
		}
	}
	return nil
}

func (w *webTransport) name() string {
	if other, ok := w.link.(Stream); ok {
		return other.Transport()
	}
	return request.WebTransport
}

// writableLocked implements transport. Each write has a goroutine of its own: the one that is under way does not count.
func (w *webTransport) writableLocked() bool { return true }

// sendLocked implements transport. A session for which much waits behind a write counts as slow, as does one whose write takes
// long (Session.taken): most are done in no time.
func (w *webTransport) sendLocked() bool {
	s := w.session
	if s.out.claim() {
		return true
	}
	if s.out.writing && s.out.bytes > writePiece {
		s.server.slow.addLocked(s)
	}
	return false
}

func (w *webTransport) send() { w.session.server.tasks.start(w.writer.run) }

func (w *webTransport) resumeLocked() { w.gate.openLocked() }

// closeLocked implements transport. The reader forgets the session when the WebTransport session has ended.
func (w *webTransport) closeLocked(c Close, how ending) (gone bool) {
	if how == endAbort {
		w.cut()
		return false
	}
	w.link.Close(c.Code, string(c.Reason))
	return false
}

// cut implements transport and carrier.
func (w *webTransport) cut() { w.link.Close(0, "") }

// Stalled implements unfinished.Owner for the message that is coming in.
func (w *webTransport) Stalled(full bool) { stalled(w.session, full, endAbort) }

// GoOn implements unfinished.Owner.
func (w *webTransport) GoOn() { w.session.flow.resume(pausedMessage) }
