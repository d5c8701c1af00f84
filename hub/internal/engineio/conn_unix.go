//go:build unix

package engineio

import (
	"io"
	"net"
	"os"
	"syscall"
)

// useRaw reaches for the file descriptor of a plain socket.
func (c *conn) useRaw() {
	var source syscall.Conn
	switch s := c.Conn.(type) {
	case *net.TCPConn:
		source = s
	case *net.UnixConn:
		source = s
	default:
		return
	}
	raw, err := source.SyscallConn()
	if err != nil {
		return
	}
	// The callbacks are made once: a closure for each call would be an allocation for each message.
	c.raw, c.onReadable, c.onWritable = raw, c.readable, c.writable
}

// readRaw waits for bytes and reads once: into dst, or where that is nil into a pooled buffer.
func (c *conn) readRaw() (int, error) {
	if err := c.raw.Read(c.onReadable); err != nil {
		return 0, err
	}
	return c.got, c.gotErr
}

// readable is called with the descriptor, at first at once and then whenever there may be bytes.
// False means wait.
func (c *conn) readable(fd uintptr) bool {
	dst := c.dst
	if dst == nil {
		c.inBuf = buffers.get()
		dst = (*c.inBuf)[:readBuffer]
	}
	var err error
	for {
		if c.got, err = syscall.Read(int(fd), dst); err != syscall.EINTR {
			break
		}
	}
	switch {
	case err == nil && c.got > 0:
		c.gotErr = nil
		return true
	case err == nil:
		c.gotErr = io.EOF
	case err == syscall.EAGAIN:
	default:
		c.gotErr = os.NewSyscallError("read", err)
	}
	c.got = 0
	if c.inBuf != nil {
		c.releaseIn()
	}
	return err != syscall.EAGAIN
}

// writeRaw writes what the kernel takes at once. Zero bytes are no error.
func (c *conn) writeRaw(p []byte) (int, error) {
	c.src, c.put, c.putErr = p, 0, nil
	err := c.raw.Write(c.onWritable)
	c.src = nil
	if err == nil {
		err = c.putErr
	}
	return c.put, err
}

// writable writes as much as goes and never asks to be called again.
func (c *conn) writable(fd uintptr) bool {
	for len(c.src) > 0 {
		n, err := syscall.Write(int(fd), c.src)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			c.putErr = os.NewSyscallError("write", err)
			return true
		}
		c.put += n
		if c.src = c.src[n:]; n == 0 {
			return true
		}
	}
	return true
}
