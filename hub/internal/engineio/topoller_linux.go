package engineio

import (
	"crypto/tls"
	"os"
	"syscall"

	"github.com/siohub/siohub/hub/internal/netpoll"
	"github.com/siohub/siohub/hub/internal/peers"
)

// pollable reports whether moveToPoller may succeed.
func (c *conn) pollable() bool {
	t := c.stream
	return t.watch == nil && (t.raw != nil || underTLS(t.Conn) != nil)
}

// moveToPoller takes the connection from Go's network poller and gives it to one of the server's, which watches
// it from start on. It is called before anybody else can write or read. False means that there is
// no poller for it, and that nothing has changed.
func (w *webSocket) moveToPoller() bool {
	if !w.conn.pollable() {
		return false
	}
	fd, err := w.conn.stream.duplicate()
	if err != nil {
		return false
	}
	if w.session.server.pollers.Add(&w.conn.fd, fd) != nil {
		_ = syscall.Close(fd)
		return false
	}
	given := w.conn.stream.Conn
	if sealed := underTLS(given); sealed != nil {
		w.conn.tls = given.(*tls.Conn)
		sealed.fd = &w.conn.fd
	}
	w.from = peers.Keep(below(given)) // its address has the connection as long as the descriptor lives
	_ = below(given).Close()
	w.conn.stream, w.gorilla = nil, nil
	return true
}

// duplicate returns a descriptor of the same socket that nobody owns.
func (s *stream) duplicate() (int, error) {
	var fd uintptr
	var errno syscall.Errno
	raw, err := s.socket()
	switch {
	case err != nil:
		return 0, err
	case raw == nil: // a pipe under TLS
		return 0, netpoll.ErrUnavailable
	}
	err = raw.Control(func(old uintptr) {
		fd, _, errno = syscall.Syscall(syscall.SYS_FCNTL, old, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil && errno != 0 {
		err = os.NewSyscallError("fcntl", errno)
	}
	return int(fd), err
}
