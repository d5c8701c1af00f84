package netpoll

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"slices"
	"sync"
	"syscall"

	"github.com/siohub/siohub/internal/rawio"
)

const (
	// pollEvents is how many sockets are looked after between two looks at the set.
	pollEvents = 128
	// againTurns is how many turns without an event are served between two looks, and no more after one that is part of
	// something large: whoever comes again must not stand before those who have just been heard of.
	againTurns = 4
	// scratchBuffer is what a poller lends to be read into: one for all its sockets.
	scratchBuffer = 64 << 10
	// watched is what a socket is watched for, once and for all. A write that was short is what makes
	// the kernel report EPOLLOUT.
	watched = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | epollET
	epollET = 1 << 31 // syscall.EPOLLET is negative
	// ended are the events after which reading goes on until it meets the end.
	ended = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
	// bell is the place of the poller's own eventfd in its set.
	bell = -1
)

// poller watches sockets. It is one goroutine for all of them.
type poller struct {
	file *os.File // the epoll set
	raw  syscall.RawConn
	bell *os.File // rings for what no socket says: see Descriptor.Nudge
	done chan struct{}

	// Owned by run.
	events  [pollEvents]syscall.EpollEvent
	ready   []turn
	scratch []byte

	mu       sync.Mutex // guards the fields below; a leaf
	slots    []slot
	free     []uint32 // slots that nobody is in
	again    []place  // whose turn comes without an event, each once
	live     int
	stopping bool
	rung     bool // the bell, and run has not come by yet
}

// slot is a place in a poller's table.
type slot struct {
	watched    Watched
	generation int32
	end        End  // heard once: the turns after it have to know
	again      bool // it is in the list
	bulk       bool // its events are turns without one, see Descriptor.Bulk; many may end at the same time
}

// place names a slot together with its generation, so that one that was noted before its socket left
// means nobody.
type place struct {
	slot       int32
	generation int32
}

// turn is a call that run is about to make.
type turn struct {
	place
	watched  Watched
	writable bool
	readable bool
	end      End
	second   bool // perhaps: its socket may have had an event as well, and may have left since
}

func newPoller() (p *poller, err error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	ring, _, errno := syscall.Syscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if errno != 0 {
		_ = syscall.Close(fd)
		return nil, os.NewSyscallError("eventfd", errno)
	}
	p = &poller{
		done:    make(chan struct{}),
		ready:   make([]turn, 0, pollEvents),
		scratch: make([]byte, scratchBuffer),
	}
	// What is non-blocking goes to Go's network poller.
	err = os.NewSyscallError("fcntl", syscall.SetNonblock(fd, true))
	p.file, p.bell = os.NewFile(uintptr(fd), "epoll"), os.NewFile(ring, "eventfd")
	if err == nil {
		p.raw, err = p.file.SyscallConn()
	}
	if err == nil {
		event := syscall.EpollEvent{Events: syscall.EPOLLIN | epollET, Fd: bell}
		err = p.control(syscall.EPOLL_CTL_ADD, int(ring), &event)
	}
	if err != nil {
		p.close()
		return nil, err
	}
	go p.run()
	return p, nil
}

func (p *poller) close() {
	_ = p.file.Close()
	_ = p.bell.Close()
}

// add takes a socket in without hearing of it yet; Descriptor.Watch follows.
func (p *poller) add(d *Descriptor, fd int) error {
	p.mu.Lock()
	if p.stopping {
		p.mu.Unlock()
		return ErrUnavailable
	}
	var n uint32
	if last := len(p.free) - 1; last >= 0 {
		n, p.free = p.free[last], p.free[:last]
	} else {
		n, p.slots = uint32(len(p.slots)), append(p.slots, slot{})
	}
	p.live++
	d.poller, d.fd, d.slot = p, int32(fd), n
	p.mu.Unlock()
	err := p.watch(syscall.EPOLL_CTL_ADD, d, epollET)
	if err != nil {
		p.remove(n)
	}
	return err
}

// watch changes what a socket is watched for.
func (p *poller) watch(op int, d *Descriptor, events uint32) error {
	p.mu.Lock()
	event := syscall.EpollEvent{Events: events, Fd: int32(d.slot), Pad: p.slots[d.slot].generation}
	p.mu.Unlock()
	return p.control(op, int(d.fd), &event)
}

