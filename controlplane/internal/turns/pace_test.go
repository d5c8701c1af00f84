package turns

import (
	"fmt"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/internal/virtualtime"
)

// The strains of a hub with two processors.
var (
	calm    = Strain{Wait: 50 * time.Microsecond, Cycles: 1}
	waits   = Strain{Wait: 2 * time.Millisecond}
	garbage = Strain{Cycles: 5}
)

// look looks ten times a second, for that long, and returns who was held back and for how long in all.
func look(t *Turns, strain Strain, d time.Duration) map[string]time.Duration {
	rests := map[string]time.Duration{}
	for range d / (100 * time.Millisecond) {
		virtualtime.Pass(100 * time.Millisecond)
		for _, r := range t.Look(strain) {
			rests[r.Customer] += r.Time
		}
	}
	return rests
}

// customer works for as long as its seat lives: so much at once, after a pause, and with each time so many answers. What it
// has worked is added up.
func customer(t *testing.T, turns *Turns, name string, work, pause time.Duration, answers int) *atomic.Int64 {
	done := make(chan struct{})
	ended := make(chan struct{})
	worked := new(atomic.Int64)
	go func() {
		defer close(ended)
		s := turns.Seat(name, done)
		defer s.Leave()
		for {
			select {
			case <-done:
				return
			default:
			}
			s.Begin(0)
			time.Sleep(work)
			worked.Add(int64(work))
			s.Answered(answers)
			s.End()
			time.Sleep(pause)
		}
	}()
	t.Cleanup(func() { close(done); <-ended })
	return worked
}

// during returns how much was worked in that time, in processors.
func during(turns *Turns, strain Strain, d time.Duration, worked ...*atomic.Int64) (rates []float64, rests map[string]time.Duration) {
	before := make([]int64, len(worked))
	for i, w := range worked {
		before[i] = w.Load()
	}
	rests = look(turns, strain, d)
	for i, w := range worked {
		rates = append(rates, float64(w.Load()-before[i])/float64(d))
	}
	return rates, rests
}

// Whoever takes all he can has what is always his while others suffer, and all of it as soon as they do not.
func TestTurns_TheHeavyAreHeldBack(t *testing.T) {
	for name, strain := range map[string]Strain{"goroutines wait": waits, "garbage is collected": garbage} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				turns := New(2, 0.1)
				heavy := customer(t, turns, "heavy", time.Millisecond, time.Millisecond, 0)
				light := customer(t, turns, "light", 100*time.Microsecond, 10*time.Millisecond, 1)
				look(turns, strain, 3*time.Second)
				rates, rests := during(turns, strain, 10*time.Second, heavy, light)
				if r := rates[0]; r < 0.15 || r > 0.25 {
					t.Errorf("with strain the heavy has %.2f processors, want a tenth of two", r)
				}
				if rests["light"] > 0 || rests["heavy"] < 5*time.Second || rates[1] < 0.009 {
					t.Errorf("held back were %v; the light has %.3f processors", rests, rates[1])
				}
				look(turns, calm, 15*time.Second)
				rates, rests = during(turns, calm, 5*time.Second, heavy)
				if rates[0] < 0.49 || len(rests) > 0 || turns.measuring.Load() {
					t.Errorf("without strain it has %.2f processors; held back were %v; measuring: %v", rates[0], rests, turns.measuring.Load())
				}
			})
		})
	}
}

// The heavy have equal parts.
func TestTurns_TheHeavyShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(2, 0.1)
		var heavy []*atomic.Int64
		for i := range 4 {
			work := time.Duration(i+1) * time.Millisecond
			heavy = append(heavy, customer(t, turns, fmt.Sprint(i), work, work, 0))
		}
		customer(t, turns, "light", 100*time.Microsecond, 10*time.Millisecond, 1)
		look(turns, waits, 5*time.Second)
		rates, _ := during(turns, waits, 10*time.Second, heavy...)
		for i, r := range rates {
			if r < 0.04 || r > 0.07 {
				t.Errorf("%d of four has %.3f processors, want a fourth of 0.2", i, r)
			}
		}
	})
}

