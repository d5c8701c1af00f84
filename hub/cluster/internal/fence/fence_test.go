package fence

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/hub/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func at(n uint64) cluster.Position { return cluster.Position{Major: n} }

type result struct {
	at  cluster.Position
	err error
}

// begin returns a fence, and what has come of it so far.
func begin(all *Fences) (*Fence, *[]result) {
	got := &[]result{}
	return all.Begin(time.Second, func(at cluster.Position, err error) { *got = append(*got, result{at, err}) }), got
}

func TestGate_EndsFencesBetweenEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all Fences
		var g Gate
		g.Reached(at(1))
		late, lateGot := begin(&all)
		g.Await(late, at(3))
		past, pastGot := begin(&all)
		g.Await(past, at(1))
		if len(*pastGot) != 1 || (*pastGot)[0] != (result{at(1), nil}) {
			t.Errorf("%v", *pastGot)
		}
		for n := uint64(2); n <= 5; n += 2 { // 3 is missing
			g.Apply(at(n), func() {
				if g.Applied() != at(n-1) && g.Applied() != at(n-2) {
					t.Errorf("applied %v before %d", g.Applied(), n)
				}
			})
		}
		if len(*lateGot) != 1 || (*lateGot)[0] != (result{at(4), nil}) {
			t.Errorf("%v", *lateGot)
		}
		g.Reached(at(2))
		if g.Applied() != at(4) {
			t.Errorf("%v: it went back", g.Applied())
		}
		time.Sleep(2 * time.Second)
		if len(*lateGot) != 1 || len(all.open) != 0 {
			t.Errorf("%v, %d open", *lateGot, len(all.open))
		}
	})
}

func TestFences_EndByThemselvesAndWithTheirEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all Fences
		var g Gate
		f, got := begin(&all)
		g.Await(f, at(9))
		time.Sleep(time.Second)
		synctest.Wait()
		if len(*got) != 1 || !errors.Is((*got)[0].err, cluster.ErrAway) || !f.Ended() {
			t.Errorf("%v", *got)
		}
		g.Reached(at(1))
		if len(g.waiting) != 0 {
			t.Error("it is kept when it has ended")
		}
		_, got = begin(&all)
		all.Close()
		if len(*got) != 1 || !errors.Is((*got)[0].err, cluster.ErrAway) {
			t.Errorf("%v", *got)
		}
		if f, got := begin(&all); f != nil || len(*got) != 1 {
			t.Error("begun after Close")
		}
	})
}

func TestFences_AreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all Fences
		for range most {
			begin(&all)
		}
		if f, got := begin(&all); f != nil || !errors.Is((*got)[0].err, cluster.ErrFull) {
			t.Error("more than there may be")
		}
		all.Close()
	})
}
