package rawio

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

// Wrap returns a connection that is read and written raw, a *Conn, or the given one where it is not TCP.
func Wrap(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c
	}
	q := &Conn{TCPConn: tcp, raw: raw}
	q.in.call, q.out.call = q.in.read, q.out.write
	return q
}

// Conn is a TCP connection that is read and written raw. Its errors are those of package net.
type Conn struct {
	*net.TCPConn
	raw     syscall.RawConn
	in, out transfer
}

// transfer is a read or a write that is under way. Its function is made once: one that is made for each call would be
// allocated.
type transfer struct {
	mu   sync.Mutex // held by one read or write, guards the fields below
	call func(fd uintptr) bool
	buf  []byte
	n    int
	err  error
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return c.TCPConn.Read(p)
	}
	n, err := c.in.do(c.raw.Read, p[:min(len(p), most)])
	return n, c.OpError("read", err)
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return c.TCPConn.Write(p)
	}
	n, err := c.out.do(c.raw.Write, p)
	return n, c.OpError("write", err)
}

// Await calls a function with the descriptor, at once and then whenever there may be something to read, until it returns
// true. Its error is that of waiting.
func (c *Conn) Await(call func(fd uintptr) bool) error { return c.raw.Read(call) }

// do calls until there is an end, and returns what came of it.
func (t *transfer) do(until func(func(fd uintptr) bool) error, p []byte) (n int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf, t.n, t.err = p, 0, nil
	if err = until(t.call); err == nil {
		err = t.err
	}
	t.buf, t.err = nil, nil
	return t.n, err
}

// read is called with the descriptor, at once and then whenever there may be something. False means wait.
func (t *transfer) read(fd uintptr) bool {
	n, err := ReadNow(int(fd), t.buf)
	if errors.Is(err, syscall.EAGAIN) {
		return false
	}
	t.n, t.err = n, err
	return true
}

// write is called like read, until everything is written.
func (t *transfer) write(fd uintptr) bool {
	for t.n < len(t.buf) {
		n, err := WriteNow(int(fd), t.buf[t.n:min(len(t.buf), t.n+most)])
		t.n += n
		if t.err = err; err != nil {
			return true
		}
		if n == 0 {
			return false
		}
	}
	return true
}

// OpError gives the error of an operation (op is read or write) the shape that those of package net have.
func (c *Conn) OpError(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	var inner *net.OpError
	if errors.As(err, &inner) { // of waiting
		err = inner.Err
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