// Nobody is held back where there is nobody who would have more of it, or where that is not what is wanted.
func TestTurns_NobodyIsHeldBackInVain(t *testing.T) {
	for _, c := range []struct {
		name       string
		processors int
		least      float64
		strain     Strain
		work       func(t *testing.T, turns *Turns)
	}{
		{"one alone", 2, 0.05, waits, func(t *testing.T, turns *Turns) {
			customer(t, turns, "a", time.Millisecond, 0, 0)
		}},
		{"all alike", 2, 0.05, waits, func(t *testing.T, turns *Turns) {
			customer(t, turns, "a", time.Millisecond, 0, 0)
			customer(t, turns, "b", time.Millisecond, 0, 0)
		}},
		{"no strain", 2, 0.05, calm, besideLight},
		{"garbage of many processors", 4, 0.05, garbage, besideLight},
		{"all is always theirs", 2, 1, waits, besideLight},
		{"one that answers browsers", 2, 0.05, waits, func(t *testing.T, turns *Turns) {
			customer(t, turns, "busy", 800*time.Microsecond, 0, 1)
			customer(t, turns, "light", 100*time.Microsecond, 10*time.Millisecond, 1)
		}},
		{"no more than browsers want", 4, 0.05, waits, func(t *testing.T, turns *Turns) {
			for i := range 4 {
				customer(t, turns, fmt.Sprint("answers", i), 800*time.Microsecond, 0, 1)
			}
			customer(t, turns, "emits", time.Millisecond, 3*time.Millisecond, 0)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				turns := New(c.processors, c.least)
				c.work(t, turns)
				look(turns, c.strain, 2*time.Second)
				if rests := look(turns, c.strain, 5*time.Second); len(rests) > 0 {
					t.Errorf("held back were %v", rests)
				}
			})
		})
	}
}

func besideLight(t *testing.T, turns *Turns) {
	customer(t, turns, "heavy", time.Millisecond, 0, 0)
	customer(t, turns, "light", 100*time.Microsecond, 10*time.Millisecond, 1)
}

// What a connection costs beside turns counts, and it is held back.
func TestLink_IsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(2, 0.1)
		l := turns.Link("peer")
		seat := turns.Seat("peer", nil)
		seat.Belong("heavy")
		var worked atomic.Int64
		ended := make(chan struct{})
		var closed atomic.Bool
		go func() {
			defer close(ended)
			for !closed.Load() {
				l.Before()
				time.Sleep(time.Millisecond) // nothing has come yet
				l.After()
				time.Sleep(time.Millisecond)
				worked.Add(int64(time.Millisecond))
			}
		}()
		customer(t, turns, "light", 100*time.Microsecond, 10*time.Millisecond, 1)
		look(turns, waits, 3*time.Second)
		rates, rests := during(turns, waits, 10*time.Second, &worked)
		if rates[0] < 0.15 || rates[0] > 0.25 || rests["heavy"] < 5*time.Second {
			t.Errorf("it has %.2f processors, want a tenth of two; held back were %v", rates[0], rests)
		}
		seat.Leave()
		closed.Store(true)
		l.Close()
		<-ended
		if len(turns.links) != 0 || turns.accounts["heavy"] != nil {
			t.Error("the link is still there")
		}
	})
}

// What is owed is forgiven beyond what may be waited for, and a rest ends with its stream.
func TestSeat_RestsNoLongerThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(2, 0.01)
		done := make(chan struct{})
		s := turns.Seat("heavy", done)
		defer s.Leave()
		customer(t, turns, "light", 100*time.Microsecond, 10*time.Millisecond, 1)
		rest := func() time.Duration {
			s.Begin(0)
			time.Sleep(time.Second)
			s.End()
			turns.Look(waits)
			begin := time.Now()
			s.Begin(0)
			s.End()
			return time.Since(begin)
		}
		for range 50 {
			rest()
		}
		if d := rest(); d < longestRest*9/10 || d > longestRest {
			t.Errorf("it rests for %v, want %v", d, longestRest)
		}
		close(done)
		if d := rest(); d > 0 {
			t.Errorf("it rests for %v after its end", d)
		}
	})
}

// While the heavy are held back they come after all others, whatever these have used.
func TestTurns_TheHeavyComeLast(t *testing.T) {
	turns := New(1, 0.1)
	heavy, light := &account{}, &account{}
	heavy.heavy = true
	light.used.add(0, time.Second)
	if !turns.before(heavy, light, 0) {
		t.Error("without strain who has used less comes first")
	}
	turns.pacing.Store(true)
	if turns.before(heavy, light, 0) || !turns.before(light, heavy, 0) {
		t.Error("the heavy comes first")
	}
	if s := (&Seat{turns: turns, account: light}); !turns.light(s, 0) {
		t.Error("who is not heavy is no guest")
	}
}

