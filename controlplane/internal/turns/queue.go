package turns

import "time"

// What is in this file is called with Turns.mu held.

// mayVisit reports whether a seat may be a guest: one that is light, or has a short message and would wait for a large one, or
// belongs to somebody who uses no more than is his. These two are the only one of their customer that works.
func (t *Turns) mayVisit(s *Seat, now time.Duration) bool {
	switch {
	case s.large:
		return false
	case s.short && !t.pacing.Load() && s.account.works.Load() == 0 && (t.larges > 0 || t.moderate(s, now)):
		return true
	}
	return t.light(s, now)
}

// light reports whether a seat has used less than half of its share, or is not held back where others are: what these may use
// then says nothing any more of what they want.
func (t *Turns) light(s *Seat, now time.Duration) bool {
	if t.pacing.Load() {
		return !s.account.heavy
	}
	return s.account.used.at(now)*2*time.Duration(t.company(now)) < t.spent.at(now)
}

// moderate reports whether a seat has used less than an equal part of all that the turns had to give: more than others have
// used, perhaps, but nothing that one of them could not have had.
func (t *Turns) moderate(s *Seat, now time.Duration) bool {
	return s.account.used.at(now)*time.Duration(t.company(now)) < time.Duration(t.limit)*always(now)
}

// decoded notes that what a seat works at is no large message any more.
func (t *Turns) decoded(s *Seat) {
	if s.large {
		t.larges--
	}
	s.large = false
}

// release passes on what a seat has.
func (t *Turns) release(s *Seat, now time.Duration) {
	was := s.drop()
	t.decoded(s)
	if was == guest {
		t.guests--
		t.invite(now)
		return
	}
	best := t.best(now, turn)
	if best < 0 {
		t.state.Add(1)
		return
	}
	if t.hand(best, turn, now) {
		t.larges++
		t.invite(now)
	}
}

// invite makes guests of those who may be and wait, while there is a place.
func (t *Turns) invite(now time.Duration) {
	for t.guests < t.limit {
		visitor := t.visitor(now)
		if visitor < 0 {
			return
		}
		t.guests++
		t.hand(visitor, guest, now)
	}
}

// hand gives the seat at that place of the queue what it has waited for, and reports whether it decodes a large message. The
// seat is its goroutine's again then.
func (t *Turns) hand(i int, what held, now time.Duration) (large bool) {
	s := t.queue[i]
	large = s.large
	t.queue = append(t.queue[:i], t.queue[i+1:]...)
	t.state.Add(-oneWaits)
	s.hold(what, now)
	s.wake <- struct{}{}
	return large
}

// visitor is the place of the seat that comes first of those that may be guests. -1 when there is none.
func (t *Turns) visitor(now time.Duration) int {
	first := -1
	for i, s := range t.queue {
		if t.mayVisit(s, now) && (first < 0 || t.before(s.account, t.queue[first].account, now)) {
			first = i
		}
	}
	return first
}

// best is the place of the seat that comes first, of those for which what is given away is; of equals the one that waits
// longest. -1 when none waits.
func (t *Turns) best(now time.Duration, what held) int {
	best := -1
	for i, s := range t.queue {
		if (what == turn || !s.large) && (best < 0 || t.before(s.account, t.queue[best].account, now)) {
			best = i
		}
	}
	return best
}

// before reports whether an account comes before another one: it has used less lately, or is not held back as the other is.
func (t *Turns) before(a, b *account, now time.Duration) bool {
	if t.pacing.Load() && a.heavy != b.heavy {
		return b.heavy
	}
	return a.used.at(now) < b.used.at(now)
}
