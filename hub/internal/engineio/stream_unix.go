//go:build unix

package engineio

import (
	"errors"
	"net"
	"syscall"

	"github.com/siohub/siohub/hub/internal/wsframe"
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
	case interface{ Socket() *net.TCPConn }: // of package peers or proxyheader: nothing has been read ahead
		source = c.Socket()
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
		s.in = wsframe.NewInput()
		dst = s.in.Free()
	}
	var err error
	s.got, err = rawio.ReadNow(int(fd), dst)
	s.gotErr = err
	if err != nil && s.in != nil {
		s.in.Release()
		s.in = nil
	}
	return !errors.Is(err, syscall.EAGAIN)
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
	s.put, s.putErr = rawio.WriteNow(int(fd), s.src)
	return true
}
