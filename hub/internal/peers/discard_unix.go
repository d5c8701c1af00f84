//go:build unix

package peers

import (
	"net"

	"github.com/siohub/siohub/internal/rawio"
)

// discard takes what has arrived, at most what a request has, and does not wait.
func discard(conn *net.TCPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		var b [8 << 10]byte
		_, _ = rawio.ReadNow(int(fd), b[:])
	})
}
