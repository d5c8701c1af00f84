package engineio

import (
	"crypto/tls"
	"syscall"
	"unsafe"
)

// ended reports whether the connection has ended, in the browser's direction at least, whatever there
// is still to be read before that. Where the socket is out of reach it is not known.
func (s *stream) ended() (yes bool) {
	c := s.Conn
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	source, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := source.SyscallConn()
	if err != nil {
		return true
	}
	err = raw.Control(func(fd uintptr) { yes = hungUp(fd) })
	return yes || err != nil
}

// hungUp asks the kernel.
func hungUp(fd uintptr) bool {
	const rdhup, hup, failed = 0x2000, 0x10, 0x8
	one := struct {
		fd              int32
		events, revents int16
	}{fd: int32(fd), events: rdhup}
	var now syscall.Timespec
	_, _, _ = syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&one)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	return one.revents&(rdhup|hup|failed) != 0
}
