package engineio

import (
	"cmp"
	"errors"
	"io"
	"syscall"

	"github.com/siohub/siohub/hub/internal/netpoll"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

const (
	// turnReads is how often a poller reads from one connection before the others have their turn.
	turnReads = 4
	// turnMessages is how many messages it takes from one before that: small ones cost by their number.
	turnMessages = 64
)

// Writable implements netpoll.Watched.
func (w *webSocket) Writable() { w.conn.fd.Wake() }

// Readable implements netpoll.Watched.
func (w *webSocket) Readable(scratch []byte, end netpoll.End) (more bool) {
	r := pollReader{ws: w, scratch: wsframe.Over(scratch)}
	return r.turn(end)
}

// pollReader reads from a WebSocket for one turn of a poller, on the poller's goroutine, and so does not block.
type pollReader struct {
	ws      *webSocket
	scratch wsframe.Input // the poller's, for a connection that holds nothing
	ended   bool          // the connection has ended, in this direction at least
	turned  int           // messages taken in this turn
	full    bool          // that is enough, and more of them are there

	messages, bytes int64 // taken in this read
}

// turn reads what has arrived at a connection and hands it up. It returns true when there may be more.
// When the connection has ended, in this direction at least, it reads until it meets the end; of a connection that is
// broken nothing is waited for, not even Resume.
func (r *pollReader) turn(end netpoll.End) (more bool) {
	w := r.ws
	defer r.guard()
	r.ended = end != netpoll.Going
	w.conn.heard(r.ended)
	if r.ended {
		w.session.peerClosed()
		w.session.flow.withdraw(pausedLimits) // what is left is no more than the kernel has
	}
	if w.conn.blocked && !r.unblock(end) {
		return r.full
	}
	got := 0
	for range turnReads {
		n, wanted, err := r.read()
		switch {
		case err != nil && !errors.Is(err, syscall.EAGAIN):
			r.leave()
			return false
		case r.full:
			return true
		case w.conn.blocked && end == netpoll.Broken:
			r.broken()
			return false
		case w.conn.blocked, err != nil: // flow.resume brings a new turn
			return false
		case n < wanted && end == netpoll.Going:
			return false // whatever comes now is a new event
		}
		if got += n; got >= pieceBytes {
			return true
		}
	}
	return true
}

// unblock hands up what was left in a pause, before anything more is read. False means that it is
// still paused, or that the connection has been left.
func (r *pollReader) unblock(end netpoll.End) bool {
	w := r.ws
	if !w.session.flow.paused() {
		in := r.buffer()
		err := r.handLeft(in)
		if err != nil {
			in.Discard()
		}
		r.store(in)
		if err != nil {
			r.leave()
			return false
		}
		r.count()
	}
	if w.conn.blocked && end == netpoll.Broken && !r.full {
		r.broken()
	}
	return !w.conn.blocked
}

// buffer is where the connection's bytes are read to: its own buffer, if it holds some.
func (r *pollReader) buffer() *wsframe.Input {
	if in := r.ws.conn.in; in != nil {
		return in
	}
	return &r.scratch
}

// handLeft hands up what is left of POSTs before the upgrade, and then what was left in the buffer.
func (r *pollReader) handLeft(in *wsframe.Input) (err error) {
	w := r.ws
	if w.conn.blocked, err = w.handPending(w.session.listener()); err != nil {
		return r.over(in, err)
	}
	if w.conn.blocked {
		return nil
	}
	return r.handBuffered(in)
}

// broken is the end of a connection that is broken and has a message that was not taken.
func (r *pollReader) broken() {
	r.ws.finish(cmp.Or(r.ws.conn.fd.Failure(), io.ErrUnexpectedEOF))
	r.leave()
}

// read reads once, and hands up the messages that are whole by then. Less than wanted means that
// there was no more to read. After an error the connection is to be left.
func (r *pollReader) read() (n, wanted int, err error) {
	w := r.ws
	in := r.buffer()
	free := in.Free()
	if in == &r.scratch && w.session.server.unfinished.Full() {
		free = free[:readBuffer] // what is not whole will have to wait
	}
	free = free[:min(len(free), pieceBytes)]
	n, wanted, err = w.conn.readNow(free)
	in.Extend(n)
	switch {
	case w.conn.lingering:
		in.Discard()
	case !in.Empty():
		if fault := r.handBuffered(in); fault != nil {
			in.Discard()
			r.store(in)
			return n, wanted, fault
		}
	}
	r.store(in)
	if n > 0 {
		r.count()
	}
	if err != nil && !errors.Is(err, syscall.EAGAIN) && !w.conn.lingering {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		w.finish(err)
	}
	return n, wanted, err
}

// store leaves what is not a whole message with its connection, which has a buffer of its own only for
// that.
func (r *pollReader) store(in *wsframe.Input) {
	switch {
	case in == &r.scratch && !in.Empty():
		r.ws.conn.in = wsframe.NewInputFrom(in.Bytes())
		in.Discard()
	case in != &r.scratch && in.Empty():
		r.ws.conn.releaseIn()
	}
	if in = r.ws.conn.in; r.ws.conn.bulk != (in != nil && len(in.Bytes()) >= pieceBytes) {
		r.ws.conn.bulk = !r.ws.conn.bulk
		r.ws.conn.fd.Bulk(r.ws.conn.bulk)
	}
}

// count counts what a connection holds, which is not read further while others have used up what all may hold.
func (r *pollReader) count() {
	w := r.ws
	in := w.conn.in
	if in == nil {
		return
	}
	budget := w.session.server.unfinished
	item, bytes := in.Item(budget)
	if w.conn.blocked || r.ended { // for something else, or for nothing any more
		budget.Rest(item, w, bytes)
		return
	}
	if w.session.flow.count(item, w, bytes, int64(len(in.Bytes())), w.roomOf(in), pausedMessage) {
		w.conn.blocked = true
	}
}

// roomOf is where the message that is coming in will be kept.
func (w *webSocket) roomOf(in *wsframe.Input) Room {
	if !w.session.server.config.crowded() {
		return nil
	}
	var begin [beginning + 1]byte
	n, binary := in.Begin(begin[:])
	return w.session.room(begin[:n], binary)
}

// handBuffered hands up the whole messages, as many as a turn may have, and charges for them. An error means that
// the connection is to be left at once.
func (r *pollReader) handBuffered(in *wsframe.Input) error {
	s := r.ws.session
	r.messages, r.bytes = 0, 0
	err := r.hand(in)
	if err == nil && !r.ended && s.flow.throttle(s.listener(), r.messages, r.bytes) {
		r.ws.conn.blocked = true
	}
	return err
}

func (r *pollReader) hand(in *wsframe.Input) error {
	w := r.ws
	s := w.session
	h := s.listener()
	for {
		if r.turned >= turnMessages && !in.Empty() {
			w.conn.blocked, r.full = true, true
			return nil
		}
		packet, found, err := w.next(in, s.flow.paused())
		controls := in.Controls()
		r.turned += controls
		r.messages += int64(controls)
		switch {
		case err != nil:
			return r.over(in, err)
		case found == wsframe.Incomplete:
			return nil
		case found == wsframe.Held:
			w.conn.blocked = true
			return nil
		case found == wsframe.ControlFrames:
			continue
		}
		r.turned++
		r.messages++
		r.bytes += int64(len(packet.Data))
		if !s.receive(h, packet) && !s.awaitsClose() {
			return r.over(in, nil)
		}
	}
}

// errOver is a connection that is to be left.
var errOver = errors.New("engineio: connection over")

// over is the end of a session, for err or because it takes no more.
func (r *pollReader) over(in *wsframe.Input, err error) error {
	w := r.ws
	if !w.finish(err) {
		return errOver
	}
	w.conn.lingering = true
	in.Discard()
	return nil
}

// guard is to be deferred: a panic ends its connection alone.
func (r *pollReader) guard() {
	if v := recover(); v != nil {
		s := r.ws.session
		s.server.panicked(v)
		s.end(Close{Reason: ReasonTransportError, Detail: "internal error"}, endAbort)
		r.leave()
	}
}

// leave is the end of a polled connection.
func (r *pollReader) leave() {
	w := r.ws
	w.conn.fd.Leave()
	w.session.server.limits.peers.Left(w.from)
	w.conn.releaseIn()
	w.dropPending()
	w.session.forget()
	w.session.server.tasks.done()
}
