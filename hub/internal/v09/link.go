package v09

import (
	"net"
	"os"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
)

// highWater is how much may wait in a link each way before whoever brings more has to wait.
const highWater = 64 << 10

// link is one session, between the stream that engineio reads and writes and the requests or the WebSocket of its client. It
// implements engineio.Stream: Read and Write are engineio's, one goroutine each; push, take, attach and end are the
// transports'. All may be called at the same time.
type link struct {
	ended func(*link) // called once, without a lock
	done  chan struct{}

	mu sync.Mutex // guards the fields below; a budget's lock alone is taken with it
	translator
	coming    share         // of what waits for the server
	going     share         // of what waits for the client
	partial   []byte        // a packet that engineio has not written whole
	taken     int           // bytes that a poll or a WebSocket has taken and not written
	sid       string        // "" until it is known
	transport string        // that carries it, or is going to
	displaced chan struct{} // closed when another request or WebSocket takes over; nil: there was none yet
	cut       func()        // see attach
	posting   bool
	err       error         // what ended it; nil while it lives
	code      int           // for the close frame
	deadline  time.Time     // for Write
	changed   chan struct{} // closed at the next change; nil while nobody waits for one
}

var _ engineio.Stream = (*link)(nil)

// changeLocked counts what the link holds, and wakes whoever waits for a change. True: all links hold more for the server than they may,
// and this one not just a little.
func (l *link) changeLocked() (over bool) {
	coming := len(l.up) + l.heldBytes
	l.going.set(l.downBytes + len(l.partial) + l.taken)
	over = l.coming.set(coming) && coming > little
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
	return over
}

// until is what ends waiting. Nil channels never do.
type until struct {
	gone      <-chan struct{} // the request is over
	displaced <-chan struct{} // see link.attach
	patience  <-chan time.Time
	freed     func() <-chan struct{} // what to look again after as well, made before each look; nil: nothing
}

// awaitLocked waits until ok, which is called with the lock, or until something else ends it, or the link has ended. True: it is
// ok.
func (l *link) awaitLocked(ok func() bool, end until) bool {
	if ok() {
		return true
	}
	for {
		var freed <-chan struct{}
		if end.freed != nil {
			freed = end.freed()
		}
		if ok() {
			return true
		}
		if l.err != nil {
			return false
		}
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		stopped := false
		select {
		case <-changed:
		case <-freed:
		case <-end.gone:
			stopped = true
		case <-end.displaced:
			stopped = true
		case <-end.patience:
			stopped = true
		}
		l.mu.Lock()
		if stopped {
			return false
		}
	}
}

// Read implements engineio.Stream. What came before the end is read first.
func (l *link) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.awaitLocked(func() bool { return len(l.up) > 0 }, until{}) {
		return 0, l.err
	}
	n := copy(p, l.up)
	if l.up = l.up[n:]; len(l.up) == 0 {
		l.up = nil
	}
	l.changeLocked()
	return n, nil
}

// Write implements engineio.Stream: it waits until there is room, and takes all of it then. Where it waits for too long, engineio ends
// the session as that of a browser that reads too slowly.
func (l *link) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.unlock()
	if err := l.awaitRoomLocked(len(p)); err != nil {
		return 0, err
	}
	l.partial = append(l.partial, p...)
	for {
		h, n := eiopacket.DecodeStreamHeader(l.partial)
		if n == 0 || uint64(len(l.partial)-n) < h.Len {
			break
		}
		end := n + int(h.Len)
		l.fromServer(h.Binary, l.partial[n:end:end])
		l.partial = l.partial[end:]
	}
	if len(l.partial) == 0 {
		l.partial = nil
	}
	l.changeLocked()
	return len(p), nil
}

// unlock is l.mu.Unlock, and tells what came of what was done with the lock.
func (l *link) unlock() {
	later := l.later
	l.later = nil
	l.mu.Unlock()
	for _, tell := range later {
		tell()
	}
}

// awaitRoomLocked waits until Write may take so much, until the deadline. What others give back is looked for only while the client's own
// packets are not what it waits for.
func (l *link) awaitRoomLocked(bytes int) error {
	room := func() bool {
		return l.err == nil && l.downBytes < highWater && (int(l.going.held)+bytes <= little || l.going.of.admits(int64(bytes)))
	}
	if room() {
		return nil
	}
	end := until{freed: func() <-chan struct{} {
		if l.downBytes >= highWater {
			return nil
		}
		return l.going.of.next()
	}}
	if !l.deadline.IsZero() {
		timer := time.NewTimer(time.Until(l.deadline))
		defer timer.Stop()
		end.patience = timer.C
	}
	switch {
	case l.awaitLocked(room, end):
		return nil
	case l.err != nil:
		return l.err
	}
	return os.ErrDeadlineExceeded
}

