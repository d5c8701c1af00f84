package engineio

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/siohub/siohub/hub/internal/wsframe"
)

// stream is a connection as net/http leaves it: Go's network poller parks whoever waits for it. TLS on other listeners than ours,
// in-memory pipes, permessage-deflate and other systems than Linux keep it for good; the rest until
// the session has begun.
type stream struct {
	net.Conn

	// Set at construction. raw is nil where the file descriptor is out of reach (TLS, pipes): then
	// every write is left to drain.
	raw        syscall.RawConn
	onReadable func(fd uintptr) bool
	onWritable func(fd uintptr) bool

	// Owned by the reader.
	gate    gate
	in      *wsframe.Input // where onReadable reads to; nil: to dst
	dst     []byte
	got     int
	gotErr  error
	watch   *wsframe.RSV1Checker // nil without permessage-deflate
	readErr error                // what ended the connection, never a fault in what arrived

	// Owned by the writer.
	src    []byte
	put    int
	putErr error
}

func newStream(c net.Conn) *stream {
	s := &stream{Conn: c}
	s.useRaw()
	return s
}

// immediate reports whether the descriptor is within reach.
func (s *stream) immediate() bool { return s.raw != nil }

// isPipe reports whether no socket is under the connection, so that only a write tells of its end.
func (s *stream) isPipe() bool {
	_, ok := below(s.Conn).(syscall.Conn)
	return !ok
}

// readInto waits for bytes and puts them into p.
func (s *stream) readInto(p []byte) (n int, err error) {
	if s.raw == nil {
		n, err = s.Conn.Read(p)
	} else {
		s.dst = p
		n, err = s.readRaw()
		s.dst = nil
	}
	if err != nil {
		s.readErr = err
	}
	return n, err
}

// readBuffered waits for bytes and returns them in a pooled buffer, which is taken only once they are there, but for TLS.
func (s *stream) readBuffered() (*wsframe.Input, error) {
	if s.raw == nil {
		in := wsframe.NewInput()
		n, err := s.readInto(in.Free())
		if in.Extend(n); n > 0 {
			return in, nil
		}
		in.Release()
		return nil, err
	}
	n, err := s.readRaw()
	if err != nil {
		s.readErr = err
		return nil, err
	}
	in := s.in
	s.in = nil
	in.Extend(n)
	return in, nil
}

// drain writes all of p and waits for it, see below. Under TLS a write that was cut short cannot go on.
func (s *stream) drain(p []byte, progress func(n int)) error {
	_, whole := s.Conn.(*tls.Conn)
	return drain(s.Conn, p, whole, progress)
}

// drain writes all of p to a connection and waits for it, at most WriteTimeout without a byte that was taken. Where pieces
// are taken whole or not at all that is for each writePiece. progress is told of each try, in vain or not.
func drain(c interface {
	io.Writer
	SetWriteDeadline(t time.Time) error
}, p []byte, whole bool, progress func(n int)) error {
	for moved := time.Now(); len(p) > 0; {
		remaining := WriteTimeout - time.Since(moved)
		if !whole {
			remaining = min(remaining, retryPeriod) // the kernel takes something long before it says so
		}
		if err := c.SetWriteDeadline(time.Now().Add(remaining)); err != nil {
			return err
		}
		n, err := c.Write(p[:min(len(p), writePiece)])
		p = p[n:]
		if n > 0 {
			moved = time.Now()
		}
		progress(n)
		if err != nil && (whole || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(moved) >= WriteTimeout) {
			return err
		}
	}
	return c.SetWriteDeadline(time.Time{})
}

// retryPeriod is how often a write is tried again.
const retryPeriod = time.Second
