package engineio

import (
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/netpoll"
)

// turnReads is how often a poller reads from one connection before the others have their turn.
const turnReads = 4

// turnMessages is how many messages it takes from one before that: small ones cost by their number.
const turnMessages = 64

// read reads packets until the connection ends or the session takes no more, and says why.
func (w *webSocket) read(s *Session) error {
	h := s.listener()
	for held := true; held && w.left != nil; {
		var err error
		if held, err = w.handLeft(h); err != nil {
			return err
		}
		if held {
			if err := w.awaitResume(); err != nil {
				return err
			}
		}
	}
	for {
		// The buffer is held only while a message comes in.
		packet, buf, err := w.wire.next()
		if err != nil {
			return err
		}
		if packet.Type == eiopacket.Message && s.holds() {
			if err := w.awaitResume(); err != nil {
				buffers.put(buf)
				return err
			}
		}
		more := s.receive(h, packet)
		s.slowDown(h, 1, int64(len(packet.Data))) // as it is after inflating
		buffers.put(buf)
		if !more && !w.awaitsClose() {
			return nil
		}
	}
}

// handLeft hands up what is left of POSTs before the upgrade. held: a message of it is held back.
func (w *webSocket) handLeft(h Handler) (held bool, err error) {
	if w.left == nil {
		return false, nil
	}
	if held, err = w.left.hand(w.session, h); err != nil {
		err = &fault{0, ReasonParseError, err}
	}
	if !held {
		w.left = nil
	}
	return held, err
}

// pinged queues the pong for a ping frame. While one is queued a further ping only replaces its data,
// as RFC 6455, 5.5.3 allows: a flood of pings costs no memory. A probe, which has no queue yet, answers
// by itself.
func (w *webSocket) pinged(data string) error {
	s := w.session
	if s == nil {
		return nil
	}
	s.mu.Lock()
	if s.transport != w {
		s.mu.Unlock()
		if err := w.conn.writeFrame(pongFrame([]byte(data))); err != nil {
			return err
		}
		return w.conn.drain(nil)
	}
	queued := w.pong != nil
	w.pong = append(make([]byte, 0, len(data)), data...)
	s.mu.Unlock()
	if !queued {
		s.control(pongReply)
	}
	return nil
}

// awaitsClose reports whether the reader goes on without anybody listening: a session that closes in
// order waits for the browser's close frame.
func (w *webSocket) awaitsClose() bool {
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	return w.session.state == closing
}

// start lets the session be carried: by a poller, or by a goroutine that reads.
func (w *webSocket) start() {
	if w.conn.stream == nil {
		w.server.crew.enter() // until leave
		held := w.conn.held != nil || w.left != nil
		if err := w.conn.fd.Watch(w); err != nil {
			// Not seen: the kernel has the descriptor in its set already, and nothing to allocate. Its end
			// is reported all the same, so the session ends and nobody waits for it.
			w.server.log.Error("a connection cannot be watched", "err", err)
			w.cut()
		}
		if held { // behind the upgrade packet
			w.conn.fd.Nudge()
		}
		return
	}
	w.server.crew.do(w.run)
}

// run is the reader as a goroutine: it carries the session until the connection ends.
func (w *webSocket) run() {
	s := w.session
	defer w.leave()
	defer s.guard()
	if w.finish(s, w.read(s)) {
		w.giveUpAfter(lingerTimeout)
		w.conn.linger()
	}
}

// Writable implements netpoll.Watched.
func (w *webSocket) Writable() { w.conn.fd.Wake() }

// Readable implements netpoll.Watched.
func (w *webSocket) Readable(scratch []byte, end netpoll.End) (more bool) {
	r := reader{scratch: arrivals{buf: scratch[:0]}}
	return r.turn(w, end)
}

// reader is the reader for one turn of a connection that a poller watches.
type reader struct {
	scratch arrivals // what is read from a connection that has nothing held
	ended   bool     // the connection has ended, in this direction at least
	turned  int      // messages taken in this turn
	full    bool     // that is enough, and more of them are there

	messages, bytes int64 // taken in this read
}

