package engineio

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/siohub/siohub/hub/internal/netpoll"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

const (
	// readBuffer is what one read asks of the kernel. Its buffer is pooled and held only from the
	// arrival of bytes until they are taken, so that an idle connection has none.
	readBuffer = wsframe.ReadSize
	// WriteTimeout is how long the on-demand writer may be blocked without a byte being taken: under TLS without
	// writePiece, as nothing less can be seen. A thin line may take longer than that for all that waits.
	WriteTimeout = 20 * time.Second
	writePiece   = 64 << 10
)

// conn is the connection under gorilla's. gorilla writes each frame by itself and blocks; conn
// gathers frames while it is corked, and its own writes never block: what the kernel does not take
// at once stays in out until drain is called on a goroutine that may wait.
//
// It begins as a stream, net/http's connection, on which a goroutine waits for bytes; rest may turn it
// into a bare descriptor, which a poller watches. One goroutine reads. One goroutine at a time writes:
// the session's flag outbox.writing is the permission.
type conn struct {
	stream *stream            // nil once the descriptor is polled
	fd     netpoll.Descriptor // valid without stream
	tls    *tls.Conn          // on top of fd; nil without TLS

	// Owned by the reader.
	in        *wsframe.Input // arrived and not yet taken; nil while it is idle
	lingering bool           // what arrives is thrown away
	bulk      bool           // as in netpoll.Descriptor.Bulk
	blocked   bool           // a poller has left a message in webSocket.pending or in, see flow.paused

	// Owned by the writer; a word of its own for each owner would make an idle browser larger.
	corked bool
	out    *[]byte // what the kernel has not taken; nil when there is nothing
}

// init makes a conn that is corked, so that the answer to the WebSocket handshake leaves with the
// open packet.
func (c *conn) init(n net.Conn) {
	c.stream, c.corked = newStream(n), true
}

// Read takes what has arrived at a stream, or waits for it. It is gorilla's.
func (c *conn) Read(p []byte) (int, error) {
	if c.stream.watch == nil {
		return c.read(p)
	}
	return c.stream.watch.Read(p, c.read)
}

func (c *conn) read(p []byte) (int, error) {
	if c.in == nil {
		if len(p) >= readBuffer || !c.stream.immediate() {
			return c.stream.readInto(p)
		}
		in, err := c.stream.readBuffered()
		if err != nil {
			return 0, err
		}
		c.in = in
	}
	n := copy(p, c.in.Bytes())
	if c.in.Take(n); c.in.Empty() {
		c.releaseIn()
	}
	return n, nil
}

// await waits for bytes and adds them to in.
func (c *conn) await() (err error) {
	if c.in == nil {
		c.in, err = c.stream.readBuffered()
		return err
	}
	n, err := c.stream.readInto(c.in.Free())
	c.in.Extend(n)
	return err
}

// releaseIn gives the read buffer back.
func (c *conn) releaseIn() {
	if c.in != nil {
		c.in.Release()
		c.in = nil
	}
}

// releaseEmpty gives the read buffer back if nothing is left in it.
func (c *conn) releaseEmpty() {
	if c.in != nil && c.in.Empty() {
		c.releaseIn()
	}
}

// immediate reports whether a write may leave at once; otherwise every one is left to drain.
func (c *conn) immediate() bool { return c.stream == nil || c.stream.immediate() }

// write hands to the kernel what that takes at once. Zero bytes are no error.
func (c *conn) write(p []byte) (int, error) {
	switch {
	case c.tls != nil:
		return c.writeTLS(p)
	case c.stream == nil:
		return c.fd.Write(p)
	}
	return c.stream.writeRaw(p)
}

// writeFrame takes all of p and never blocks.
func (c *conn) writeFrame(p []byte) error {
	if !c.corked && c.out == nil && c.immediate() {
		n, err := c.write(p)
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
	if c.out == nil || !c.immediate() {
		return nil
	}
	n, err := c.write(*c.out)
	if err != nil {
		return err
	}
	if *c.out = (*c.out)[:copy(*c.out, (*c.out)[n:])]; len(*c.out) == 0 {
		c.releaseOut()
	}
	return nil
}

// pending reports whether drain is needed.
func (c *conn) pending() bool {
	if c.out != nil || c.tls == nil {
		return c.out != nil
	}
	_, stuck := underTLS(c.tls).waiting()
	return stuck
}

// pendingBytes is how many bytes that is. It belongs to whoever may write.
func (c *conn) pendingBytes() (n int64) {
	if c.tls != nil {
		n, _ = underTLS(c.tls).waiting()
	}
	if c.out != nil {
		n += int64(len(*c.out))
	}
	return n
}

// drain writes what is pending and waits for it, at most WriteTimeout without progress, which is reported. Nil: it is
// not.
func (c *conn) drain(progress func(n int)) error {
	if !c.pending() {
		return nil
	}
	defer c.releaseOut()
	if progress == nil {
		progress = func(int) {}
	}
	if c.tls != nil {
		return c.drainTLS(progress)
	}
	if c.stream == nil {
		return c.fd.Drain(*c.out, WriteTimeout, progress)
	}
	return c.stream.drain(*c.out, progress)
}

func (c *conn) releaseOut() {
	if c.out != nil {
		buffers.put(c.out)
		c.out = nil
	}
}

// setUserTimeout lets the kernel end the connection when what was sent has not been taken for so long.
func (c *conn) setUserTimeout(after time.Duration) {
	if c.stream == nil {
		c.fd.GiveUp(after)
		return
	}
	c.stream.setUserTimeout(after)
}

// close cuts the connection, whoever is reading or writing.
func (c *conn) close() {
	if c.stream == nil {
		c.fd.Cut()
		return
	}
	_ = c.stream.Close()
}

// closeWrite tells the peer that nothing follows, and still reads. Closing at once would let the
// kernel answer unread bytes with a reset, which can overtake the close frame. Where half a close is
// not to be had, all is closed.
func (c *conn) closeWrite() {
	if c.stream == nil {
		if c.tls != nil {
			_ = c.tls.CloseWrite() // the alert; what the kernel does not take of it is of no use to anybody
		}
		c.fd.CloseWrite()
		return
	}
	half, ok := c.stream.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		_ = c.stream.Close()
	}
}

// linger throws away what arrives until the peer has closed or the read deadline has come. It is for
// a goroutine that reads a stream.
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
