package engineio

import (
	"sync"
	"time"
)

// suspended is how late the timer may be before the process is taken to have slept: then the
// browsers' pongs may be unread yet, and no session is ended for the time that has passed.
const suspended = 2 * time.Second

// pingBatch is how much of its interval a ping may come early, to leave with those that are due: 100 ms of
// 25 s. An idle machine then wakes ten times a second at most, however many sessions there are, and
// the answers come together as well.
const pingBatch = 250

// dueEnding is the due time of a session that the timer is about to end.
const dueEnding = -1

// heartbeat pings every session and ends those that do not answer. All sessions have the same
// periods, so a queue for each in the order of due times is enough, and one timer that is armed for
// the first head:
//
//	idle ──Interval──► ping sent ──► awaitingPong ──Timeout──► ping timeout
//	 ▲                                        │
//	 └───────────────── pong ─────────────────┘
//
// In revision 3 it is the browser that pings:
//
//	awaitingPing ──Interval + Timeout──► ping timeout
//	 ▲        │
//	 └─ ping ─┘
//
// A session is in one of the queues from its handshake to its end, whatever its transport: neither an
// upgrade nor a request can make it leave. Other packets than a pong, or its ping, do not count. Times are counted
// from when something was due, not from when the timer got round to it, so that a loaded machine does
// not stretch them.
//
// Spec: engine.io-protocol v4, Heartbeat; v3, Timeouts.
type heartbeat struct {
	interval, timeout time.Duration
	ping              func(*Session) // queue a ping, or for a browser that pings by itself what shows whether it is there
	dead              func(*Session) // end the session
	pongUnread        func(*Session) // no pong came in time, and none could be read: the session is paused
	within            func(func())   // runs the timer's function, see tasks.run
	start             time.Time      // due times count from here, by the monotonic clock

	mu           sync.Mutex // guards the fields below and the beat of every session; a leaf
	idle         queue      // until the next ping
	awaitingPong queue      // since a ping
	awaitingPing queue      // those of revision 3, since their last ping
	timer        *time.Timer
	armed        time.Duration // when timer fires; 0: it does not
	stopped      bool
}

// beat is a session's place in the heartbeat.
type beat struct {
	prev, next *Session
	queue      *queue        // nil: in none
	due        time.Duration // since heartbeat.start
}

// queue is a list of sessions. Invariant: due never falls from head to tail.
type queue struct{ head, tail *Session }

func newHeartbeat(interval, timeout time.Duration, ping, dead func(*Session)) *heartbeat {
	return &heartbeat{
		interval: interval, timeout: timeout, ping: ping, dead: dead, pongUnread: func(*Session) {}, start: time.Now(),
	}
}

// add makes a session idle until its first ping.
func (h *heartbeat) add(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return
	}
	h.pushLocked(&h.idle, s, time.Since(h.start)+h.interval)
	h.armLocked()
}

// addPinging adds a session whose browser pings.
func (h *heartbeat) addPinging(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return
	}
	h.pushLocked(&h.awaitingPing, s, time.Since(h.start)+h.interval+h.timeout)
	h.armLocked()
}

// pinged gives a session whose browser pings its whole time for the next ping.
func (h *heartbeat) pinged(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.beat.queue == &h.awaitingPing {
		h.againLocked(s, time.Since(h.start))
	}
}

// againLocked gives a session that is awaited its whole time from now.
func (h *heartbeat) againLocked(s *Session, now time.Duration) {
	q, due := s.beat.queue, now+h.timeout
	if q == &h.awaitingPing {
		due += h.interval
	}
	h.takeLocked(s)
	h.pushLocked(q, s, due)
	h.armLocked()
}

// awaitedLocked reports whether something has to come from the session in time.
func (h *heartbeat) awaitedLocked(s *Session) bool {
	return s.beat.queue == &h.awaitingPong || s.beat.queue == &h.awaitingPing
}

// pong makes a session idle until its next ping. A pong without a ping is ignored.
func (h *heartbeat) pong(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.beat.queue != &h.awaitingPong {
		return
	}
	h.takeLocked(s)
	h.pushLocked(&h.idle, s, time.Since(h.start)+h.interval)
	h.armLocked()
}

