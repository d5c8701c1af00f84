package service

import (
	"slices"
	"sync"
)

// lanes give work to workers: one lane for each socket that has work, one piece
// of a lane at a time, lanes in the order in which they became ready.
//
//	recvLoop ── add ──► lane ──► ready ──► worker: take, run, finish, take, …
//
// Workers exist only while something is ready. A worker that takes a piece starts
// the next worker first if more is ready and none is on its way: a handler that
// blocks holds up nobody, and quick ones are run through by one worker without a
// goroutine for each.
type lanes struct {
	limit int // workers at most

	mu       sync.Mutex // guards the fields below
	byKey    map[string]*lane
	ready    fifo[*lane]
	count    int           // pieces queued or running
	workers  int           // goroutines, those on their way included
	starting int           // goroutines on their way: 0 or 1
	closed   bool          // no more work is taken
	free     []*lane       // lanes to use again, at most keepItems
	idle     chan struct{} // closed when count becomes 0; nil when nobody waits
}

// lane is the work of one socket. It is guarded by lanes.mu, and lives while it
// has work.
type lane struct {
	key     string
	queue   fifo[*work]
	busy    bool // a worker runs a piece that wants to be alone
	ready   bool // it is in lanes.ready
	beside  int  // pieces running that do not mind others
	running []*work
	waiting bool // the next piece waits for those to end
}

func newLanes(limit int) *lanes { return &lanes{limit: limit, byKey: map[string]*lane{}} }

// add queues a piece of work behind what its socket has already.
func (l *lanes) add(w *work) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return // the hub gives it to another instance
	}
	ln := l.laneLocked(w.key)
	ln.queue.push(w)
	l.count++
	l.readyLocked(ln)
	l.startLocked()
}

func (l *lanes) laneLocked(key string) *lane {
	ln := l.byKey[key]
	if ln != nil {
		return ln
	}
	if n := len(l.free); n > 0 {
		ln, l.free = l.free[n-1], l.free[:n-1]
	} else {
		ln = &lane{}
	}
	ln.key = key
	l.byKey[key] = ln
	return ln
}

func (l *lanes) readyLocked(ln *lane) {
	if !ln.busy && !ln.ready && !ln.waiting && !ln.queue.empty() {
		ln.ready = true
		l.ready.push(ln)
	}
}

func (l *lanes) startLocked() {
	if !l.ready.empty() && l.starting == 0 && l.workers < l.limit {
		l.workers++
		l.starting++
		go l.work()
	}
}

// work is a worker. It ends when nothing is ready.
func (l *lanes) work() {
	l.mu.Lock()
	l.starting--
	var ln *lane
	var w *work
	defer func() {
		// A handler has ended its goroutine (testing's FailNow): the lane goes on.
		if w != nil {
			l.mu.Lock()
			l.finishLocked(ln, w)
		}
		l.workers--
		l.startLocked()
		l.mu.Unlock()
	}()
	for {
		if ln, w = l.takeLocked(); w == nil {
			return
		}
		l.startLocked()
		l.mu.Unlock()
		w.run()
		l.mu.Lock()
		l.finishLocked(ln, w)
		w = nil
	}
}

// takeLocked takes the first piece of the first ready lane that has one to run.
func (l *lanes) takeLocked() (*lane, *work) {
	for !l.ready.empty() {
		ln := l.ready.pop()
		ln.ready = false
		w := ln.queue.first()
		if w == nil {
			l.dropLocked(ln) // purged meanwhile
			continue
		}
		if w.last() && ln.beside > 0 {
			ln.waiting = true
			continue
		}
		ln.queue.pop()
		if w.concurrent() {
			ln.beside++
			l.readyLocked(ln)
		} else {
			ln.busy = true
		}
		ln.running = append(ln.running, w)
		return ln, w
	}
	return nil, nil
}

func (l *lanes) finishLocked(ln *lane, w *work) {
	if w.concurrent() {
		ln.beside--
		ln.waiting = ln.waiting && ln.beside > 0
	} else {
		ln.busy = false
	}
	i := slices.Index(ln.running, w)
	ln.running = slices.Delete(ln.running, i, i+1)
	l.readyLocked(ln)
	l.dropLocked(ln)
	l.countLocked(1)
}

// dropLocked forgets a lane without work.
func (l *lanes) dropLocked(ln *lane) {
	if ln.queue.empty() && !ln.busy && !ln.ready && ln.beside == 0 {
		delete(l.byKey, ln.key)
		if ln.key = ""; len(l.free) < keepItems {
			l.free = append(l.free, ln)
		}
	}
}

func (l *lanes) countLocked(done int) {
	l.count -= done
	if l.count == 0 && l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// purge throws away the queued work of an attachment that has ended; what runs is
// told by its context.
func (l *lanes) purge(a *attachment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeLocked(func(w *work) bool { return w.att == a })
}

// removeLocked takes out the queued work that matches.
func (l *lanes) removeLocked(match func(*work) bool) {
	for _, ln := range l.byKey {
		dropped := ln.queue.remove(match)
		ln.waiting = ln.waiting && !ln.queue.empty()
		l.dropLocked(ln)
		l.countLocked(dropped)
	}
}

// revoke throws away deliveries that are somebody else's by now, and cancels the
// contexts of their handlers.
func (l *lanes) revoke(a *attachment, seqs []uint64, cause error) {
	if len(seqs) == 0 {
		return
	}
	revoked := make(map[uint64]bool, len(seqs))
	for _, seq := range seqs {
		revoked[seq] = true
	}
	match := func(w *work) bool { return w.att == a && revoked[w.delivery.GetDeliverySeq()] }
	l.mu.Lock()
	var running []*work
	for _, ln := range l.byKey {
		for _, w := range ln.running {
			if match(w) {
				running = append(running, w)
			}
		}
	}
	l.removeLocked(match)
	l.mu.Unlock()
	for _, w := range running {
		w.revoke(cause)
	}
}

// whenIdle returns a channel that is closed once there is no work; then it has to be
// called again. Nil says that there is none now.
func (l *lanes) whenIdle() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count == 0 {
		return nil
	}
	if l.idle == nil {
		l.idle = make(chan struct{})
	}
	return l.idle
}

// close lets no more work in.
func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}