// turn reads what has arrived at a connection and hands it up. It returns true when there may be more.
// When the connection has ended, in this direction at least, it reads until it meets the end; of a connection that is
// broken nothing is waited for, not even Resume.
func (r *reader) turn(w *webSocket, end netpoll.End) (more bool) {
	defer r.guard(w)
	if r.ended = end != netpoll.Going; r.ended {
		w.session.parted()
		w.session.later.And(^held) // what is left is no more than the kernel has
	}
	if w.waits && !r.resume(w, end) {
		return r.full
	}
	for range turnReads {
		n, wanted, err := r.receive(w)
		switch {
		case err != nil && !errors.Is(err, syscall.EAGAIN):
			r.leave(w)
			return false
		case r.full:
			return true
		case w.waits && end == netpoll.Broken:
			r.broken(w)
			return false
		case w.waits, err != nil: // Resume brings a new turn
			return false
		case n < wanted && end == netpoll.Going:
			return false // whatever comes now is a new event
		}
	}
	return true
}

// resume takes what a paused session has kept back, before anything more is read. False means that it still
// does, or that the connection has been left.
func (r *reader) resume(w *webSocket, end netpoll.End) bool {
	if !w.session.holds() {
		a := w.conn.held
		if a == nil {
			a = &r.scratch
		}
		err := r.takeHeld(w, a)
		if err != nil {
			a.take(len(a.bytes()))
		}
		r.park(w, a)
		if err != nil {
			r.leave(w)
			return false
		}
		r.count(w)
	}
	if w.waits && end == netpoll.Broken && !r.full {
		r.broken(w)
	}
	return !w.waits
}

// takeHeld hands up what was held back.
func (r *reader) takeHeld(w *webSocket, a *arrivals) (err error) {
	if w.waits, err = w.handLeft(w.session.listener()); err != nil {
		return r.over(w, a, err)
	}
	if w.waits {
		return nil
	}
	return r.take(w, a)
}

// broken is the end of a connection that is broken and has a message that was not taken.
func (r *reader) broken(w *webSocket) {
	w.finish(w.session, io.ErrUnexpectedEOF)
	r.leave(w)
}

// receive reads once, and hands up the messages that are whole by then. Less than wanted means that
// there was no more to read. After an error the connection is to be left.
func (r *reader) receive(w *webSocket) (n, wanted int, err error) {
	a := w.conn.held
	if a == nil {
		a = &r.scratch
	}
	room := a.room()
	if a == &r.scratch && w.server.unfinished.Full() {
		room = room[:readBuffer] // what is not whole will have to wait
	}
	n, err = w.conn.fd.Read(room)
	a.extend(n)
	switch {
	case w.lingering:
		a.take(len(a.bytes()))
	case !a.empty():
		if fault := r.take(w, a); fault != nil {
			a.take(len(a.bytes()))
			r.park(w, a)
			return n, len(room), fault
		}
	}
	r.park(w, a)
	if n > 0 {
		r.count(w)
	}
	if err != nil && !errors.Is(err, syscall.EAGAIN) && !w.lingering {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		w.finish(w.session, err)
	}
	return n, len(room), err
}

// park leaves what is not a whole message with its connection, which has a buffer of its own only for
// that.
func (r *reader) park(w *webSocket, a *arrivals) {
	switch {
	case a == &r.scratch && !a.empty():
		w.conn.held = copyOf(a.bytes())
		a.take(len(a.bytes()))
	case a != &r.scratch && a.empty():
		w.conn.releaseIn()
	}
}

// count counts what a connection holds, which is not read further while there is no room for more.
func (r *reader) count(w *webSocket) {
	a := w.conn.held
	if a == nil {
		return
	}
	a.budget = w.server.unfinished
	if w.waits || r.ended { // for something else, or for nothing any more
		a.budget.Rest(&a.item, w, int64(cap(a.buf)))
		return
	}
	if w.session.grow(&a.item, w, int64(cap(a.buf)), heldUnfinished) {
		w.waits = true
	}
}

// take hands up the whole messages, as many as a turn may have. An error means that the connection is to be
// left at once.
func (r *reader) take(w *webSocket, a *arrivals) error {
	r.messages, r.bytes = 0, 0
	err := r.hand(w, a)
	if err == nil && !r.ended && w.session.slowDown(w.session.listener(), r.messages, r.bytes) {
		w.waits = true
	}
	return err
}

func (r *reader) hand(w *webSocket, a *arrivals) error {
	s := w.session
	h := s.listener()
	for {
		if r.turned >= turnMessages && !a.empty() {
			w.waits, r.full = true, true
			return nil
		}
		packet, found, err := w.next(a, s.holds())
		r.turned += a.controls
		r.messages += int64(a.controls)
		a.controls = 0
		switch {
		case err != nil:
			return r.over(w, a, err)
		case found == nothing:
			return nil
		case found == later:
			w.waits = true
			return nil
		case found == controls:
			continue
		}
		r.turned++
		r.messages++
		r.bytes += int64(len(packet.Data))
		if !s.receive(h, packet) && !w.awaitsClose() {
			return r.over(w, a, nil)
		}
	}
}