func TestMeter_IsThe99thPercentileSinceLastTime(t *testing.T) {
	h := &metrics.Float64Histogram{Counts: []uint64{100, 200, 30}, Buckets: []float64{0, 0.001, 0.002, 0.003}}
	for _, c := range []struct {
		before []uint64
		want   time.Duration
	}{
		{[]uint64{100, 200, 30}, 0},
		{[]uint64{0, 200, 30}, 0},
		{[]uint64{1, 199, 30}, 0},
		{[]uint64{2, 198, 30}, time.Millisecond},
		{[]uint64{0, 0, 28}, time.Millisecond},
		{[]uint64{0, 0, 0}, 2 * time.Millisecond},
	} {
		if got := percentile(h, c.before); got != c.want {
			t.Errorf("%v: %v, want %v", c.before, got, c.want)
		}
	}
}

// Meter finds what it reads in this Go's runtime.
func TestMeter_Reads(t *testing.T) {
	var m Meter
	m.Read()
	if m.Read().Cycles < 0 || len(m.counts) == 0 {
		t.Error("nothing was read")
	}
}

// batches begins so many calls at the same time, each with a seat of its own, and again when all have ended. What they have worked
// is added up.
func batches(t *testing.T, turns *Turns, name string, calls int, work time.Duration, worked *atomic.Int64) {
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer turns.Seat(name, done).Leave() // as the link of their connection does
		for {
			select {
			case <-done:
				return
			default:
			}
			var batch sync.WaitGroup
			for range calls {
				batch.Go(func() {
					s := turns.Seat(name, done)
					defer s.Leave()
					s.Begin(0)
					time.Sleep(work)
					worked.Add(int64(work))
				})
			}
			batch.Wait()
			time.Sleep(time.Millisecond)
		}
	}()
	t.Cleanup(func() { close(done); <-ended })
}

// Many calls that rest at the same time do not all begin at once, and who does little because he is held back is not let go for
// that: he would take all he can again until the next look.
func TestTurns_TheHeavyDoNotComeInBursts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := New(2, 0.02)
		customer(t, turns, "light", 100*time.Microsecond, 10*time.Millisecond, 1)
		var worked atomic.Int64
		for i := range 8 {
			batches(t, turns, fmt.Sprint("heavy", i), 64, 100*time.Microsecond, &worked)
		}
		look(turns, waits, 10*time.Second)
		var most, last int64
		const window = 20 * time.Millisecond
		for i := range 20 * time.Second / window {
			virtualtime.Pass(window)
			if i%5 == 0 {
				turns.Look(waits)
			}
			now := worked.Load()
			if last > 0 {
				most = max(most, now-last)
			}
			last = now
		}
		// They have a twenty-fifth of a processor together.
		if most > int64(window/4) {
			t.Errorf("within %v they have worked %v", window, time.Duration(most))
		}
	})
}

// Connections of one customer are one, also where each makes only calls.
func TestSeat_BelongsToTheFirstCustomerOfItsConnection(t *testing.T) {
	turns := New(2, 0.1)
	l := turns.Link("peer")
	defer l.Close()
	for _, name := range []string{"first", "second"} {
		s := turns.Seat("peer", nil)
		s.BelongFirst(name)
		if s.account.name != "first" || l.account.name != "first" {
			t.Errorf("it belongs to %q, its connection to %q", s.account.name, l.account.name)
		}
		s.Leave()
	}
	s := turns.Seat("peer", nil)
	s.Belong("third")
	if s.account.name != "third" || l.account.name != "third" {
		t.Errorf("it belongs to %q", s.account.name)
	}
	s.Leave()
	alone := turns.Seat("unknown", nil)
	alone.BelongFirst("fourth")
	if alone.account.name != "fourth" {
		t.Errorf("without a link it belongs to %q", alone.account.name)
	}
	alone.Leave()
	if len(turns.accounts) != 1 {
		t.Errorf("%d accounts are left", len(turns.accounts))
	}
}
