package ledger

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestLedger_SettledRevokedUnknown(t *testing.T) {
	var l Ledger[string]
	l.Open(3, "three")
	l.Open(7, "seven")
	if v, ok := l.Get(7); !ok || v != "seven" {
		t.Errorf("7 is %q, %v", v, ok)
	}
	if _, ok := l.Get(5); ok {
		t.Error("5 was never opened")
	}
	if !l.Settle(3) || l.Settle(3) {
		t.Error("3 can be settled once")
	}
	if !l.Settled(3) || l.Settled(7) {
		t.Error("3 is settled, 7 is not")
	}
	if !l.Remove(7) || l.Settled(7) || l.Len() != 0 {
		t.Error("7 was removed, not settled")
	}
}

func TestLedger_ForgetsOldSettlements(t *testing.T) {
	var l Ledger[int]
	for i := uint64(1); i <= 2*recentSettled; i++ {
		l.Open(i, 0)
		l.Settle(i)
	}
	if l.Settled(recentSettled) || !l.Settled(recentSettled+1) || !l.Settled(2*recentSettled) {
		t.Errorf("not the newest %d are remembered", recentSettled)
	}
	if cap(l.entries) > 1024 {
		t.Errorf("room for %d entries, none is open", cap(l.entries))
	}
}

// The ledger agrees with a map, whatever the order of settling, and stays small.
func TestLedger_AgreesWithAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l Ledger[uint64]
		model := make(map[uint64]uint64)
		var seq uint64
		for range rapid.IntRange(0, 400).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "what") == 0 && seq > 0 {
				n := rapid.Uint64Range(1, seq+1).Draw(t, "n")
				_, open := model[n]
				if l.Settle(n) != open {
					t.Fatalf("settle %d: open is %v", n, open)
				}
				delete(model, n)
			} else {
				seq += rapid.Uint64Range(1, 3).Draw(t, "gap")
				l.Open(seq, seq*10)
				model[seq] = seq * 10
			}
			if l.Len() != len(model) || len(l.entries) > max(64, 2*l.Len()+1) {
				t.Fatalf("%d open, %d kept, want %d", l.Len(), len(l.entries), len(model))
			}
		}
		var last uint64
		l.Each(func(seq, value uint64) {
			if seq <= last || model[seq] != value {
				t.Fatalf("%d has %d after %d", seq, value, last)
			}
			last = seq
			delete(model, seq)
		})
		if len(model) != 0 {
			t.Fatalf("not visited: %v", model)
		}
	})
}

func TestMemory_KeepsTheNewest(t *testing.T) {
	m := NewMemory(3)
	for n := uint64(1); n <= 5; n++ {
		m.Add(n)
		m.Add(n)
	}
	for n := uint64(1); n <= 6; n++ {
		if got, want := m.Has(n), n >= 3 && n <= 5; got != want {
			t.Errorf("%d is remembered: %v", n, got)
		}
	}
	if len(m.known) != 3 {
		t.Errorf("%d numbers kept", len(m.known))
	}
}

func TestNextTry(t *testing.T) {
	for _, c := range []struct {
		tries  int
		delay  time.Duration
		random float64
		want   time.Duration
		again  bool
	}{
		{1, 0, 0, 100 * time.Millisecond, true},
		{2, 0, 0, 200 * time.Millisecond, true},
		{4, -time.Second, 0, 800 * time.Millisecond, true},
		{1, 0, 0.5, 112500 * time.Microsecond, true},
		{4, time.Second, 0.5, time.Second, true},
		{2, time.Hour, 0, MaxRetryDelay, true},
		{5, 0, 0, 0, false},
		{9, 0, 0, 0, false},
	} {
		wait, again := NextTry(c.tries, c.delay, func() float64 { return c.random })
		if again != c.again || wait != c.want {
			t.Errorf("try %d, delay %v: %v, %v", c.tries, c.delay, wait, again)
		}
	}
}

func TestSpacing_DoublesToItsLimit(t *testing.T) {
	none := func() float64 { return 0 }
	for n, want := range map[int]time.Duration{0: FirstSpacing, 1: FirstSpacing, 7: 6400 * time.Millisecond, 8: MaxSpacing, 1 << 30: MaxSpacing} {
		if got := Spacing(n, none); got != want {
			t.Errorf("spacing after %d: %v, want %v", n, got, want)
		}
	}
}

func BenchmarkLedger_SettleInOrder(b *testing.B) {
	b.ReportAllocs()
	var l Ledger[*int]
	for i := uint64(1); i <= 512; i++ {
		l.Open(i, nil)
	}
	n := uint64(513)
	for b.Loop() {
		l.Open(n, nil)
		l.Settle(n - 512)
		n++
	}
}