// errOver is a connection that is to be left.
var errOver = errors.New("engineio: connection over")

// over is the end of a session, for err or because it takes no more.
func (r *reader) over(w *webSocket, a *arrivals, err error) error {
	if !w.finish(w.session, err) {
		return errOver
	}
	w.lingering = true
	a.take(len(a.bytes()))
	return nil
}

// guard is to be deferred: a panic ends its connection alone.
func (r *reader) guard(w *webSocket) {
	if v := recover(); v != nil {
		w.server.panicked(v)
		w.session.end(Close{Reason: ReasonTransportError, Detail: "internal error"}, sayNothing)
		r.leave(w)
	}
}

// leave is the end of a polled connection.
func (r *reader) leave(w *webSocket) {
	w.conn.fd.Leave()
	w.conn.releaseIn()
	w.session.forget()
	w.server.crew.leave()
}

// finish ends the session for what ended the connection. True means that it is polite to wait for the
// peer to close, and to throw away what it still sends.
func (w *webSocket) finish(s *Session, err error) (linger bool) {
	var f *fault
	var farewell *farewellError
	switch {
	case err == nil: // the session has ended already
	case errors.As(err, &f):
		s.end(Close{Reason: f.reason, Code: f.code, Detail: f.Error()}, sayAtOnce)
	case errors.As(err, &farewell):
		both := w.hear()
		s.end(Close{Reason: ReasonTransportClose, Code: farewell.code, Detail: validText(farewell.text)}, sayGoodbye)
		return !both
	default:
		s.end(Close{Reason: ReasonTransportClose, Code: closeAbnormal, Detail: err.Error()}, sayNothing)
		return false
	}
	return true
}

// hear notes the browser's close frame and reports whether ours is written. Whoever comes second
// closes the connection: that is the server's part.
func (w *webSocket) hear() (said bool) {
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	w.heard = true
	return w.said
}

// leave is the end of the reader and of the connection.
func (w *webSocket) leave() {
	w.cut()
	w.conn.releaseIn()
	w.session.forget()
}

// giveUpAfter bounds how long the reader goes on. A polled connection is cut by a timer, which the
// caller stops when it has ended before.
func (w *webSocket) giveUpAfter(d time.Duration) *time.Timer {
	if w.conn.stream == nil {
		return time.AfterFunc(d, w.cut)
	}
	_ = w.conn.stream.SetReadDeadline(time.Now().Add(d))
	return nil
}

func (w *webSocket) name() string { return WebSocket }

// writableLocked implements transport. Where every write is stuck for a moment, the one that is on its way
// does not count.
func (w *webSocket) writableLocked() bool {
	return w.session.out.flying == 0 || !w.conn.immediate()
}

// sendLocked takes the permission to write, unless another goroutine is at it, which then takes along what
// is queued.
func (w *webSocket) sendLocked() bool {
	o := &w.session.out
	if o.writing || o.entries == nil {
		return false
	}
	o.writing = true
	return true
}

func (w *webSocket) send() { w.pump(false) }

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
	if how == sayNothing {
		w.cut()
		return false
	}
	w.code = int32(c.Code)
	w.session.out.add(farewell, true)
	w.session.lastCall = w.giveUpAfter(lingerTimeout)
	return false
}

// cut closes the connection, whoever is reading or writing.
func (w *webSocket) cut() { w.conn.close() }

// say writes a packet on a connection that carries no session yet, and waits until it is written;
// without a packet it writes the answer to the handshake.
func (w *webSocket) say(packet []byte) error {
	if packet != nil {
		w.conn.cork()
		if err := w.writeMessage(entry{NewTextMessage(packet, false), true}); err != nil {
			return err
		}
	}
	if err := w.conn.uncork(); err != nil {
		return err
	}
	return w.conn.drain(nil)
}

// turnAway closes a connection that carries no session: with a close frame, after the answer to the
// handshake.
func (w *webSocket) turnAway() {
	defer w.conn.releaseIn()
	defer w.cut()
	w.giveUpAfter(lingerTimeout)
	_ = w.conn.writeFrame(closeFrame(0))
	if w.say(nil) != nil {
		return
	}
	w.conn.closeWrite()
	w.conn.linger()
}