func (p *poller) control(op, fd int, event *syscall.EpollEvent) error {
	var inner error
	err := p.raw.Control(func(set uintptr) { inner = syscall.EpollCtl(int(set), op, fd, event) })
	if err == nil {
		err = inner
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// remove forgets a socket, which is closed or about to be.
func (p *poller) remove(n uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slots[n] = slot{generation: p.slots[n].generation + 1}
	p.free = append(p.free, n)
	p.live--
	if p.overLocked() {
		p.ringLocked()
	}
}

func (p *poller) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping = true
	if p.overLocked() {
		p.ringLocked()
	}
}

// overLocked reports whether nobody is left and nobody comes.
func (p *poller) overLocked() bool { return p.stopping && p.live == 0 }

// againLocked notes a turn without an event.
func (p *poller) againLocked(at place) bool {
	s := &p.slots[at.slot]
	if s.generation != at.generation || s.again {
		return false
	}
	s.again = true
	p.again = append(p.again, at)
	return true
}

// ringLocked makes run come by. The eventfd is never read: each write is an event of its own.
func (p *poller) ringLocked() {
	if p.rung {
		return
	}
	p.rung = true
	_, _ = p.bell.Write(binary.NativeEndian.AppendUint64(nil, 1)) // fails when run has ended
}

// run lets whoever has something to read do so, until nobody is left and nobody comes.
func (p *poller) run() {
	defer close(p.done)
	defer p.close()
	_ = p.raw.Read(p.collect)
}

// collect asks the set who has something, and serves them. It is called by Go's network poller, when the set
// has something; false means that this is to wait for that again. What comes while collect runs is
// waited for in vain: the wait ends at once. So a set that gave less than there was room for need not be
// asked whether that was all.
func (p *poller) collect(set uintptr) (over bool) {
	for {
		n, err := rawio.EpollWait(int(set), p.events[:])
		if err != nil {
			n = 0
			if errors.Is(err, syscall.EINTR) {
				continue
			}
		}
		more, over := p.serve(p.events[:n])
		if over {
			return true
		}
		if n < pollEvents && !more {
			return false
		}
		runtime.Gosched() // there is work for long
	}
}

// serve acts on events, and on turns without one. more says that there are such turns again.
func (p *poller) serve(events []syscall.EpollEvent) (more, over bool) {
	if over = p.lookUp(events); over {
		return false, true
	}
	for _, t := range p.ready {
		if t.second && p.left(t.place) {
			continue
		}
		if t.writable {
			t.watched.Writable()
		}
		if t.readable && t.watched.Readable(p.scratch, t.end) {
			p.mu.Lock()
			p.againLocked(t.place)
			p.mu.Unlock()
		}
	}
	clear(p.ready) // nobody is kept alive who has left
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.again) > 0, false
}

// lookUp finds whom the events are for, and those whose turn comes without one.
func (p *poller) lookUp(events []syscall.EpollEvent) (over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready, p.rung = p.ready[:0], false
	for _, e := range events {
		if e.Fd != bell {
			p.turnLocked(place{e.Fd, e.Pad}, e.Events, false)
		}
	}
	served := 0
	for bulk := false; served < min(len(p.again), againTurns) && !bulk; served++ {
		at := p.again[served]
		s := &p.slots[at.slot]
		s.again = false // whoever is there: it is in the list no more
		bulk = s.bulk
		p.turnLocked(at, syscall.EPOLLIN, true)
	}
	p.again = slices.Delete(p.again, 0, served)
	return p.overLocked()
}

// left reports whether a socket has left.
func (p *poller) left(at place) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots[at.slot].generation != at.generation
}

// turnLocked notes a turn, unless its socket has left.
func (p *poller) turnLocked(at place, events uint32, second bool) {
	s := &p.slots[at.slot]
	if s.watched == nil || s.generation != at.generation {
		return
	}
	switch {
	case events&syscall.EPOLLERR != 0:
		s.end = Broken
	case events&ended != 0:
		s.end = max(s.end, Finished)
	}
	readable := events&(syscall.EPOLLIN|ended) != 0
	if readable && s.bulk && !second && s.end != Broken { // of one that is broken nothing is read
		p.againLocked(at)
		readable = false
	}
	p.ready = append(p.ready, turn{
		place: at, watched: s.watched, end: s.end, second: second, readable: readable,
		writable: events&(syscall.EPOLLOUT|ended) != 0,
	})
}
