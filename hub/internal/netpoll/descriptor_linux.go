package netpoll

import (
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/siohub/siohub/internal/rawio"
)

// Descriptor is a socket that belongs to a poller, which alone reads and closes it. Whoever else touches
// it does so between enter and leave. The zero value is no socket yet; see Set.Add.
type Descriptor struct {
	poller *poller
	fd     int32
	slot   uint32 // in the poller's table

	// users counts those between enter and leave; negative: closed, and the last one to leave closes.
	users atomic.Int32
	// waiting is where Drain waits for the socket to take more.
	waiting atomic.Pointer[waiter]
}

// waiter is woken by a token in its channel.
type waiter chan struct{}

// gone is what users starts from once the descriptor is closed.
const gone = -1 << 30

// Watch lets w hear of the socket, once for each descriptor. After an error it hears of its end at least:
// the kernel has the socket in its set already.
func (d *Descriptor) Watch(w Watched) error {
	d.poller.mu.Lock()
	d.poller.slots[d.slot].watched = w
	d.poller.mu.Unlock()
	return d.poller.watch(syscall.EPOLL_CTL_MOD, d, watched)
}

// Nudge makes Readable be called though nothing has arrived. It may be called at any time after Watch, from any
// goroutine; after Leave it does nothing.
func (d *Descriptor) Nudge() {
	if !d.enter() {
		return
	}
	defer d.leave()
	p := d.poller
	p.mu.Lock()
	defer p.mu.Unlock()
	// Whoever has the slot after this socket is looked at in vain, which harms nobody.
	if s := &p.slots[d.slot]; p.againLocked(place{int32(d.slot), s.generation}) {
		p.ringLocked()
	}
}

// Bulk says whether what the socket brings is part of something large. Then an event of it is a turn like those that
// come again, a few of which are served at a time, behind the others. It is for the poller's goroutine.
func (d *Descriptor) Bulk(on bool) {
	d.poller.mu.Lock()
	defer d.poller.mu.Unlock()
	d.poller.slots[d.slot].bulk = on
}

// Leave takes the socket out of its poller and closes it. It is called once, by Watched, from the
// poller's goroutine.
func (d *Descriptor) Leave() {
	d.poller.remove(d.slot)
	if d.users.Add(gone) == gone {
		_ = syscall.Close(int(d.fd))
	}
	d.Wake()
}

// enter lets the caller use fd until leave. False means that it is closed.
func (d *Descriptor) enter() bool {
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

func (d *Descriptor) leave() {
	if d.users.Add(-1) == gone {
		_ = syscall.Close(int(d.fd))
	}
}

// Read reads what is there: io.EOF is the end, syscall.EAGAIN nothing. It is for the poller's goroutine,
// which alone closes the socket.
func (d *Descriptor) Read(p []byte) (int, error) { return rawio.ReadNow(int(d.fd), p) }

// Write hands to the kernel what that takes at once. Fewer bytes than all, or none, are no error.
func (d *Descriptor) Write(p []byte) (int, error) {
	if !d.enter() {
		return 0, net.ErrClosed
	}
	defer d.leave()
	return rawio.WriteNow(int(d.fd), p)
}

// retry is how often Drain tries without being told to: the kernel takes something long before it says so, which is
// when a third of its buffer is free.
const retry = time.Second

// Drain writes all of p and waits for it, at most timeout without a byte that was taken: else
// os.ErrDeadlineExceeded. It tells of its progress. One goroutine writes at a time.
func (d *Descriptor) Drain(p []byte, timeout time.Duration, progress func(n int)) error {
	w := make(waiter, 1)
	d.waiting.Store(&w) // before the first write: what that leaves undone is followed by a token
	defer d.waiting.Store(nil)
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	for moved := time.Now(); ; {
		n, err := d.Write(p)
		if err != nil {
			return err
		}
		if n > 0 {
			moved = time.Now()
			progress(n)
		}
		if p = p[n:]; len(p) == 0 {
			return nil
		}
		left := timeout - time.Since(moved)
		if left <= 0 {
			return os.ErrDeadlineExceeded
		}
		timer.Reset(min(left, retry))
		select {
		case <-w:
		case <-timer.C:
		}
	}
}

// Wake lets Drain try again. Watched.Writable is the time for it.
func (d *Descriptor) Wake() {
	if w := d.waiting.Load(); w != nil {
		select {
		case *w <- struct{}{}:
		default:
		}
	}
}

// Cut ends both directions, from any goroutine. The poller hears of it, and Watched leaves.
func (d *Descriptor) Cut() { d.shutdown(syscall.SHUT_RDWR) }

// GiveUp lets the kernel end the connection when what was written has not been acknowledged, or cannot be sent, for
// so long; then it is Broken. On anything but TCP it does nothing.
func (d *Descriptor) GiveUp(after time.Duration) {
	if d.enter() {
		_ = GiveUp(int(d.fd), after)
		d.leave()
	}
}

// GiveUp is the same for any socket.
func GiveUp(fd int, after time.Duration) error {
	const userTimeout = 18 // TCP_USER_TIMEOUT
	return os.NewSyscallError("setsockopt",
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, userTimeout, int(after.Milliseconds())))
}

// Failure is why a connection is Broken, once for each failure; nil if it is not known. It is for the poller's goroutine.
func (d *Descriptor) Failure() error { return Failure(int(d.fd)) }

// Failure is the same for any socket.
func Failure(fd int) error {
	if n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR); err == nil && n != 0 {
		return syscall.Errno(n)
	}
	return nil
}

// ResetOnLeave lets Leave end the connection with a reset, without what has not been sent. On anything but TCP it does nothing.
func (d *Descriptor) ResetOnLeave() {
	if d.enter() {
		_ = syscall.SetsockoptLinger(int(d.fd), syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
		d.leave()
	}
}

// CloseWrite tells the peer that nothing follows.
func (d *Descriptor) CloseWrite() { d.shutdown(syscall.SHUT_WR) }

func (d *Descriptor) shutdown(how int) {
	if d.enter() {
		_ = syscall.Shutdown(int(d.fd), how) // a socket that is not connected any more has told the poller
		d.leave()
	}
}
