package engineio

import (
	"os"
	"runtime"
	"sync"
	"syscall"
)

const (
	// pollEvents is how many connections are looked after between two looks at the set.
	pollEvents = 128
	// scratchBuffer is what a poller reads into: one for all its connections.
	scratchBuffer = 64 << 10
	// watched is what a connection is watched for, once and for all: edge-triggered, so that no message
	// needs a call to say so. A write that was short is what makes the kernel report EPOLLOUT.
	watched = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | epollET
	epollET = 1 << 31 // syscall.EPOLLET is negative
	// ended are the events after which reading goes on until it says so itself.
	ended = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
)

// pollers share the connections of a server: as many as there are processors to run them.
type pollers struct {
	mu      sync.Mutex // guards the fields below
	next    uint       // who has the next connection, modulo their number
	list    []*poller
	stopped bool
}

// poller watches connections at rest and reads from those that are not. It is one goroutine for all of
// them, which waits in Go's own network poller for the epoll set to have something: no thread is spent
// on waiting.
type poller struct {
	file *os.File
	raw  syscall.RawConn
	done chan struct{} // closed when its goroutine has ended

	// Owned by run.
	events [pollEvents]syscall.EpollEvent
	ready  []*webSocket // of events; nil where the connection has gone
	got    int
	again  []*webSocket // have more to read than one turn's worth
	reader reader

	mu       sync.Mutex // guards the fields below; a leaf
	slots    []slot
	free     []uint32 // slots that nobody is in
	live     int
	stopping bool
}

// slot is a place in a poller's table. An event names it together with its generation, so that one
// that was fetched before its connection left means nobody.
type slot struct {
	ws         *webSocket
	generation int32
}

// pick returns the poller for the next connection, nil if there is none to be had.
func (p *pollers) pick(s *Server) *poller {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil
	}
	if p.list == nil {
		for range runtime.GOMAXPROCS(0) {
			q, err := newPoller(s)
			if err != nil {
				s.log.Warn("no epoll set; connections keep a goroutine each", "err", err)
				break
			}
			p.list = append(p.list, q)
		}
		if p.list == nil {
			p.list = []*poller{}
		}
	}
	if len(p.list) == 0 {
		return nil
	}
	p.next++
	return p.list[p.next%uint(len(p.list))]
}

// stop ends the pollers as soon as their last connections have gone.
func (p *pollers) stop() (wait func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
	list := p.list
	for _, q := range list {
		q.stop()
	}
	return func() {
		for _, q := range list {
			<-q.done
		}
	}
}

func newPoller(s *Server) (*poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	// What is non-blocking goes to Go's network poller.
	if err := syscall.SetNonblock(fd, true); err != nil {
		_ = syscall.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(fd), "epoll")
	raw, err := file.SyscallConn()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	p := &poller{
		file: file, raw: raw, done: make(chan struct{}),
		ready:  make([]*webSocket, 0, pollEvents),
		reader: reader{server: s, scratch: &arrivals{buf: make([]byte, 0, scratchBuffer)}},
	}
	go p.run()
	return p, nil
}

