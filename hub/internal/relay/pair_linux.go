package relay

import (
	"errors"
	"io"
	"sync"
	"syscall"

	"github.com/siohub/siohub/hub/internal/netpoll"
)

const (
	// chunkBytes is how much is read from one end at a time, and so the most that is kept for the other.
	chunkBytes = 16 << 10
	// restBytes is how much all pairs may keep before each reads no more than smallChunk at a time.
	restBytes  = 64 << 20
	smallChunk = 1 << 10
	// turnReads is how often one end is read before others have their turn.
	turnReads = 4
)

// pair relays a WebSocket between two descriptors.
type pair struct {
	of    *webSockets
	link  *link
	leave func() // of Config.Keep; nil: none
	ends  [2]end // the browser's and the other hub's

	mu    sync.Mutex // guards the fields below, and those of ends; held across writes that do not block
	over  bool       // both ends are to be left, and nothing is passed on any more
	reset bool       // with a reset
	left  int        // ends that are
}

// The places in pair.ends.
const (
	atBrowser = iota
	atHub
)

// end is one end of a pair. It implements netpoll.Watched.
type end struct {
	pair *pair
	fd   netpoll.Descriptor

	// Guarded by pair.mu.
	rest    *[]byte // what has come from the other end and was not taken by this one; nil: nothing
	stopped bool    // it is not read, as the other end has a rest
	ended   bool    // it says no more
	told    bool    // it was told that the other end says no more
	gone    bool    // it has left its poller
}

// watch makes a pair of two descriptors, which belong to it from then on. False: no poller takes them, and both are closed.
func (w *webSockets) watch(browser, hub int, l *link, leave func()) bool {
	p := &pair{of: w, link: l, leave: leave}
	p.ends[atBrowser].pair, p.ends[atHub].pair = p, p
	if w.pollers.Add(&p.ends[atBrowser].fd, browser) != nil {
		_ = syscall.Close(browser)
		_ = syscall.Close(hub)
		return false
	}
	if w.pollers.Add(&p.ends[atHub].fd, hub) != nil {
		_ = syscall.Close(hub)
		p.ends[atBrowser].fd.Leave() // nobody watches it yet
		return false
	}
	p.ends[atBrowser].fd.GiveUp(giveUpTime)
	if !w.add(p) { // as above
		p.ends[atBrowser].fd.Leave()
		p.ends[atHub].fd.Leave()
		w.dropped(leave)
		return true
	}
	for i := range p.ends {
		if err := p.ends[i].fd.Watch(&p.ends[i]); err != nil {
			w.log.Error("a connection cannot be watched", "err", err)
			p.cut() // it is heard of all the same
		}
		p.ends[i].fd.Nudge() // what came before it was watched
	}
	return true
}

func (p *pair) peer() *link { return p.link }

// cut ends both connections, in order: what the kernel has still leaves.
func (p *pair) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLocked(false)
}

// other is the opposite end.
func (e *end) other() *end {
	if e == &e.pair.ends[atBrowser] {
		return &e.pair.ends[atHub]
	}
	return &e.pair.ends[atBrowser]
}

// Readable implements netpoll.Watched.
func (e *end) Readable(scratch []byte, kind netpoll.End) (more bool) {
	p := e.pair
	p.mu.Lock()
	defer p.mu.Unlock()
	for range turnReads {
		switch {
		case p.over:
			p.leaveLocked(e)
			return false
		case e.ended && kind != netpoll.Broken:
			return false
		case kind == netpoll.Broken && (e.ended || e.other().rest != nil):
			p.endLocked(true)
			continue
		case e.other().rest != nil:
			e.stopped = true
			return false
		}
		wanted := p.of.chunk(len(scratch))
		n, err := e.fd.Read(scratch[:wanted])
		switch {
		case errors.Is(err, syscall.EAGAIN):
			return false
		case errors.Is(err, io.EOF):
			e.ended = true
			p.finishLocked(e.other())
			continue
		case err != nil:
			p.endLocked(true)
			continue
		}
		p.of.trace.Bytes(n)
		p.passLocked(scratch[:n], e.other())
		if n < wanted && kind == netpoll.Going && !p.over {
			return false // whatever comes now is a new event
		}
	}
	return true
}

// chunk is how much is read at a time.
func (w *webSockets) chunk(scratch int) int {
	if w.rest.Load() > restBytes {
		return min(scratch, smallChunk)
	}
	return min(scratch, chunkBytes)
}

// passLocked writes to an end, and keeps what that does not take.
func (p *pair) passLocked(data []byte, to *end) {
	n, err := to.fd.Write(data)
	if err != nil {
		p.endLocked(true)
		return
	}
	if data = data[n:]; len(data) > 0 {
		rest := restPool.Get().(*[]byte)
		*rest = append((*rest)[:0], data...)
		to.rest = rest
		p.of.rest.Add(int64(len(data)))
	}
}

var restPool = sync.Pool{New: func() any { b := make([]byte, 0, chunkBytes); return &b }}

// dropLocked forgets what an end has not taken.
func (p *pair) dropLocked(e *end) {
	if e.rest != nil {
		p.of.rest.Add(-int64(len(*e.rest)))
		restPool.Put(e.rest)
		e.rest = nil
	}
}

// Writable implements netpoll.Watched.
func (e *end) Writable() {
	p := e.pair
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.rest == nil || p.over {
		return
	}
	n, err := e.fd.Write(*e.rest)
	switch {
	case err != nil:
		p.endLocked(true)
		return
	case n < len(*e.rest):
		p.of.rest.Add(-int64(n))
		*e.rest = (*e.rest)[:copy(*e.rest, (*e.rest)[n:])]
		return
	}
	p.dropLocked(e)
	from := e.other()
	if from.ended {
		p.finishLocked(e)
	}
	if from.stopped {
		from.stopped = false
		from.fd.Nudge()
	}
}

// finishLocked tells an end that the other one says no more, once it has taken what came before.
func (p *pair) finishLocked(e *end) {
	if e.rest != nil || e.told {
		return
	}
	e.told = true
	e.fd.CloseWrite()
	if from := e.other(); from.told && e.ended {
		p.endLocked(false)
	}
}

// endLocked ends both connections, with a reset or in order.
func (p *pair) endLocked(reset bool) {
	if p.over {
		return
	}
	p.over, p.reset = true, reset
	for i := range p.ends {
		p.dropLocked(&p.ends[i])
		p.ends[i].fd.Nudge()
	}
}

// leaveLocked closes an end, on its poller's goroutine.
func (p *pair) leaveLocked(e *end) {
	if e.gone {
		return
	}
	e.gone = true
	if p.reset {
		e.fd.ResetOnLeave()
	}
	e.fd.Leave()
	p.left++
	if p.left < len(p.ends) {
		return
	}
	if p.leave != nil {
		p.leave()
	}
	p.of.remove(p)
}
