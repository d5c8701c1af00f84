package lanes

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// piece is a Work that says when it begins, and ends when it is let go.
type piece struct {
	key, name        string
	concurrent, last bool
	then             func() // runs at the end; may be nil
	log              *log
	letGo            chan struct{}
}

func (p *piece) Key() string      { return p.key }
func (p *piece) Concurrent() bool { return p.concurrent }
func (p *piece) Last() bool       { return p.last }

func (p *piece) Run() {
	p.log.add(p.name)
	<-p.letGo
	if p.then != nil {
		p.then()
	}
}

// log has the names of the pieces that began, in order.
type log struct {
	mu    sync.Mutex // guards names
	names []string
}

func (l *log) add(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names = append(l.names, name)
}

// began lets everything come to rest and returns what began since the last call, sorted:
// lanes run beside each other.
func (l *log) began() string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	names := l.names
	l.names = nil
	slices.Sort(names)
	return strings.Join(names, " ")
}

// opened are lanes that are closed with the test.
func opened(t *testing.T, limit int) *Lanes[*piece] {
	lanes := New[*piece](limit)
	t.Cleanup(lanes.Close)
	return lanes
}

// make adds a piece of the key that its name starts with.
func (l *log) make(lanes *Lanes[*piece], name string, change ...func(*piece)) *piece {
	p := &piece{key: name[:1], name: name, log: l, letGo: make(chan struct{})}
	for _, c := range change {
		c(p)
	}
	lanes.Add(p)
	return p
}

func concurrent(p *piece) { p.concurrent = true }
func last(p *piece)       { p.last = true }

func expect(t *testing.T, l *log, want string) {
	t.Helper()
	if got := l.began(); got != want {
		t.Errorf("began %q, want %q", got, want)
	}
}

func TestLanes_OnePieceOfALaneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		lanes := opened(t, 10)
		a1, a2, b1 := l.make(lanes, "a1"), l.make(lanes, "a2"), l.make(lanes, "b1")
		expect(t, &l, "a1 b1")
		close(a1.letGo)
		expect(t, &l, "a2")
		close(a2.letGo)
		close(b1.letGo)
		if idle := lanes.WhenIdle(); idle != nil {
			<-idle
		}
		if len(lanes.byKey) != 0 {
			t.Errorf("%d lanes are left", len(lanes.byKey))
		}
	})
}

func TestLanes_NoMoreWorkersThanTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		lanes := opened(t, 2)
		a, b, c := l.make(lanes, "a"), l.make(lanes, "b"), l.make(lanes, "c")
		expect(t, &l, "a b")
		close(b.letGo)
		expect(t, &l, "c")
		close(a.letGo)
		close(c.letGo)
	})
}

func TestLanes_ConcurrentPiecesStartInOrderAndTheLastWaitsForThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		lanes := opened(t, 10)
		a1, a2 := l.make(lanes, "a1", concurrent), l.make(lanes, "a2", concurrent)
		a3 := l.make(lanes, "a3", last)
		expect(t, &l, "a1 a2")
		close(a1.letGo)
		expect(t, &l, "")
		close(a2.letGo)
		expect(t, &l, "a3")
		close(a3.letGo)
	})
}

func TestPurge_LeavesOutWhatIsQueuedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		lanes := opened(t, 10)
		a1 := l.make(lanes, "a1")
		l.make(lanes, "a2")
		a3 := l.make(lanes, "a3")
		expect(t, &l, "a1")
		lanes.Purge(func(p *piece) bool { return p.name != "a3" })
		close(a1.letGo)
		expect(t, &l, "a3")
		close(a3.letGo)
	})
}

func TestRevoke_ReturnsWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		lanes := opened(t, 10)
		a1 := l.make(lanes, "a1")
		l.make(lanes, "a2")
		expect(t, &l, "a1")
		if running := lanes.Revoke(func(*piece) bool { return true }); len(running) != 1 || running[0] != a1 {
			t.Errorf("running were %v", running)
		}
		close(a1.letGo)
		expect(t, &l, "")
		if lanes.WhenIdle() != nil {
			t.Error("not idle")
		}
	})
}

func TestLanes_GoOnAfterAPieceThatEndedItsGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		lanes := opened(t, 1)
		a1 := l.make(lanes, "a1", func(p *piece) { p.then = runtime.Goexit })
		a2 := l.make(lanes, "a2")
		close(a1.letGo)
		expect(t, &l, "a1 a2")
		close(a2.letGo)
	})
}

func TestLanes_KeepTwoWorkersForTheNextBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		lanes := opened(t, 10)
		workers := func() int {
			lanes.mu.Lock()
			defer lanes.mu.Unlock()
			return lanes.workers + lanes.parked
		}
		for range 3 {
			var pieces []*piece
			for _, name := range []string{"a1", "b1", "c1", "d1"} {
				pieces = append(pieces, l.make(lanes, name))
			}
			expect(t, &l, "a1 b1 c1 d1")
			if n := workers(); n != len(pieces) {
				t.Errorf("%d workers for %d pieces", n, len(pieces))
			}
			for _, p := range pieces {
				close(p.letGo)
			}
			synctest.Wait()
			if n := workers(); n != maxParked {
				t.Errorf("%d workers stay", n)
			}
		}
		lanes.Close()
		synctest.Wait()
		if n := workers(); n != 0 {
			t.Errorf("%d workers are left", n)
		}
	})
}

func TestClose_TakesNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l log
		lanes := opened(t, 1)
		lanes.Close()
		l.make(lanes, "a1")
		expect(t, &l, "")
	})
}

func TestFifo_KeepsItsOrderAndLittleMemory(t *testing.T) {
	var q fifo[int]
	next := 1
	for i := 1; i <= 1000; i++ {
		q.push(i)
		if i%3 == 0 {
			if got := q.pop(); got != next {
				t.Fatalf("popped %d, want %d", got, next)
			}
			next++
		}
	}
	if dropped := q.remove(func(i int) bool { return i%2 == 0 }); dropped != 334 {
		t.Errorf("removed %d", dropped)
	}
	for last := 0; !q.empty(); {
		if got := q.pop(); got <= last || got%2 == 0 {
			t.Fatalf("popped %d after %d", got, last)
		} else {
			last = got
		}
	}
	if cap(q.items) > keepItems {
		t.Errorf("an empty queue keeps room for %d", cap(q.items))
	}
}
