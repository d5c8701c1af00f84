package engineio

import (
	"net"
	"syscall"
	"time"
)

const (
	// readBuffer is what one read asks of the kernel. The buffer is pooled and held only from the
	// arrival of bytes until gorilla has taken them, so that a resting connection has none.
	readBuffer = 4 << 10
	// writeTimeout is how long the on-demand writer may be stuck on writePiece: a browser that does not
	// take that much in so long has stalled. A thin line may take longer than that for all that waits.
	writeTimeout = 20 * time.Second
	writePiece   = 64 << 10
)

// conn is the connection under gorilla's. gorilla writes each frame by itself and blocks; conn
// gathers frames while it is corked, and its own writes never block: what the kernel does not take
// at once stays in out until drain is called on a goroutine that may wait.
//
// One goroutine reads. One goroutine at a time writes: the session's flag outbox.writing is the
// permission. gorilla's automatic control frames are the exception: they come from the reader, and
// Write drops them (see SetWriteDeadline), because the session sends its own, in order.
type conn struct {
	net.Conn

	// Set at construction. raw is nil where the file descriptor is out of reach (TLS, pipes): then
	// every write is left to drain.
	raw        syscall.RawConn
	onReadable func(fd uintptr) bool
	onWritable func(fd uintptr) bool

	// Owned by the reader.
	in      []byte  // arrived and not yet taken; a part of *inBuf
	inBuf   *[]byte // from buffers; nil at rest
	dst     []byte  // where onReadable reads to; nil means a pooled buffer
	got     int
	gotErr  error
	watch   *reservedWatch // nil without permessage-deflate
	readErr error          // what ended the connection, never a fault in what arrived

	// Owned by the writer.
	out    *[]byte // what the kernel has not taken; nil when there is nothing
	corked bool
	src    []byte
	put    int
	putErr error

	// Guarded by gorilla's write lock: the write that follows is a control frame of its own making.
	automatic bool
}

// newConn returns a conn that is corked, so that the answer to the WebSocket handshake leaves with
// the open packet.
func newConn(c net.Conn) *conn {
	n := &conn{Conn: c, corked: true}
	n.useRaw()
	return n
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if c.watch == nil {
		return c.read(p)
	}
	for {
		if c.watch.stopped {
			return 0, errReserved
		}
		n, err := c.read(p)
		if err != nil {
			return n, err
		}
		if n = c.watch.pass(p[:n]); n > 0 {
			return n, nil
		}
	}
}

// read takes what has arrived, or waits for it.
func (c *conn) read(p []byte) (int, error) {
	if len(c.in) == 0 {
		n, err := c.fill(p)
		if n > 0 || err != nil {
			return n, err
		}
	}
	n := copy(p, c.in)
	if c.in = c.in[n:]; len(c.in) == 0 {
		c.releaseIn()
	}
	return n, nil
}

// fill waits for bytes. It puts them into in, or into p itself and returns their number.
func (c *conn) fill(p []byte) (n int, err error) {
	switch {
	case c.raw == nil:
		n, err = c.Conn.Read(p)
	case len(p) >= readBuffer:
		c.dst = p
		n, err = c.readRaw()
	default:
		c.dst = nil
		n, err = c.readRaw()
		if err == nil {
			c.in, n = (*c.inBuf)[:n], 0
		}
	}
	if err != nil {
		c.readErr = err
	}
	return n, err
}

// releaseIn gives the read buffer back.
func (c *conn) releaseIn() {
	if c.inBuf != nil {
		buffers.put(c.inBuf)
	}
	c.in, c.inBuf = nil, nil
}

// SetWriteDeadline is how gorilla announces a control frame of its own making: those, and only those,
// have a deadline. The real deadline is drain's affair.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.automatic = !t.IsZero()
	return nil
}

// Write takes all of p and never blocks: it hands to the kernel what that takes at once. It is
// gorilla's way in.
func (c *conn) Write(p []byte) (int, error) {
	if c.automatic {
		return len(p), nil
	}
	if err := c.writeFrame(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// writeFrame is Write for the session's own control frames.
func (c *conn) writeFrame(p []byte) error {
	if !c.corked && c.out == nil && c.raw != nil {
		n, err := c.writeRaw(p)
		if err != nil {
			return err
		}
		p = p[n:]
	}
	if len(p) > 0 {
		if c.out == nil {
			c.out = buffers.get()
		}
		*c.out = append(*c.out, p...)
	}
	return nil
}

// cork gathers the writes that follow.
func (c *conn) cork() { c.corked = true }

// uncork hands what was gathered to the kernel, in one call, as far as it takes it.
func (c *conn) uncork() error {
	c.corked = false
	if c.out == nil || c.raw == nil {
		return nil
	}
	n, err := c.writeRaw(*c.out)
	if err != nil {
		return err
	}
	if *c.out = (*c.out)[:copy(*c.out, (*c.out)[n:])]; len(*c.out) == 0 {
		c.releaseOut()
	}
	return nil
}

// pending reports whether drain is needed.
func (c *conn) pending() bool { return c.out != nil }

// stuck is how many bytes that is. It belongs to whoever may write.
func (c *conn) stuck() int64 { return int64(len(*c.out)) }

// drain writes what is pending and waits for it, at most writeTimeout for each writePiece.
func (c *conn) drain() error {
	if c.out == nil {
		return nil
	}
	defer c.releaseOut()
	for rest := *c.out; len(rest) > 0; {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
			return err
		}
		n, err := c.Conn.Write(rest[:min(len(rest), writePiece)])
		if err != nil {
			return err
		}
		rest = rest[n:]
	}
	return c.Conn.SetWriteDeadline(time.Time{})
}

func (c *conn) releaseOut() {
	buffers.put(c.out)
	c.out = nil
}

// closeWrite tells the peer that nothing follows, and still reads. Closing at once would let the
// kernel answer unread bytes with a reset, which can overtake the close frame. Where half a close is
// not to be had, all is closed.
func (c *conn) closeWrite() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		_ = c.Conn.Close()
	}
}

// linger throws away what arrives until the peer has closed or the read deadline has come.
func (c *conn) linger() {
	scratch := buffers.get()
	defer buffers.put(scratch)
	p := (*scratch)[:cap(*scratch)]
	for {
		if _, err := c.read(p); err != nil {
			return
		}
	}
}
