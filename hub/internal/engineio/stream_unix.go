//go:build unix

package engineio

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/siohub/siohub/internal/rawio"
)

// useRaw reaches for the file descriptor of a plain socket.
func (s *stream) useRaw() {
	var source syscall.Conn
	switch c := s.Conn.(type) {
	case *net.TCPConn:
		source = c
	case *net.UnixConn:
		source = c
	default:
		return
	}
	raw, err := source.SyscallConn()
	if err != nil {
		return
	}
	// The callbacks are made once: a closure for each call would be an allocation for each message.
	s.raw, s.onReadable, s.onWritable = raw, s.readable, s.writable
}

// readRaw waits for bytes and reads once: into dst, or where that is nil into a pooled buffer.
func (s *stream) readRaw() (int, error) {
	if err := s.raw.Read(s.onReadable); err != nil {
		return 0, err
	}
	return s.got, s.gotErr
}

// readable is called with the descriptor, at first at once and then whenever there may be bytes.
// False means wait.
func (s *stream) readable(fd uintptr) bool {
	dst := s.dst
	if dst == nil {
		s.held = newArrivals()
		dst = s.held.room()
	}
	var err error
	s.got, err = sysRead(int(fd), dst)
	s.gotErr = err
	if err != nil && s.held != nil {
		s.held.release()
		s.held = nil
	}
	return !errors.Is(err, syscall.EAGAIN)
}

// sysRead reads what is there. No bytes are an error: io.EOF at the end, syscall.EAGAIN before.
func sysRead(fd int, p []byte) (int, error) {
	for {
		n, err := rawio.Read(fd, p)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return 0, err
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// writeRaw writes what the kernel takes at once. Zero bytes are no error.
func (s *stream) writeRaw(p []byte) (int, error) {
	s.src, s.put, s.putErr = p, 0, nil
	err := s.raw.Write(s.onWritable)
	s.src = nil
	if err == nil {
		err = s.putErr
	}
	return s.put, err
}

// writable writes as much as goes and never asks to be called again.
func (s *stream) writable(fd uintptr) bool {
	s.put, s.putErr = sysWrite(int(fd), s.src)
	return true
}

// sysWrite writes what the kernel takes at once. Fewer bytes than all are no error.
func sysWrite(fd int, p []byte) (put int, err error) {
	for put < len(p) {
		n, err := rawio.Write(fd, p[put:])
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return put, nil
		case err != nil:
			return put, os.NewSyscallError("write", err)
		case n == 0:
			return put, nil
		}
		put += n
	}
	return put, nil
}
