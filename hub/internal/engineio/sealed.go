package engineio

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/siohub/siohub/hub/internal/netpoll"
)

// tlsSocket is what stands under crypto/tls on a TLSListener. It begins as the connection that was accepted; once a poller
// has the descriptor it neither blocks when it reads nor when it writes, so that an idle browser needs no goroutine that waits
// in tls.Conn.Read. crypto/tls can go on after a read that found nothing: it keeps what it has of a record. It could not go
// on after a write that was cut short, so a write takes all, and keeps what the kernel does not take, up to maxRest beside
// what drain is at.
type tlsSocket struct {
	net.Conn                     // until fd is there
	fd       *netpoll.Descriptor // set once, before anybody else reads or writes

	// Owned by the reader, once fd is there.
	dry   bool // the last read was short: whatever comes now is a new event
	ended bool // there will be none: reading goes on until it meets the end

	unread atomic.Bool // a write has ended with errUnread

	mu       sync.Mutex // guards the fields below; a leaf
	rest     []byte     // encrypted, and not taken by the kernel
	draining bool       // what comes has to wait, as drain has a part of rest
}

// maxRest is the most that is kept encrypted and waits: a piece of the writer's, and as much of what crypto/tls writes by
// itself from within Read, the answers to a browser's key updates.
const maxRest = 2 * writePiece

// errUnread ends the writing to a browser that has crypto/tls answer more than it reads.
var errUnread = errors.New("engineio: too much of what TLS answers is not read")

// errNothing is a read that found nothing yet. crypto/tls takes it for a temporary error, after which it can be read again.
var errNothing net.Error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "engineio: nothing to read yet" }
func (nothing) Timeout() bool   { return true }
func (nothing) Temporary() bool { return true }

// Read implements net.Conn.
func (t *tlsSocket) Read(p []byte) (int, error) {
	if t.fd == nil {
		return t.Conn.Read(p)
	}
	if t.dry {
		return 0, errNothing
	}
	n, err := t.fd.Read(p)
	if errors.Is(err, syscall.EAGAIN) {
		return 0, errNothing
	}
	t.dry = err == nil && n < len(p) && !t.ended
	return n, err
}

// Write implements net.Conn. crypto/tls keeps the error of an answer of its own for the next write, which may never come:
// unread says it to the reader.
func (t *tlsSocket) Write(p []byte) (n int, err error) {
	if t.fd == nil {
		return t.Conn.Write(p)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stuckLocked() {
		if n, err = t.fd.Write(p); err != nil {
			return n, err
		}
	}
	if len(t.rest)+len(p)-n > maxRest {
		t.unread.Store(true)
		return n, errUnread
	}
	t.rest = append(t.rest, p[n:]...)
	return len(p), nil
}

// SetWriteDeadline implements net.Conn: nothing waits here.
func (t *tlsSocket) SetWriteDeadline(at time.Time) error {
	if t.fd != nil {
		return nil
	}
	return t.Conn.SetWriteDeadline(at)
}

// Close implements net.Conn.
func (t *tlsSocket) Close() error {
	if t.fd != nil {
		t.fd.Cut()
		return nil
	}
	return t.Conn.Close()
}

func (t *tlsSocket) stuckLocked() bool { return t.draining || len(t.rest) > 0 }

// waiting is how many encrypted bytes the kernel has not taken, and whether anything is to be drained.
func (t *tlsSocket) waiting() (bytes int64, stuck bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(len(t.rest)), t.stuckLocked()
}

// drain writes what is encrypted and waits for it.
func (t *tlsSocket) drain(progress func(n int)) error {
	for {
		t.mu.Lock()
		rest := t.rest
		t.rest, t.draining = nil, len(rest) > 0
		t.mu.Unlock()
		if len(rest) == 0 {
			return nil
		}
		if err := t.fd.Drain(rest, WriteTimeout, progress); err != nil {
			return err
		}
	}
}

// underTLS is the socket of a connection with TLS that a poller may watch; nil: there is none.
func underTLS(c net.Conn) *tlsSocket {
	t, ok := c.(*tls.Conn)
	if !ok {
		return nil
	}
	s, _ := t.NetConn().(*tlsSocket)
	return s
}

// below is what is under TLS, or the connection itself without it.
func below(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if s, ok := c.(*tlsSocket); ok {
		c = s.Conn
	}
	return c
}

// tlsListener hands out connections that may be watched below TLS.
type tlsListener struct{ net.Listener }

// Accept implements net.Listener.
func (l tlsListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &tlsSocket{Conn: c}, nil
}

// readNow reads what is there, on the poller's goroutine: io.EOF is the end, syscall.EAGAIN nothing. Of TLS a read that is short does not
// mean that there is no more.
func (c *conn) readNow(p []byte) (n, wanted int, err error) {
	if c.tls == nil {
		n, err = c.fd.Read(p)
		return n, len(p), err
	}
	n, err = c.tls.Read(p)
	switch {
	case err != nil && underTLS(c.tls).unread.Load(): // whatever crypto/tls takes the end for
		err = errUnread
	case errors.Is(err, errNothing):
		err = syscall.EAGAIN
	}
	return n, n, err
}

// heard says that there is something to read again, or that the connection has ended.
func (c *conn) heard(ended bool) {
	if c.tls != nil {
		s := underTLS(c.tls)
		s.dry, s.ended = false, ended
	}
}

// writeTLS encrypts what leaves at once, and at most writePiece that does not.
func (c *conn) writeTLS(p []byte) (n int, err error) {
	s := underTLS(c.tls)
	for n < len(p) {
		if _, stuck := s.waiting(); stuck {
			break
		}
		m, err := c.tls.Write(p[n:min(len(p), n+writePiece)])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// drainTLS writes what is encrypted, then what is not, and waits for it.
func (c *conn) drainTLS(progress func(n int)) error {
	s := underTLS(c.tls)
	var left []byte
	if c.out != nil {
		left = *c.out
	}
	for {
		if err := s.drain(progress); err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		n, err := c.writeTLS(left)
		if err != nil {
			return err
		}
		left = left[n:]
	}
}
