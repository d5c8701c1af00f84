package toll

import (
	"math"
	"strconv"
	"testing"
	"time"
)

var tariff = Tariff{Price: 10 * time.Millisecond, Credit: 100 * time.Millisecond, Most: time.Second}

func TestDebt_WaitsBeyondItsCredit(t *testing.T) {
	now := time.Now()
	var d Debt
	for i, c := range []struct {
		after time.Duration
		n     int
		want  time.Duration
	}{
		{0, 10, 0},
		{0, 1, 10 * time.Millisecond},
		{0, 5, 60 * time.Millisecond},
		{60 * time.Millisecond, 0, 0},
		{0, 1, 10 * time.Millisecond}, // the credit is used up until it is paid
		{time.Hour, 10, 0},
		{0, math.MaxInt, time.Second},
		{0, math.MaxInt, time.Second},
		{500 * time.Millisecond, 0, 500 * time.Millisecond},
	} {
		now = now.Add(c.after)
		if got := d.Add(now, c.n, tariff); got != c.want {
			t.Errorf("%d: waits %v, want %v", i, got, c.want)
		}
	}
}

func TestGate_TellsNamesApart(t *testing.T) {
	now := time.Now()
	g := NewGate(tariff)
	for range 11 {
		g.Pass(now, "a")
	}
	if a, b := g.Pass(now, "a"), g.Pass(now, "b"); a == 0 || b != 0 {
		t.Errorf("one that owes waits %v, another %v", a, b)
	}
}

// Names without end take no memory without end, and whoever owes something keeps it.
func TestGate_Bounded(t *testing.T) {
	now := time.Now()
	g := NewGate(tariff)
	for i := range 3 * names {
		g.Pass(now, strconv.Itoa(i))
	}
	if len(g.debts) > names {
		t.Errorf("%d debts", len(g.debts))
	}
	if g.Pass(now, "one more") == 0 {
		t.Error("beyond the bound nobody waits")
	}
	now = now.Add(time.Hour)
	if g.Pass(now, "another"); len(g.debts) != 1 {
		t.Errorf("%d debts, and all but one are paid", len(g.debts))
	}
}
