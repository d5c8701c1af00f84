package turns

import (
	"sync/atomic"
	"time"
)

const (
	// answerCredit and reachCredit are how much of a service's work is paid for by its answer to a browser, and by each
	// browser that it has sent something to: about as much as that costs, or more. What browsers ask for they answer for
	// themselves, with limits of their own.
	answerCredit, reachCredit = time.Millisecond, 20 * time.Microsecond
	// mostCredit is what can be saved of it.
	mostCredit = 20 * time.Millisecond
	// burst is work that is not waited for.
	burst = 4 * time.Millisecond
	// longestRest is what has to be waited for at most, and what is owed beyond it is forgiven: it is shorter than three of
	// the shortest heartbeats.
	longestRest = 2 * time.Second
	// longestHold is that of one read of a link: all else that comes on it waits as well, such as pings.
	longestHold = 250 * time.Millisecond
)

// pacer holds the heavy back. Its flags are read without a lock; all else is guarded by Turns.mu.
type pacer struct {
	// measuring: work is counted also while nobody waits for a turn.
	measuring atomic.Bool
	// pacing: the heavy rest.
	pacing atomic.Bool

	// Set by New.
	processors int
	least      float64 // what share is at least

	// share is the part of all processors that the heavy have together; 1 is as much as they want.
	share float64
	// rate is how many processors one of them has.
	rate float64
	// unasked is what all have worked since the last look that browsers did not pay for, asked what they did.
	unasked, asked time.Duration
	looked         time.Duration
	// needed is the part of all processors that was asked for lately.
	needed float64
	// calm is how many looks in a row saw no strain.
	calm  int
	links map[string]*Link
}

// dues are what an account has worked that browsers did not pay for. Guarded by Turns.mu.
type dues struct {
	own    usage
	credit time.Duration
	owed   time.Duration // as of the time settled
	// settled is when owed was reckoned.
	settled time.Duration

	resting span // of its seats and links
	heavy   bool
	// heavyAt is when it did much last, of those who are heavy.
	heavyAt time.Duration
	// typical is about what it works at once.
	typical time.Duration
}

// bill counts work against an account, which has earned credit with it, and of which advance is counted already.
func (t *Turns) bill(a *account, now, d, credit, advance time.Duration) {
	credit += a.credit
	paid := min(d, credit)
	a.credit = min(credit-paid, mostCredit)
	t.asked += paid
	d -= paid
	t.unasked += d
	a.own.add(now, d)
	a.typical += (d - a.typical) / 8
	t.settle(a, now)
	if t.pacing.Load() {
		a.owed += d
	}
	a.owed = max(0, a.owed-advance)
}

// settle lets time pay what an account owes, and forgives what is too much.
func (t *Turns) settle(a *account, now time.Duration) {
	owed := min(a.owed, burst+time.Duration(t.rate*float64(longestRest)))
	a.owed = max(0, owed-time.Duration(t.rate*float64(now-a.settled)))
	a.settled = now
}

// due is how long an account has to rest.
func (t *Turns) due(a *account, now, most time.Duration) time.Duration {
	t.settle(a, now)
	if !a.heavy || a.owed <= burst {
		return 0
	}
	return min(time.Duration(float64(a.owed-burst)/t.rate), most)
}

// rest is what a seat does before it has a turn.
func (s *Seat) rest() {
	t := s.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	s.advance += t.restLocked(s.account, longestRest, s.done)
}

// restLocked lets an account rest, at most that long, and not after end is closed. Turns.mu is held, and let go meanwhile.
// What it is likely to work then is owed in advance: of many that rest at the same time each waits for those before it, and they
// do not all begin at once.
func (t *Turns) restLocked(a *account, most time.Duration, end <-chan struct{}) (advance time.Duration) {
	now := t.now()
	d := t.due(a, now, most)
	if a.heavy && t.pacing.Load() {
		advance = a.typical
		a.owed += advance
	}
	if d <= 0 {
		return advance
	}
	a.resting.begin(now)
	t.mu.Unlock()
	timer := time.NewTimer(d)
	select {
	case <-timer.C:
	case <-end:
	}
	timer.Stop()
	t.mu.Lock()
	a.resting.end(t.now())
	return advance
}

// Answered notes that many answers to what browsers have asked, and Reached that so many browsers were sent something.
func (s *Seat) Answered(n int) { s.credit += time.Duration(n) * answerCredit }

// Reached is like Answered.
func (s *Seat) Reached(n int) { s.credit += time.Duration(n) * reachCredit }

// span is the time in which at least one of many is there.
type span struct {
	there int
	since time.Duration
	sum   time.Duration
}

func (s *span) begin(now time.Duration) {
	if s.there++; s.there == 1 {
		s.since = now
	}
}

func (s *span) end(now time.Duration) {
	if s.there--; s.there == 0 {
		s.sum += now - s.since
	}
}

// take returns the time since it was asked last.
func (s *span) take(now time.Duration) time.Duration {
	if s.there > 0 {
		s.sum += now - s.since
		s.since = now
	}
	sum := s.sum
	s.sum = 0
	return sum
}
