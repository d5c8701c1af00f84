package turns

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/internal/virtualtime"
)

// working works for that long with its turn, and pauses as often as it may.
func working(s *Seat, d time.Duration) {
	s.Begin(0)
	for range d / (Slice / 2) {
		time.Sleep(Slice / 2)
		s.Pause()
	}
	s.End()
}

func TestTurns_NoMoreThanTheLimit(t *testing.T) { noMoreThanTheLimit(t) }

// In one moment of the clock a turn may come and go without the mutex.
func TestTurns_NoMoreThanTheLimitInOneMoment(t *testing.T) { synctest.Test(t, noMoreThanTheLimit) }

func noMoreThanTheLimit(t *testing.T) {
	turns := New(6, 1)
	var at, most atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			s := turns.Seat(fmt.Sprint(i), nil)
			defer s.Leave()
			for n := range 200 {
				s.Begin([]int{0, 1, LargeBytes + 1}[n%3])
				n := at.Add(1)
				for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
				}
				runtime.Gosched()
				at.Add(-1)
				s.Pause()
				s.End()
			}
		})
	}
	wg.Wait()
	// As many guests as there are turns.
	if n := most.Load(); n > 6 {
		t.Errorf("%d at the same time", n)
	}
	if state := turns.state.Load(); free(state) != 3 || waiting(state) != 0 || turns.guests+turns.larges+len(turns.accounts) != 0 {
		t.Errorf("left are %d free turns, %d that wait, %d guests, %d large messages, %d accounts",
			free(state), waiting(state), turns.guests, turns.larges, len(turns.accounts))
	}
}

// Whoever works for long gives way after each slice, so that all are through at about the
// same time.
func TestTurns_AreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(1, 1)
		begin := time.Now()
		var wg sync.WaitGroup
		var first, last time.Duration
		for i := range 4 {
			wg.Go(func() {
				s := turns.Seat(fmt.Sprint(i), nil)
				defer s.Leave()
				working(s, 100*Slice)
				if last = time.Since(begin); first == 0 {
					first = last
				}
			})
		}
		wg.Wait()
		if last < 400*Slice || first < 380*Slice {
			t.Errorf("the first was through after %v, the last after %v", first, last)
		}
	})
}

// Whoever wants little does not wait for those who want all there is.
func TestTurns_TheLightAreGuests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(1, 1)
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				s := turns.Seat(fmt.Sprint("heavy", i), nil)
				defer s.Leave()
				for {
					select {
					case <-stop:
						return
					default:
						working(s, 20*Slice)
					}
				}
			})
		}
		s := turns.Seat("light", nil)
		virtualtime.Pass(10 * time.Second)
		var worst time.Duration
		for range 1000 {
			begin := time.Now()
			s.Begin(0)
			worst = max(worst, time.Since(begin))
			time.Sleep(Slice / 20)
			s.End()
			time.Sleep(Slice)
		}
		s.Leave()
		close(stop)
		wg.Wait()
		if worst > 0 {
			t.Errorf("it waited for %v", worst)
		}
	})
}

// A decoder does not pause within a message: two long ones at once would leave no
// processor, however light the service is that sends the second.
func TestTurns_LargeMessagesAreNoGuests(t *testing.T) {
	for bytes, want := range map[int]held{LargeBytes: guest, LargeBytes + 1: turn} {
		synctest.Test(t, func(t *testing.T) {
			turns := New(1, 1)
			busy, light := turns.Seat("busy", nil), turns.Seat("light", nil)
			virtualtime.Pass(10 * time.Second)
			busy.Begin(0)
			busy.since = 0
			turns.spent.add(turns.now(), time.Second)
			go func() {
				time.Sleep(Slice)
				busy.Leave()
			}()
			light.Begin(bytes)
			if light.held != want {
				t.Errorf("%d bytes: it has %v, want %v", bytes, light.held, want)
			}
			synctest.Wait()
			light.Leave()
			time.Sleep(2 * Slice)
			synctest.Wait()
		})
	}
}

// beside is how long one waits at most who begins with a short message every millisecond, beside eight others that do what they
// do again and again. It uses more than each of them does.
func beside(others func(n int, s *Seat)) (worst time.Duration) {
	turns := New(1, 1)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			s := turns.Seat(fmt.Sprint(i), nil)
			defer s.Leave()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					others(n, s)
				}
			}
		})
	}
	s := turns.Seat("short", nil)
	for n := range 3000 {
		begin := time.Now()
		s.Begin(ShortBytes)
		if n > 1000 { // it is known by then how much each of them uses
			worst = max(worst, time.Since(begin))
		}
		virtualtime.Pass(Slice / 4)
		s.End()
		virtualtime.Pass(time.Millisecond)
	}
	s.Leave()
	close(stop)
	wg.Wait()
	return worst
}

