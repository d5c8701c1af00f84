package relay

import (
	"net"
	"os"
	"syscall"
)

// start relays between the connection of a browser and one to the hub that has its session.
func (r *Relay) start(here, there net.Conn, l *link) {
	var leave func()
	if r.config.Keep != nil {
		leave = r.config.Keep(here)
	}
	if a, err := duplicate(here); err == nil {
		if b, err := duplicate(there); err == nil {
			if r.watch(a, b, l, leave) {
				_ = here.Close()
				_ = there.Close()
				return
			}
		} else {
			_ = syscall.Close(a)
		}
	}
	r.copy(here, there, l, leave)
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
