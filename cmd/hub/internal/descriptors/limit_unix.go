//go:build unix

package descriptors

import (
	"math"
	"net"
	"syscall"
)

// limit is how many descriptors the process may have open; 0 for more than anybody has.
func limit() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil || l.Cur > math.MaxInt32 {
		return 0
	}
	return int(l.Cur)
}

// numberOf is the descriptor of a connection or of a listener.
func numberOf(of any) (n int, ok bool) {
	c, ok := of.(syscall.Conn)
	if !ok {
		return 0, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) { n = int(fd) })
	return n, err == nil
}

// lowestFree is the descriptor that a connection would get after so many; the first is the next one.
func lowestFree(l net.Listener, which int) (n int, ok bool) {
	fd, ok := numberOf(l)
	if !ok {
		return 0, false
	}
	for range which {
		one, err := syscall.Dup(fd)
		if err != nil {
			return math.MaxInt32, true // there is none
		}
		defer func() { _ = syscall.Close(one) }()
		n = max(n, one)
	}
	return n, true
}
