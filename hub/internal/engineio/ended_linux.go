package engineio

import (
	"syscall"
	"time"
	"unsafe"

	"github.com/siohub/siohub/hub/internal/netpoll"
)

// socket returns the descriptor that is under the connection, under TLS too. Nil: there is none.
func (s *stream) socket() (syscall.RawConn, error) {
	source, ok := below(s.Conn).(syscall.Conn)
	if !ok {
		return nil, nil
	}
	return source.SyscallConn()
}

// end says how the connection has ended, whatever there is still to be read before that. Where the socket is out
// of reach it is not known.
func (s *stream) end() (end netpoll.End) {
	raw, err := s.socket()
	switch {
	case err != nil:
		return netpoll.Broken
	case raw == nil:
		return netpoll.Going
	case raw.Control(func(fd uintptr) { end = hungUp(fd) }) != nil:
		return netpoll.Broken
	}
	return end
}

// failure is why it is broken; nil if that is not known.
func (s *stream) failure() (why error) {
	if raw, _ := s.socket(); raw != nil {
		_ = raw.Control(func(fd uintptr) { why = netpoll.Failure(int(fd)) })
	}
	return why
}

// hungUp asks the kernel.
func hungUp(fd uintptr) netpoll.End {
	const rdhup, hup, failed = 0x2000, 0x10, 0x8
	one := struct {
		fd              int32
		events, revents int16
	}{fd: int32(fd), events: rdhup}
	var now syscall.Timespec
	_, _, _ = syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&one)), 1, uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	switch {
	case one.revents&failed != 0:
		return netpoll.Broken
	case one.revents&(rdhup|hup) != 0:
		return netpoll.Finished
	}
	return netpoll.Going
}

// setUserTimeout lets the kernel end the connection when what was sent has not been taken for so long.
func (s *stream) setUserTimeout(after time.Duration) {
	if raw, _ := s.socket(); raw != nil {
		_ = raw.Control(func(fd uintptr) { _ = netpoll.GiveUp(int(fd), after) })
	}
}