// overdue reports whether a session's pong or ping is late, though the timer has not fired yet.
func (h *heartbeat) overdue(s *Session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	late := time.Since(h.start) - s.beat.due
	return s.beat.due == dueEnding || h.awaitedLocked(s) && late >= 0 && late <= suspended && !s.flow.pongUnread()
}

// extend gives a session that is about to be read again its whole time for a pong, or its ping.
func (h *heartbeat) extend(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.awaitedLocked(s) {
		h.againLocked(s, time.Since(h.start))
	}
}

// expire ends a session whose pong or ping is overdue at the moment of a request, so that the answer does not
// depend on whether the timer or the request is scheduled first. It reports whether it was.
func (h *heartbeat) expire(s *Session) bool {
	if !h.overdue(s) {
		return false
	}
	h.dead(s)
	return true
}

// remove forgets a session.
func (h *heartbeat) remove(s *Session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.takeLocked(s)
	// The timer stays as it is: one call in vain is cheaper than arming it for each departure.
}

// stop forgets everybody.
func (h *heartbeat) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	if h.timer != nil {
		h.timer.Stop()
	}
}

// run is the timer's function: it acts for all that are due. Pings and ends are done outside of the
// lock.
func (h *heartbeat) run() {
	var pings, ends, unread []*Session
	h.mu.Lock()
	if h.stopped {
		h.mu.Unlock()
		return
	}
	now := time.Since(h.start)
	for _, q := range [...]*queue{&h.awaitingPong, &h.awaitingPing} {
		for s := q.head; s != nil && s.beat.due <= now; s = q.head {
			again := now-s.beat.due > suspended
			if s.flow.pongUnread() {
				again = true
				unread = append(unread, s)
			}
			if again {
				h.againLocked(s, now)
				pings = append(pings, s)
				continue
			}
			h.takeLocked(s)
			s.beat.due = dueEnding
			ends = append(ends, s)
		}
	}
	early := now
	if s := h.idle.head; s != nil && s.beat.due <= now {
		early += h.interval / pingBatch
	}
	for s := h.idle.head; s != nil && s.beat.due <= early; s = h.idle.head {
		from := s.beat.due
		if now-from > suspended {
			from = now
		}
		h.takeLocked(s)
		h.pushLocked(&h.awaitingPong, s, from+h.timeout)
		pings = append(pings, s)
	}
	h.armed = 0
	h.armLocked()
	h.mu.Unlock()

	for _, s := range pings {
		h.ping(s)
	}
	for _, s := range ends {
		h.dead(s)
	}
	for _, s := range unread {
		h.pongUnread(s)
	}
}

// armLocked sets the timer for whoever is due first. A timer that fires earlier is left alone: it
// finds no session and is set anew then.
func (h *heartbeat) armLocked() {
	first := h.idle.head
	for _, q := range [...]*queue{&h.awaitingPong, &h.awaitingPing} {
		if q.head != nil && (first == nil || q.head.beat.due < first.beat.due) {
			first = q.head
		}
	}
	if first == nil {
		return
	}
	if h.armed != 0 && h.armed <= first.beat.due {
		return
	}
	h.armed = first.beat.due
	d := h.armed - time.Since(h.start)
	if h.timer == nil {
		h.timer = time.AfterFunc(d, func() { h.within(h.run) })
		return
	}
	h.timer.Reset(d)
}

// pushLocked puts a session at the end of a queue, due no earlier than those before it.
func (h *heartbeat) pushLocked(q *queue, s *Session, due time.Duration) {
	if q.tail != nil {
		due = max(due, q.tail.beat.due)
	}
	s.beat = beat{prev: q.tail, queue: q, due: due}
	if q.tail == nil {
		q.head = s
	} else {
		q.tail.beat.next = s
	}
	q.tail = s
}

// takeLocked takes a session out of its queue, if it is in one.
func (h *heartbeat) takeLocked(s *Session) {
	q := s.beat.queue
	if q == nil {
		return
	}
	if s.beat.prev == nil {
		q.head = s.beat.next
	} else {
		s.beat.prev.beat.next = s.beat.next
	}
	if s.beat.next == nil {
		q.tail = s.beat.prev
	} else {
		s.beat.next.beat.prev = s.beat.prev
	}
	s.beat = beat{}
}
