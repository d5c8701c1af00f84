package pages

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/siohub/siohub/hub/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is entries from first to last, of which every odd number is in namespace /.
type log struct {
	first, last atomic.Uint64
	reads       atomic.Int64
	fails       error
}

func at(n uint64) cluster.Position { return cluster.Position{Major: 1, Minor: n} }

func (l *log) read(_ context.Context, after cluster.Position, count int64) (list []*Entry, last bool, err error) {
	l.reads.Add(1)
	switch {
	case l.fails != nil:
		return nil, false, l.fails
	case after.Major != 1 || after.Minor+1 < l.first.Load() || after.Minor > l.last.Load():
		return nil, false, cluster.ErrGone
	}
	for n := after.Minor + 1; n <= l.last.Load(); n++ {
		if int64(len(list)) == count {
			return list, false, nil
		}
		namespace := "/"
		if n%2 == 0 {
			namespace = "/x"
		}
		list = append(list, &Entry{At: at(n), Size: 1000, Decode: func() (*cluster.Command, uint64) {
			return &cluster.Command{Namespace: namespace, Origin: cluster.Origin{Hub: "h", At: at(n)}}, n
		}})
	}
	return list, true, nil
}

func newLog(first, last uint64) (*log, *Pages) {
	l := &log{}
	l.first.Store(first)
	l.last.Store(last)
	return l, New(l.read, func() bool { return false })
}

// check replays, and looks whether all of it comes in order.
func check(t *testing.T, p *Pages, after, to uint64) {
	t.Helper()
	want := after + 1 + after%2
	err := p.Replay(t.Context(), "/", at(after), at(to), func(cluster.Position) bool { return false }, func(c *cluster.Command) bool {
		if c.Origin.At != at(want) {
			t.Errorf("after %d: %d in place of %d", after, c.Origin.At.Minor, want)
			return false
		}
		want += 2
		return true
	})
	if err != nil || want <= to {
		t.Errorf("after %d: up to %d, %v", after, want, err)
	}
}

func TestReplay_ReadsOnceForAll(t *testing.T) {
	l, p := newLog(1, 3000)
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() { check(t, p, uint64(i*7919%3000), 3000) })
	}
	all.Wait()
	if n := l.reads.Load(); n > 2*3000/128+20 {
		t.Errorf("%d reads", n)
	}
	l.last.Store(3500)
	check(t, p, 2000, 3500)
}

func TestReplay_WhatDoesNotFitIsReadAlone(t *testing.T) {
	_, p := newLog(1, 1000)
	p.most = 100_000
	for _, first := range []uint64{990, 900, 0, 995, 500, 999, 1} {
		check(t, p, first, 1000)
	}
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() { check(t, p, uint64(i*7919%1000), 1000) })
	}
	all.Wait()
	sum := int64(0)
	for _, e := range p.list {
		sum += e.Size
	}
	if sum != p.bytes || sum > p.most {
		t.Errorf("%d bytes are held, %d are counted", sum, p.bytes)
	}
}

func TestReplay_WhatIsGone(t *testing.T) {
	l, p := newLog(100, 200)
	gone := func(after cluster.Position) {
		t.Helper()
		err := p.Replay(t.Context(), "/", after, cluster.Position{Major: 9}, func(cluster.Position) bool { return false }, func(*cluster.Command) bool { return true })
		if !errors.Is(err, cluster.ErrGone) {
			t.Errorf("after %v: %v", after, err)
		}
	}
	for range 2 { // without, and with something held
		gone(at(1))
		gone(at(98))
		gone(at(201))
		gone(cluster.Position{})
		gone(cluster.Position{Major: 2})
		check(t, p, 120, 200)
	}
	check(t, p, 99, 200)
	// The log is another one, behind what is held.
	l.first.Store(500)
	l.last.Store(600)
	gone(at(200))
	check(t, p, 550, 600)
}

func TestReplay_TwiceAndPassedOver(t *testing.T) {
	decode := func(n uint64) func() (*cluster.Command, uint64) {
		return func() (*cluster.Command, uint64) {
			return &cluster.Command{Namespace: "/", Origin: cluster.Origin{Hub: "h", Number: n}}, n
		}
	}
	p := New(func(context.Context, cluster.Position, int64) ([]*Entry, bool, error) {
		return []*Entry{{At: at(1), Decode: decode(1)}, {At: at(2), Decode: decode(1)}, {At: at(3), Decode: decode(2)}, {At: at(4), Decode: decode(3)}}, true, nil
	}, func() bool { return false })
	var got []uint64
	if err := p.Replay(t.Context(), "/", at(0), at(4), func(p cluster.Position) bool { return p == at(3) }, func(c *cluster.Command) bool {
		got = append(got, c.Origin.Number)
		return true
	}); err != nil || len(got) != 2 || got[0] != 1 || got[1] != 3 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestReplay_ErrorsAreThoseOfTheLog(t *testing.T) {
	l, p := newLog(1, 10)
	l.fails = cluster.ErrAway
	none := func(cluster.Position) bool { return false }
	if err := p.Replay(t.Context(), "/", at(1), at(5), none, nil); !errors.Is(err, cluster.ErrAway) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.load <- struct{}{} // somebody reads
	cancel()
	if err := p.Replay(ctx, "/", at(1), at(5), none, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-p.load
}
