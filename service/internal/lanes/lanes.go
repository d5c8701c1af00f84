package lanes

import (
	"slices"
	"sync"
)

// Work is one piece of work of a lane.
type Work interface {
	comparable
	// Key names the lane. It may not change once the piece was added.
	Key() string
	// Concurrent reports whether the piece may run beside others of its lane, Last whether
	// all of these have to be over before. Both are called with the lock held.
	Concurrent() bool
	Last() bool
	// Run does it, on a worker.
	Run()
}

// Lanes give pieces of work to workers. Safe for concurrent use.
type Lanes[W Work] struct {
	limit int           // workers at most
	wake  chan struct{} // one element for each parked worker that is to go on

	mu       sync.Mutex // guards the fields below
	byKey    map[string]*lane[W]
	ready    fifo[*lane[W]]
	count    int           // pieces queued or running
	workers  int           // goroutines, those on their way included, without those parked
	starting int           // goroutines on their way: 0 or 1
	parked   int           // goroutines that wait for wake, at most maxParked
	closed   bool          // no more work is taken
	free     []*lane[W]    // lanes to use again, at most keepItems
	idle     chan struct{} // closed when count becomes 0; nil when nobody waits
}

// lane is the work of one key. It is guarded by Lanes.mu, and lives while it has work.
type lane[W Work] struct {
	key     string
	queue   fifo[W]
	busy    bool // a worker runs a piece that wants to be alone
	ready   bool // it is in Lanes.ready
	beside  int  // pieces running that do not mind others
	running []W
	waiting bool // the next piece waits for those to end
}

// maxParked is how many workers wait for more when nothing is ready: as many as a burst of
// quick pieces has. A new goroutine would make its stack grow under each first piece, which
// was a twentieth of a service's time.
const maxParked = 2

// New makes lanes with so many workers at most, at least 1. Close ends the goroutines that
// are left.
func New[W Work](limit int) *Lanes[W] {
	return &Lanes[W]{limit: limit, wake: make(chan struct{}, maxParked), byKey: map[string]*lane[W]{}}
}

// Add queues a piece of work behind what its lane has already. Once closed, it is left out.
func (l *Lanes[W]) Add(w W) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	ln := l.laneLocked(w.Key())
	ln.queue.push(w)
	l.count++
	l.readyLocked(ln)
	l.startLocked()
}

func (l *Lanes[W]) laneLocked(key string) *lane[W] {
	ln := l.byKey[key]
	if ln != nil {
		return ln
	}
	if n := len(l.free); n > 0 {
		ln, l.free = l.free[n-1], l.free[:n-1]
	} else {
		ln = &lane[W]{}
	}
	ln.key = key
	l.byKey[key] = ln
	return ln
}

func (l *Lanes[W]) readyLocked(ln *lane[W]) {
	if !ln.busy && !ln.ready && !ln.waiting && !ln.queue.empty() {
		ln.ready = true
		l.ready.push(ln)
	}
}

func (l *Lanes[W]) startLocked() {
	if l.ready.empty() || l.starting > 0 || l.workers >= l.limit {
		return
	}
	l.workers++
	l.starting++
	if l.parked > 0 {
		l.unparkLocked()
		return
	}
	go l.work()
}

// parkLocked waits until there is work again, and reports false when the worker is to end.
func (l *Lanes[W]) parkLocked() bool {
	if l.closed || l.parked == maxParked {
		return false
	}
	l.parked++
	l.workers--
	l.mu.Unlock()
	<-l.wake
	l.mu.Lock()
	l.starting--
	return true
}

func (l *Lanes[W]) unparkLocked() {
	l.parked--
	l.wake <- struct{}{} // has room: each parked worker is woken once
}

// work is a worker. When nothing is ready it is parked, or ends.
func (l *Lanes[W]) work() {
	l.mu.Lock()
	l.starting--
	var ln *lane[W]
	var w, none W
	defer func() {
		// A handler has ended its goroutine (testing's FailNow): the lane goes on.
		if w != none {
			l.mu.Lock()
			l.finishLocked(ln, w)
		}
		l.workers--
		l.startLocked()
		l.mu.Unlock()
	}()
	for {
		if ln, w = l.takeLocked(); w == none {
			if l.parkLocked() {
				continue
			}
			return
		}
		l.startLocked()
		l.mu.Unlock()
		w.Run()
		l.mu.Lock()
		l.finishLocked(ln, w)
		w = none
	}
}

// takeLocked takes the first piece of the first ready lane that has one to run.
func (l *Lanes[W]) takeLocked() (*lane[W], W) {
	var none W
	for !l.ready.empty() {
		ln := l.ready.pop()
		ln.ready = false
		w := ln.queue.first()
		if w == none {
			l.dropLocked(ln) // purged meanwhile
			continue
		}
		if w.Last() && ln.beside > 0 {
			ln.waiting = true
			continue
		}
		ln.queue.pop()
		if w.Concurrent() {
			ln.beside++
			l.readyLocked(ln)
		} else {
			ln.busy = true
		}
		ln.running = append(ln.running, w)
		return ln, w
	}
	return nil, none
}

func (l *Lanes[W]) finishLocked(ln *lane[W], w W) {
	if w.Concurrent() {
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
func (l *Lanes[W]) dropLocked(ln *lane[W]) {
	if ln.queue.empty() && !ln.busy && !ln.ready && ln.beside == 0 {
		delete(l.byKey, ln.key)
		if ln.key = ""; len(l.free) < keepItems {
			l.free = append(l.free, ln)
		}
	}
}

func (l *Lanes[W]) countLocked(done int) {
	l.count -= done
	if l.count == 0 && l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// Purge throws away the queued work that matches; what runs goes on.
func (l *Lanes[W]) Purge(match func(W) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeLocked(match)
}

// Revoke throws away the queued work that matches, and returns what of it runs.
func (l *Lanes[W]) Revoke(match func(W) bool) (running []W) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ln := range l.byKey {
		for _, w := range ln.running {
			if match(w) {
				running = append(running, w)
			}
		}
	}
	l.removeLocked(match)
	return running
}

// removeLocked takes out the queued work that matches.
func (l *Lanes[W]) removeLocked(match func(W) bool) {
	for _, ln := range l.byKey {
		dropped := ln.queue.remove(match)
		ln.waiting = ln.waiting && !ln.queue.empty()
		l.dropLocked(ln)
		l.countLocked(dropped)
	}
}

// WhenIdle returns a channel that is closed once there is no work; then it has to be
// called again. Nil says that there is none now.
func (l *Lanes[W]) WhenIdle() <-chan struct{} {
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

// Close lets no more work in. Workers end when nothing is ready.
func (l *Lanes[W]) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for l.parked > 0 {
		l.workers++
		l.starting++
		l.unparkLocked()
	}
}
