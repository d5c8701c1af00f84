//go:build linux || darwin

package redis

import (
	"errors"
	"net"
	"syscall"
)

// alive reports whether a connection on which nothing is awaited has not been ended by the server.
func alive(c net.Conn) bool {
	if l, is := c.(located); is {
		c = l.Conn
	}
	s, ok := c.(syscall.Conn)
	if !ok {
		return true // TLS: its next use tells
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false
	}
	var seen error
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		_, _, seen = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && errors.Is(seen, syscall.EAGAIN)
}
