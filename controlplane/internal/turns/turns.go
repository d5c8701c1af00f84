package turns

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Slice is how long a seat that others wait for works before it gives its turn away.
const Slice = 200 * time.Microsecond

// LargeBytes is what a guest decodes at most. A decoder does not pause within a message, and one of
// some MiB takes tens of milliseconds: two at once would leave no processor to browsers.
const LargeBytes = 64 << 10

// ShortBytes is what a message has at most that does not wait behind large ones, nor behind those that have used less than
// its customer, if that has used less than an equal part of what there is.
const ShortBytes = 4 << 10

// Turns lets a bounded number of seats work at the same time. New makes one; its methods
// and those of its seats are safe for concurrent use, but each seat is for one goroutine.
type Turns struct {
	// Set by New.
	limit int
	began time.Time

	// state has the free turns in its lower half and the seats that wait in its upper.
	// Invariant: no turn is free while a seat waits.
	state atomic.Int64

	mu sync.Mutex // guards the fields below, and the fields of seats that say so; a leaf
	// queue are the seats that wait.
	queue []*Seat
	// guests are those that work beside the turns.
	guests int
	// larges are how many turns a large message has.
	larges int
	// spent is what all have used lately.
	spent usage
	// accounts are those that have a seat.
	accounts map[string]*account
	// workers are how many of them have worked lately, as counted at the time counted.
	workers int
	counted time.Duration

	pacer
}

// account is what the seats of one customer have used lately. Guarded by Turns.mu, but for its first field.
type account struct {
	// works is how many of its seats work just now.
	works atomic.Int32

	name  string
	used  usage
	seats int // and links
	dues
}

// New returns turns for half as many seats at a time as there are processors. Least is the part of the processors, above 0
// and at most 1, that the heavy always have, all together.
func New(processors int, least float64) *Turns {
	t := &Turns{limit: max(1, processors/2), began: time.Now(), accounts: map[string]*account{}}
	t.pacer = pacer{processors: processors, least: least, share: 1, rate: float64(processors), links: map[string]*Link{}}
	t.state.Store(int64(t.limit))
	return t
}

const oneWaits = 1 << 32

func waiting(state int64) int64 { return state >> 32 }
func free(state int64) int64    { return state & math.MaxUint32 }

// Seat is the place of one goroutine. It has a turn from Begin to End.
type Seat struct {
	// Set by Turns.Seat.
	turns *Turns
	wake  chan struct{}
	done  <-chan struct{} // ends its rests; may be nil
	link  *Link           // of its connection; may be nil

	account *account // guarded by Turns.mu

	// Owned by the goroutine that works; by Turns.mu while the seat waits.
	held  held
	since time.Duration // from when on its work is counted; 0 while nobody waits
	large bool          // it decodes more than LargeBytes
	short bool          // it has begun with a message of ShortBytes at most
	// waited is how long it did since Waited was asked.
	waited time.Duration
	// credit is what its work has earned since that was counted last, and advance what of it was counted before.
	credit, advance time.Duration
}

// held is what a seat has.
type held uint8

const (
	nothing held = iota
	turn
	guest
)

// Seat returns a seat of a customer, or of the one that the link of that name belongs to. Leave gives it back. It does
// not rest any more once done is closed; nil is never.
func (t *Turns) Seat(customer string, done <-chan struct{}) *Seat {
	s := &Seat{turns: t, wake: make(chan struct{}, 1), done: done}
	t.mu.Lock()
	defer t.mu.Unlock()
	if s.link = t.links[customer]; s.link != nil {
		customer = s.link.account.name
	}
	s.account = t.open(customer)
	return s
}

// open returns the account of a customer. One that is new counts as if it had used its
// share: to open accounts does not pay.
func (t *Turns) open(customer string) *account {
	a := t.accounts[customer]
	if a == nil {
		now := t.now()
		a = &account{name: customer}
		a.used.add(now, t.spent.at(now)/time.Duration(t.company(now)))
		t.accounts[customer] = a
	}
	a.seats++
	return a
}

func (t *Turns) close(a *account) {
	if a.seats--; a.seats == 0 {
		delete(t.accounts, a.name)
	}
}

// Belong makes the seat that of another customer, and the link of its connection.
func (s *Seat) Belong(customer string) {
	t := s.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	was := s.account
	t.close(was)
	s.account = t.open(customer)
	if s.held != nothing {
		was.works.Add(-1)
		s.account.works.Add(1)
	}
	if s.link != nil {
		s.link.belong(customer)
	}
}

// BelongFirst does the same, unless the connection is a customer's already.
func (s *Seat) BelongFirst(customer string) {
	t := s.turns
	t.mu.Lock()
	named := s.link != nil && s.link.account != nil && s.link.account.name != s.link.name
	t.mu.Unlock()
	if !named {
		s.Belong(customer)
	}
}

// Leave ends what the seat holds, and gives it back.
func (s *Seat) Leave() {
	s.End()
	t := s.turns
	t.mu.Lock()
	defer t.mu.Unlock()
	t.close(s.account)
}

