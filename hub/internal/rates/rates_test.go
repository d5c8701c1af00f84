package rates

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/internal/virtualtime"
)

func TestAddresses_BucketAndOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAddresses(Limits{PerSecond: 2, Burst: 10, Open: 15, Most: 1000})
		enter := func(address string, times int, want Verdict) {
			t.Helper()
			for n := range times {
				if v, wait := a.Enter(a.NetworkOf(address)); v != want || (v == TooFast) != (wait > 0) {
					t.Errorf("%s, %d: %v, wait %v", address, n, v, wait)
				}
			}
		}
		enter("192.0.2.1", 10, Allowed)
		enter("192.0.2.1", 3, TooFast)
		enter("::ffff:192.0.2.1", 1, TooFast)
		enter("192.0.2.2", 10, Allowed)
		enter("2001:db8::1", 5, Allowed)
		enter("2001:db8::ffff:1", 5, Allowed) // of the same network
		enter("2001:db8::2", 1, TooFast)
		enter("2001:db8:0:1::2", 1, Allowed)
		for _, free := range []string{"127.0.0.1", "10.1.2.3", "::1", "fd00::1", "fe80::1%eth0", "192.168.1.1", "", "pipe"} {
			enter(free, 30, Allowed)
		}
		virtualtime.Pass(time.Minute)
		enter("192.0.2.1", 5, Allowed)
		enter("192.0.2.1", 1, TooMany)
		a.Leave(a.NetworkOf("192.0.2.1"))
		enter("192.0.2.1", 1, Allowed)
		enter("192.0.2.1", 1, TooMany)
	})
}

func TestAddresses_Bounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAddresses(Limits{PerSecond: 1, Burst: 2, Open: 1, Most: 160})
		refused := 0
		for n := range 10_000 {
			if v, _ := a.Enter(a.NetworkOf(fmt.Sprintf("198.51.%d.%d", n/250, n%250))); v != Allowed {
				refused++
			}
		}
		if n := a.Known(); n > 160 {
			t.Errorf("%d addresses", n)
		}
		if refused == 0 {
			t.Error("those without room are not limited")
		}
		for n := range 10_000 {
			a.Leave(a.NetworkOf(fmt.Sprintf("198.51.%d.%d", n/250, n%250)))
		}
		virtualtime.Pass(time.Minute)
		for n := range 2000 {
			a.Enter(a.NetworkOf(fmt.Sprintf("203.0.%d.%d", n/250, n%250)))
			a.Leave(a.NetworkOf(fmt.Sprintf("203.0.%d.%d", n/250, n%250)))
		}
		virtualtime.Pass(time.Minute)
		if v, _ := a.Enter(a.NetworkOf("192.0.2.77")); v != Allowed {
			t.Error("a new address is refused for old ones")
		}
	})
}

// A token may be taken some time ahead: then it says how long to wait, and the next one waits longer.
func TestAddresses_Patience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := NewAddresses(Limits{PerSecond: 10, Burst: 5, Patience: time.Second, Most: 1000, Private: true})
		at := a.NetworkOf("127.0.0.1")
		for n := range 15 {
			want := max(0, time.Duration(n-4)*100*time.Millisecond)
			if v, wait := a.Enter(at); v != Allowed || wait != want {
				t.Errorf("%d: %v, wait %v, want %v", n, v, wait, want)
			}
		}
		for range 3 {
			if v, wait := a.Enter(at); v != TooFast || wait != 1100*time.Millisecond {
				t.Errorf("%v, wait %v", v, wait)
			}
		}
		virtualtime.Pass(time.Second)
		if v, wait := a.Enter(at); v != Allowed || wait != 100*time.Millisecond {
			t.Errorf("%v, wait %v", v, wait)
		}
	})
}

func TestNetwork(t *testing.T) {
	a := NewAddresses(Limits{Most: 10, Private: true})
	seen := map[Network]string{}
	for _, different := range []string{"::1", "127.0.0.1", "1.2.3.4", "4.3.2.1", "2001:db8::1", "2001:db8:0:1::1", "fe80::1", "::2:0:0:0:1"} {
		n := a.NetworkOf(different)
		if n == Unlimited || seen[n] != "" {
			t.Errorf("%s is %x, as %s", different, n, seen[n])
		}
		seen[n] = different
	}
	if n := a.NetworkOf("nonsense"); n != Unlimited {
		t.Errorf("%x", n)
	}
}

func TestMeter(t *testing.T) {
	p := Pace{Messages: 100, Bytes: 1000, Ahead: time.Second}
	var m Meter
	now := time.Hour
	cost, _ := p.Cost(100, 10)
	if wait := m.Add(cost, now, p.Ahead); cost != time.Second || wait != 0 {
		t.Errorf("cost %v, wait %v", cost, wait)
	}
	cost, ofMessages := p.Cost(1, 500)
	if wait := m.Add(cost, now, p.Ahead); cost != 500*time.Millisecond || ofMessages != 10*time.Millisecond || wait != 500*time.Millisecond {
		t.Errorf("cost %v, %v, wait %v", cost, ofMessages, wait)
	}
	if wait := m.Add(0, now+500*time.Millisecond, p.Ahead); wait != 0 {
		t.Errorf("wait %v", wait)
	}
	if cost, _ := (Pace{}).Cost(1e6, 1e9); cost != 0 {
		t.Errorf("no limit costs %v", cost)
	}
}

func TestCrowd(t *testing.T) {
	c := NewCrowd()
	for n := range 100 {
		c.Add(fmt.Sprint("198.51.100.", n), 1)
	}
	var of, all int
	for range 200 {
		of, all = c.Add("192.0.2.1", 1)
	}
	if of < 200 || of > 210 || all != 300 {
		t.Errorf("%d of %d", of, all)
	}
}

func TestMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		used := uint64(10)
		m := NewMemory(85)
		m.used = func() (uint64, uint64) { return used, 100 }
		if m.Tight() {
			t.Error("tight at 10 %")
		}
		if used = 90; m.Tight() {
			t.Error("looked again at once")
		}
		virtualtime.Pass(every)
		if !m.Tight() {
			t.Error("not tight at 90 %")
		}
	})
}
