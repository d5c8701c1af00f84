package rawcreds

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"google.golang.org/grpc/mem"

	"github.com/siohub/siohub/internal/rawio"
)

// conn is a TCP connection that is read and written raw.
type conn struct {
	*net.TCPConn
	raw  syscall.RawConn
	r, w operation
}

// operation is a read or a write that is under way.
type operation struct {
	mu   sync.Mutex // held by one read or write, guards the fields below
	call func(fd uintptr) bool
	buf  []byte
	n    int
	err  error
	// A read on readiness takes its buffer once there is something.
	pool   mem.BufferPool
	size   int
	pooled *[]byte
}

// raw returns a connection as it is if it is not TCP.
func raw(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	rc, err := tcp.SyscallConn()
	if err != nil {
		return c
	}
	q := &conn{TCPConn: tcp, raw: rc}
	q.r.call, q.w.call = q.r.read, q.w.write
	return q
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return c.TCPConn.Read(p)
	}
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.buf = p
	_, n, err := c.readLocked()
	return n, err
}

// ReadOnReady is a Read whose buffer is taken from a pool once there is something to
// read. gRPC looks for it, so that a connection at rest holds none.
func (c *conn) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	c.r.mu.Lock()
	defer c.r.mu.Unlock()
	c.r.pool, c.r.size = pool, size
	pooled, n, err := c.readLocked()
	if err != nil && pooled != nil {
		pool.Put(pooled)
		pooled = nil
	}
	return pooled, n, err
}

func (c *conn) readLocked() (pooled *[]byte, n int, err error) {
	err = c.raw.Read(c.r.call)
	pooled, n, err = c.r.end(err)
	if err == nil && n == 0 {
		err = io.EOF
	}
	return pooled, n, c.shaped("read", err)
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return c.TCPConn.Write(p)
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.buf = p
	_, n, err := c.w.end(c.raw.Write(c.w.call))
	return n, c.shaped("write", err)
}

// shaped gives an error the shape that those of package net have.
func (c *conn) shaped(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	var inner *net.OpError
	if errors.As(err, &inner) { // of raw.Read or raw.Write
		err = inner.Err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

// end forgets the operation and returns what came of it. The error is that of waiting.
func (o *operation) end(err error) (pooled *[]byte, n int, _ error) {
	if err == nil {
		err = o.err
	}
	pooled, n = o.pooled, o.n
	o.buf, o.n, o.err, o.pool, o.size, o.pooled = nil, 0, nil, nil, 0, nil
	return pooled, n, err
}

// read is called with the descriptor, at once and then whenever there may be something.
// False means wait.
func (o *operation) read(fd uintptr) bool {
	p := o.buf
	if o.pool != nil {
		o.pooled = o.pool.Get(o.size)
		p = *o.pooled
	}
	for {
		n, err := rawio.Read(int(fd), p)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			if o.pool != nil {
				o.pool.Put(o.pooled)
				o.pooled = nil
			}
			return false
		case err != nil:
			o.err = os.NewSyscallError("read", err)
		default:
			o.n = n
		}
		return true
	}
}

// write is called like read, until everything is written.
func (o *operation) write(fd uintptr) bool {
	for o.n < len(o.buf) {
		n, err := rawio.Write(int(fd), o.buf[o.n:])
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return false
		case err != nil:
			o.err = os.NewSyscallError("write", err)
			return true
		default:
			o.n += n
		}
	}
	return true
}