// SetReadDeadline implements engineio.Stream. A session over a stream has none.
func (l *link) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements engineio.Stream, for the next Write.
func (l *link) SetWriteDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deadline = t
	return nil
}

// Done implements engineio.Stream.
func (l *link) Done() <-chan struct{} { return l.done }

// Close implements engineio.Stream. Nothing is read any more.
func (l *link) Close(code int, _ string) {
	l.finish(net.ErrClosed, code)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up = nil
	l.changeLocked()
}

// Transport implements engineio.Stream.
func (l *link) Transport() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.transport
}

// finish ends the link, and drops what it holds but for what engineio has not read yet. What is being written counts until it is, which
// the WebSocket's cut bounds. False: it has ended.
func (l *link) finish(err error, code int) bool {
	l.mu.Lock()
	if l.err != nil {
		l.mu.Unlock()
		return false
	}
	l.err, l.code = err, code
	close(l.done)
	l.down, l.downBytes, l.partial = nil, 0, nil
	l.held, l.heldBytes = nil, 0
	l.changeLocked()
	cut := l.cut
	l.cut = nil
	l.mu.Unlock()
	l.ended(l)
	if cut != nil {
		cut()
	}
	return true
}

// attach makes a request or a WebSocket the one that carries the link, in place of the one before; displaced is closed when another
// one takes over. False: the link has ended. With the first one the client joins the main namespace, unless it has posted before. One that comes by another
// transport may not have heard that it has.
//
// cut is called once the link has ended or another one takes over, without a lock: who carried it may be in a write. Nil calls nothing.
func (l *link) attach(transport string, cut func()) (displaced <-chan struct{}, ok bool) {
	l.mu.Lock()
	if l.err != nil {
		l.mu.Unlock()
		return nil, false
	}
	before := l.cut
	l.cut = cut
	displaced = l.attachLocked(transport)
	l.mu.Unlock()
	if before != nil {
		before()
	}
	return displaced, true
}

func (l *link) attachLocked(transport string) (displaced <-chan struct{}) {
	switch {
	case l.endpoints == nil:
		l.begin()
	case l.transport != transport && l.endpoints[""] == joined:
		l.welcomeAgain()
	}
	if l.displaced != nil {
		close(l.displaced)
	}
	l.displaced = make(chan struct{})
	l.transport = transport
	l.changeLocked()
	return l.displaced
}

// release ends the poll that carries the link, if one does. The next one takes its place.
func (l *link) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil && l.transport == request.Polling && l.displaced != nil {
		close(l.displaced)
		l.displaced = nil
	}
}

// push takes a body or a message from the client, once there is room. False without an error: something else has ended the waiting, and
// nothing is taken. An error is a fault of the client's, which is to end the link.
func (l *link) push(payload []byte, most int, end until) (taken bool, err error) {
	l.mu.Lock()
	defer l.unlock()
	room := func() bool { return l.err == nil && len(l.up) < highWater && l.downBytes < highWater }
	if !l.awaitLocked(room, end) {
		return false, nil
	}
	if l.endpoints == nil { // it posts before its first poll
		l.begin()
	}
	err = l.payload(payload, most)
	switch over := l.changeLocked(); {
	case err != nil:
		return true, malformed{err}
	case over:
		return true, errBusy
	}
	return true, nil
}

// batch is what a poll or a WebSocket takes at a time.
type batch struct {
	packets [][]byte
	bytes   int
	last    bool // the session ends behind them
}

// take waits for packets for the client. Who was displaced gets none. They count until written is called.
func (l *link) take(end until) (b batch, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	some := func() bool {
		return l.err == nil && len(l.down) > 0 && (end.displaced == nil || end.displaced == l.displaced)
	}
	if !l.awaitLocked(some, end) {
		return b, false
	}
	b = batch{l.down, l.downBytes, l.over}
	l.down, l.downBytes = nil, 0
	l.taken += b.bytes
	l.changeLocked()
	return b, true
}

// written is the end of a batch.
func (l *link) written(b batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken -= b.bytes
	l.changeLocked()
}

// leaves ends the session as a client that says so.
func (l *link) leaves() {
	l.mu.Lock()
	if l.err == nil && !l.left {
		l.leave("")
	}
	l.changeLocked()
	l.mu.Unlock()
}

// state is what has ended the link, nil while it lives, and the code for a close frame.
func (l *link) state() (code int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.code, l.err
}

// farewell is what a poll is answered with once the link has ended: nothing that makes a client come back which has left.
func (l *link) farewell() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left {
		return Append(nil, Packet{Type: Disconnect})
	}
	return []byte(notHandshaken)
}

// post begins a POST. False: there is one.
func (l *link) post() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.posting {
		return false
	}
	l.posting = true
	return true
}

// posted ends it.
func (l *link) posted() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.posting = false
}
