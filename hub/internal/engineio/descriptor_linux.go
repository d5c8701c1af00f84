package engineio

import (
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
)

// descriptor is a socket that no longer belongs to Go's network poller but to one of ours: the poller
// alone reads and closes it. Whoever else touches it does so between enter and leave, so that the
// number cannot have become somebody else's meanwhile; for the same reason cut only shuts the socket
// down, of which the poller hears.
type descriptor struct {
	poller *poller
	fd     int32
	slot   uint32 // in the poller's table

	// users counts those between enter and leave; negative: closed, and the last one to leave closes.
	users atomic.Int32
	// waiting is where drain waits for the socket to take more.
	waiting atomic.Pointer[waiter]
}

// waiter is woken by a token in its channel.
type waiter chan struct{}

// gone is what users starts from once the descriptor is closed.
const gone = -1 << 30

// enter lets the caller use fd until leave. False means that it is closed.
func (d *descriptor) enter() bool {
	for {
		n := d.users.Load()
		if n < 0 {
			return false
		}
		if d.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (d *descriptor) leave() {
	if d.users.Add(-1) == gone {
		_ = syscall.Close(int(d.fd))
	}
}

// close gives the socket back. It is the poller's, once.
func (d *descriptor) close() {
	if d.users.Add(gone) == gone {
		_ = syscall.Close(int(d.fd))
	}
	d.wake()
}

// read reads what is there; it is the poller's, which alone closes fd.
func (d *descriptor) read(p []byte) (int, error) { return sysRead(int(d.fd), p) }

// write hands to the kernel what that takes at once.
func (d *descriptor) write(p []byte) (int, error) {
	if !d.enter() {
		return 0, net.ErrClosed
	}
	defer d.leave()
	return sysWrite(int(d.fd), p)
}

// drain writes all of p and waits for it, at most writeTimeout for each writePiece.
func (d *descriptor) drain(p []byte) error {
	w := make(waiter, 1)
	d.waiting.Store(&w) // before the first write: what that leaves undone is followed by a token
	defer d.waiting.Store(nil)
	timer := time.NewTimer(writeTimeout)
	defer timer.Stop()
	for len(p) > 0 {
		piece := p[:min(len(p), writePiece)]
		p = p[len(piece):]
		timer.Reset(writeTimeout)
		for {
			n, err := d.write(piece)
			if err != nil {
				return err
			}
			if piece = piece[n:]; len(piece) == 0 {
				break
			}
			select {
			case <-w:
			case <-timer.C:
				return os.ErrDeadlineExceeded
			}
		}
	}
	return nil
}

// wake lets drain try again.
func (d *descriptor) wake() {
	if w := d.waiting.Load(); w != nil {
		select {
		case *w <- struct{}{}:
		default:
		}
	}
}

// cut ends both directions. The poller closes the socket when it hears of it.
func (d *descriptor) cut() { d.shutdown(syscall.SHUT_RDWR) }

// closeWrite tells the peer that nothing follows.
func (d *descriptor) closeWrite() { d.shutdown(syscall.SHUT_WR) }

func (d *descriptor) shutdown(how int) {
	if d.enter() {
		_ = syscall.Shutdown(int(d.fd), how) // a socket that is not connected any more has told the poller
		d.leave()
	}
}

// duplicate returns a descriptor of the same socket that nobody owns.
func (s *stream) duplicate() (int, error) {
	var fd uintptr
	var errno syscall.Errno
	err := s.raw.Control(func(old uintptr) {
		fd, _, errno = syscall.Syscall(syscall.SYS_FCNTL, old, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil && errno != 0 {
		err = os.NewSyscallError("fcntl", errno)
	}
	return int(fd), err
}
