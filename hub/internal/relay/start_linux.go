package relay

import (
	"net"
	"os"
	"syscall"
)

// pair relays between two connections that pollers watch. False: they are none that can be, and nothing has become of them.
func (w *webSockets) pair(here, there net.Conn, l *link, leave func()) bool {
	a, err := duplicate(here)
	if err != nil {
		return false
	}
	b, err := duplicate(there)
	if err != nil {
		_ = syscall.Close(a)
		return false
	}
	if !w.watch(a, b, l, leave) {
		return false
	}
	_ = here.Close()
	_ = there.Close()
	return true
}

// duplicate returns a descriptor of the same socket that nobody owns.
func duplicate(conn net.Conn) (int, error) {
	source, ok := conn.(syscall.Conn)
	if below, is := conn.(interface{ Socket() *net.TCPConn }); is {
		source, ok = below.Socket(), true
	}
	if !ok {
		return 0, syscall.ENOTSUP
	}
	raw, err := source.SyscallConn()
	if err != nil {
		return 0, err
	}
	var fd uintptr
	var errno syscall.Errno
	err = raw.Control(func(old uintptr) {
		fd, _, errno = syscall.Syscall(syscall.SYS_FCNTL, old, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil && errno != 0 {
		err = os.NewSyscallError("fcntl", errno)
	}
	return int(fd), err
}