func (t *Turns) now() time.Duration { return time.Since(t.began) }

// recount is how long a count of those who work holds: it is a walk over all accounts.
const recount = 10 * time.Millisecond

// company is among how many what is there is shared: those who wait and those who work, or
// those who did lately where these are more. At an instant most may be waiting for the network.
func (t *Turns) company(now time.Duration) int {
	if t.counted == 0 || now-t.counted >= recount {
		t.workers, t.counted = 0, now
		least := t.spent.at(now) / 1024
		for _, a := range t.accounts {
			if a.used.at(now) > least {
				t.workers++
			}
		}
	}
	return max(len(t.queue)+t.limit+1, t.workers)
}

// Begin waits for a turn, in which that many bytes are decoded first.
func (s *Seat) Begin(bytes int) {
	t := s.turns
	if s.held != nothing {
		return
	}
	if t.pacing.Load() {
		s.rest()
	}
	s.large, s.short = bytes > LargeBytes, 0 < bytes && bytes <= ShortBytes
	for !s.large {
		state := t.state.Load()
		if free(state) == 0 {
			break
		}
		if t.state.CompareAndSwap(state, state-1) {
			s.hold(turn, 0)
			if t.measuring.Load() {
				s.since = t.now()
			}
			return
		}
	}
	s.wait()
}

// wait is the slow part of Begin.
func (s *Seat) wait() {
	t := s.turns
	t.mu.Lock()
	now := t.now()
	if t.take() {
		if s.large {
			t.larges++
		}
		t.mu.Unlock()
		s.hold(turn, now)
		return
	}
	if t.guests < t.limit && t.mayVisit(s, now) {
		t.guests++
		t.state.Add(-oneWaits)
		t.mu.Unlock()
		s.hold(guest, now)
		return
	}
	t.queue = append(t.queue, s)
	t.mu.Unlock()
	<-s.wake
	s.behind()
	s.waited += s.since - now
}

// hold and drop begin and end what a seat has.
func (s *Seat) hold(what held, since time.Duration) {
	s.held, s.since = what, since
	s.account.works.Add(1)
}

func (s *Seat) drop() held {
	was := s.held
	s.held = nothing
	s.account.works.Add(-1)
	return was
}

// behind lets everything run first that can. Whoever is woken runs at once in Go, on the
// processor and in the time of whoever woke it: a turn that goes from seat to seat would
// keep its processor for 10 ms, before what waits for it, or for the network, is looked at.
func (s *Seat) behind() { runtime.Gosched() }

// take takes a free turn, or notes that one more waits.
func (t *Turns) take() bool {
	for {
		state := t.state.Load()
		if free(state) > 0 {
			if t.state.CompareAndSwap(state, state-1) {
				return true
			}
		} else if t.state.CompareAndSwap(state, state+oneWaits) {
			return false
		}
	}
}

// Due reports whether Pause would give the turn away: others wait, and the slice is over.
func (s *Seat) Due() bool {
	if waiting(s.turns.state.Load()) == 0 || s.held == nothing {
		return false
	}
	now := s.turns.now()
	if s.since == 0 {
		s.since = now
	}
	return now-s.since >= Slice
}

// Pause gives the turn away if others wait and the slice is over, and waits for
// another.
func (s *Seat) Pause() {
	t := s.turns
	if !s.Due() {
		return
	}
	now := t.now()
	t.mu.Lock()
	s.charge(now)
	s.since = now
	t.decoded(s)
	if s.held == guest && t.light(s, now) {
		t.mu.Unlock()
		return
	}
	best := t.best(now, s.held)
	if best < 0 || s.held == turn && !t.before(t.queue[best].account, s.account, now) {
		t.mu.Unlock()
		return
	}
	t.state.Add(oneWaits)
	t.release(s, now)
	t.queue = append(t.queue, s)
	t.mu.Unlock()
	<-s.wake
	s.behind()
	s.waited += s.since - now
}

// Waited is how long the seat has waited since it was asked last.
func (s *Seat) Waited() time.Duration {
	d := s.waited
	s.waited = 0
	return d
}

// End gives the turn back, if the seat has one.
func (s *Seat) End() {
	t := s.turns
	if s.held == nothing {
		return
	}
	if s.held == turn && s.since == 0 && !s.large {
		s.credit = 0
		for {
			state := t.state.Load()
			if waiting(state) > 0 {
				break
			}
			if t.state.CompareAndSwap(state, state+1) {
				s.drop()
				return
			}
		}
	}
	t.mu.Lock()
	now := t.now()
	if s.since != 0 {
		s.charge(now)
	}
	t.release(s, now)
	t.mu.Unlock()
}

// charge notes what a seat has used.
func (s *Seat) charge(now time.Duration) {
	s.turns.charge(s.account, now, now-s.since, s.credit, s.advance)
	s.credit, s.advance = 0, 0
}

func (t *Turns) charge(a *account, now, d, credit, advance time.Duration) {
	a.used.add(now, d)
	t.spent.add(now, d)
	if t.measuring.Load() {
		t.bill(a, now, d, credit, advance)
	}
}