// add takes a connection in without hearing of it yet; watch follows.
func (p *poller) add(d *descriptor, fd int) error {
	p.mu.Lock()
	if p.stopping {
		p.mu.Unlock()
		return os.ErrClosed
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
	err := p.control(syscall.EPOLL_CTL_ADD, d, epollET)
	if err != nil {
		p.remove(n)
	}
	return err
}

// control changes what a connection is watched for.
func (p *poller) control(op int, d *descriptor, events uint32) error {
	p.mu.Lock()
	event := syscall.EpollEvent{Events: events, Fd: int32(d.slot), Pad: p.slots[d.slot].generation}
	p.mu.Unlock()
	var inner error
	err := p.raw.Control(func(fd uintptr) { inner = syscall.EpollCtl(int(fd), op, int(d.fd), &event) })
	if err == nil {
		err = inner
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// remove forgets a connection, whose descriptor is closed or about to be.
func (p *poller) remove(n uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slots[n].ws = nil
	p.slots[n].generation++
	p.free = append(p.free, n)
	p.live--
	p.endLocked()
}

func (p *poller) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping = true
	p.endLocked()
}

// endLocked ends run once nobody is left and nobody comes.
func (p *poller) endLocked() {
	if p.stopping && p.live == 0 {
		_ = p.file.Close()
	}
}

// run reads from whoever has something to read, until the set is closed.
func (p *poller) run() {
	defer close(p.done)
	collect := p.collect // made once
	for {
		if len(p.again) == 0 {
			if p.raw.Read(collect) != nil {
				return
			}
		} else if p.raw.Control(func(fd uintptr) { p.collect(fd) }) != nil {
			return
		}
		again := p.again
		p.again = nil
		p.lookUp()
		for i, w := range p.ready {
			if w != nil {
				p.serve(w, p.events[i].Events)
			}
		}
		for _, w := range again {
			w.again = false
			if w.conn.fd.users.Load() >= 0 { // it may have left since
				p.serve(w, syscall.EPOLLIN)
			}
		}
	}
}

// collect asks the set who has something. False means that Go's network poller is to wait for that.
func (p *poller) collect(fd uintptr) bool {
	for {
		n, err := syscall.EpollWait(int(fd), p.events[:], 0)
		if err == syscall.EINTR {
			continue
		}
		p.got = max(n, 0)
		return n != 0
	}
}

// lookUp finds the connections that the events are for.
func (p *poller) lookUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ready = p.ready[:0]
	for _, e := range p.events[:p.got] {
		s := p.slots[e.Fd]
		if s.generation != e.Pad {
			s.ws = nil
		}
		p.ready = append(p.ready, s.ws)
	}
}

// serve acts on one connection's event.
func (p *poller) serve(w *webSocket, events uint32) {
	if events&(syscall.EPOLLOUT|ended) != 0 {
		w.conn.fd.wake()
	}
	if events&(syscall.EPOLLIN|ended) == 0 && w.conn.held == nil {
		return
	}
	// The end is an event of its own, and comes once: also the turns after this one have to
	// read until they meet it.
	w.ended = w.ended || events&ended != 0
	if p.reader.turn(w, w.ended) && !w.again {
		w.again = true // in the list once: an event may bring a turn in between
		p.again = append(p.again, w)
	}
}

// pollable reports whether rest may succeed.
func (c *conn) pollable() bool {
	t := c.stream
	return t.raw != nil && t.watch == nil
}

// rest takes the connection from Go's network poller and gives it to one of ours, which hears nothing
// of it before watch. It is called while nobody else can write or read. False means that there is no
// poller for it, and that nothing has changed.
func (w *webSocket) rest() bool {
	if !w.conn.pollable() {
		return false
	}
	p := w.server.pollers.pick(w.server)
	if p == nil {
		return false
	}
	fd, err := w.conn.stream.duplicate()
	if err != nil {
		return false
	}
	if p.add(&w.conn.fd, fd) != nil {
		_ = syscall.Close(fd)
		return false
	}
	_ = w.conn.stream.Close()
	w.conn.stream, w.wire = nil, nil
	return true
}

// watch starts the reading of a connection that rests.
func (d *descriptor) watch(w *webSocket) {
	d.poller.mu.Lock()
	d.poller.slots[d.slot].ws = w
	d.poller.mu.Unlock()
	if err := d.poller.control(syscall.EPOLL_CTL_MOD, d, watched); err != nil {
		// Not seen: the kernel has the descriptor in its set already, and nothing to allocate. Its end
		// is reported all the same, so the session ends and nobody waits for it.
		w.server.log.Error("a connection cannot be watched", "err", err)
		d.cut()
	}
}

// unwatch gives the descriptor back.
func (d *descriptor) unwatch() {
	d.poller.remove(d.slot)
	d.close()
}