// Of eight that decode 4 MiB one after the other each uses less than who answers browsers without a pause, and came first: three
// in a row were a bystander's p99.
func TestTurns_TheShortDoNotWaitForTheLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		worst := beside(func(_ int, s *Seat) {
			s.Begin(4 << 20)
			time.Sleep(15 * Slice)
			s.End()
			time.Sleep(time.Second)
		})
		if worst > 0 {
			t.Errorf("it waited for %v", worst)
		}
	})
}

// Those who have used less come first, a microsecond at a time, until it is as much: who does not use more than an equal part
// of what there is does not wait for that.
func TestTurns_TheShortDoNotWaitUntilOthersHaveUsedAsMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		worst := beside(func(n int, s *Seat) {
			s.Begin(ShortBytes)
			time.Sleep(5 * time.Microsecond)
			s.End()
			if n%400 == 0 {
				time.Sleep(50 * time.Millisecond)
			}
		})
		if worst > Slice {
			t.Errorf("it waited for %v", worst)
		}
	})
}

// A customer with many seats does not have a turn and a guest's place at once, and so all processors.
func TestTurns_WhoWorksIsNoGuest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(1, 1)
		large, second, other := turns.Seat("a", nil), turns.Seat("a", nil), turns.Seat("b", nil)
		large.Begin(LargeBytes + 1)
		go second.Begin(1)
		synctest.Wait()
		if n := waiting(turns.state.Load()); n != 1 || turns.guests != 0 {
			t.Errorf("%d wait, %d are guests", n, turns.guests)
		}
		other.Begin(1)
		if other.held != guest {
			t.Errorf("somebody else has %v", other.held)
		}
		other.Leave()
		large.Belong("c") // as a call does whose caller is known
		large.End()
		synctest.Wait()
		if a, c := second.account.works.Load(), large.account.works.Load(); second.held != turn || a != 1 || c != 0 {
			t.Errorf("the second has %v, %d and %d work", second.held, a, c)
		}
		large.Leave()
		second.Leave()
	})
}

// Who has worked as much as seven others is not light because these wait for the network just
// now: a turn and a guest of that kind would leave no processor to browsers.
func TestTurns_EqualsAreNoGuests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(1, 1)
		little, seats := turns.Seat("little", nil), make([]*Seat, 8)
		for i := range seats {
			seats[i] = turns.Seat(fmt.Sprint(i), nil)
			seats[i].account.used.add(turns.now(), 10*time.Millisecond)
			turns.spent.add(turns.now(), 10*time.Millisecond)
		}
		seats[0].Begin(0)
		go seats[1].Begin(0)
		synctest.Wait()
		if n := waiting(turns.state.Load()); n != 1 || turns.guests != 0 {
			t.Errorf("%d wait, %d are guests", n, turns.guests)
		}
		little.Begin(0)
		if little.held != guest {
			t.Errorf("who has worked little has %v", little.held)
		}
		little.Leave()
		seats[0].End()
		synctest.Wait()
		for _, s := range seats {
			s.Leave()
		}
	})
}

// To come anew does not make anybody light.
func TestTurns_NewSeatsHaveNoAdvantage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(1, 1)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				s := turns.Seat(fmt.Sprint(i), nil)
				defer s.Leave()
				working(s, 1000*Slice)
			})
		}
		virtualtime.Pass(100 * Slice)
		s := turns.Seat("new", nil)
		begin := time.Now()
		s.Begin(0)
		if s.held != turn || time.Since(begin) == 0 {
			t.Errorf("it has %v after %v", s.held, time.Since(begin))
		}
		s.Leave()
		wg.Wait()
	})
}

func TestSeat_SaysHowLongItWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(1, 1)
		a, b := turns.Seat("a", nil), turns.Seat("b", nil)
		a.Begin(0)
		go func() {
			time.Sleep(time.Second)
			a.Leave()
		}()
		b.Begin(0)
		if d := b.Waited(); d != time.Second || b.Waited() != 0 {
			t.Errorf("it waited for %v", d)
		}
		b.Leave()
		synctest.Wait()
	})
}

// What is not wanted by others costs nothing.
func TestSeat_AllocatesNothing(t *testing.T) {
	s := New(1, 1).Seat("a", nil)
	if n := testing.AllocsPerRun(100, func() { s.Begin(0); s.Pause(); s.End() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkTurn(b *testing.B) {
	s := New(1, 1).Seat("a", nil)
	b.ReportAllocs()
	for b.Loop() {
		s.Begin(0)
		s.Pause()
		s.End()
	}
}
