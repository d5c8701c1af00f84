package socketio

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/sampledlog"
)

func newAdmission(most int, mostBytes int64) *admission {
	return &admission{most: most, mostBytes: mostBytes, warning: sampledlog.New(slog.New(slog.DiscardHandler), admissionWarnEvery)}
}

func asking(namespace string, size int64) *applicant {
	return &applicant{packet: siopacket.Packet{Namespace: namespace}, size: size}
}

// crowd lets browsers ask for a namespace until one has to wait, and returns how many need not.
func (a *admission) crowd(namespace string, size int64) (in int) {
	for a.admit(asking(namespace, size)) == admitIn {
		in++
	}
	return in
}

// left is leave, and lets nobody in.
func (a *admission) left(one *applicant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.letting = true
	a.mu.Unlock()
	a.leave(one.share, one.size)
	a.mu.Lock()
	a.letting = false
}

// A service that never decides must not keep browsers from the namespaces of others.
func TestAdmission_NamespaceLeavesRoomForOthers(t *testing.T) {
	for name, a := range map[string]*admission{
		"number": newAdmission(1000, 1<<30),
		"bytes":  newAdmission(1<<20, 1000),
	} {
		t.Run(name, func(t *testing.T) {
			if n := a.crowd("/stuck", 1); n != 750 {
				t.Errorf("a namespace has %d of 1000", n)
			}
			for i := range 20 {
				if n := a.crowd(fmt.Sprint("/stuck", i), 1); n == 0 {
					t.Errorf("nobody gets into the namespace after %d others", i+1)
				}
			}
			one := asking("/quick", 1)
			if a.admit(one) != admitIn {
				t.Fatal("one waits though others have all the rest")
			}
			if a.open > 1000 {
				t.Errorf("%d are open", a.open)
			}
		})
	}
}

// A service that decides about any number of namespaces, the names of which strangers make up, must not keep browsers from
// those of another one either.
func TestAdmission_DeciderLeavesRoomForOthers(t *testing.T) {
	for name, a := range map[string]*admission{
		"number": newAdmission(1000, 1<<30),
		"bytes":  newAdmission(1<<20, 1000),
	} {
		t.Run(name, func(t *testing.T) {
			a.decidedBy = func(namespace string) string { return strings.Split(namespace, "/")[1] }
			stuck := 0
			for i := range 2000 {
				if a.admit(asking(fmt.Sprint("/org/", i), 1)) == admitIn {
					stuck++
				}
			}
			if stuck != 875 {
				t.Errorf("the decider has %d of 1000", stuck)
			}
			first := asking("/quick", 1)
			if a.admit(first) != admitIn {
				t.Fatal("a browser waits though nothing of its decider is undecided")
			}
			// Beyond what it always has it waits, behind any number of those that nobody decides about.
			var waits []*applicant
			for len(waits) < 3 {
				if one := asking("/quick", 1); a.admit(one) != admitIn {
					waits = append(waits, one)
				}
			}
			for range waits {
				a.left(first)
				if got := a.next(false); got != waits[0] {
					t.Fatalf("%+v has the turn", got)
				}
				first, waits = waits[0], waits[1:]
			}
			if a.open > 1000 {
				t.Errorf("%d are open", a.open)
			}
		})
	}
}

// What those of one namespace send early must not use up what is left for others either.
func TestAdmission_EarlyPacketsLeaveRoomForOthers(t *testing.T) {
	a := newAdmission(1000, 64<<20)
	for range 70 {
		one := asking("/stuck", attemptBytes)
		if a.admit(one) == admitIn {
			a.more("/stuck", 1<<20)
		}
	}
	if got := a.bytes; got > 48<<20 || a.full.Load() {
		t.Errorf("%d bytes are taken, full %v", got, a.full.Load())
	}
	one := asking("/quick", attemptBytes)
	if a.admit(one) != admitIn || a.more("/quick", earlyBytes) == nil {
		t.Error("another namespace has no room")
	}
}

// An attempt that has its answer keeps what comes until its client hears of it.
func TestAdmission_MoreAfterItsAttemptHasLeft(t *testing.T) {
	a := newAdmission(1000, 64<<20)
	one := asking("/a", attemptBytes)
	a.admit(one)
	a.leave(one.share, one.size)
	other := asking("/b", attemptBytes) // has the place of the first one's share
	a.admit(other)
	first, second := a.more("/a", 100), a.more("/a", 10)
	if first == nil || second != first || first == other.share || first.bytes != 110 {
		t.Fatalf("%+v, %+v", first, second)
	}
	a.less(first, 110)
	a.leave(other.share, other.size)
	if a.open != 0 || a.bytes != 0 || len(a.shares) != 0 || len(a.deciders) != 0 {
		t.Errorf("%d attempts and %d bytes of %d namespaces are left", a.open, a.bytes, len(a.shares))
	}
}

func TestAdmission_ThoseThatWaitLeaveRoomForOthersThatWait(t *testing.T) {
	a := newAdmission(1, 1000)
	a.crowd("/stuck", 10)
	for a.admit(asking("/stuck", 10)) == admitWaits {
	}
	if a.admit(asking("/b", 10)) != admitWaits {
		t.Error("refused, for all that may wait is for one namespace")
	}
}

func TestAdmission_NamespacesTakeTurns(t *testing.T) {
	a := newAdmission(1, 1<<20)
	first := asking("/a", 1)
	a.admit(first)
	for _, namespace := range []string{"/a", "/a", "/a", "/b", "/b", "/c"} {
		if a.admit(asking(namespace, 1)) != admitWaits {
			t.Fatal("does not wait")
		}
	}
	var order []string
	for one := first; one != nil; one = a.next(false) {
		order = append(order, one.packet.Namespace)
		a.left(one)
	}
	if got, want := fmt.Sprint(order), "[/a /a /b /c /a /b /a]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if len(a.shares) > 0 || a.turns.Len() > 0 || a.waits != 0 || a.waitingBytes != 0 {
		t.Errorf("left over: %+v", a)
	}
}

// Strangers make up namespaces: looking at all of them with each one that leaves would take all of the hub's time. So
// one that is small is let in past a few hundred that are larger than what is free, and not past any number.
func TestAdmission_PassesOverAFewOnly(t *testing.T) {
	const most = 1 << 20
	for larger, want := range map[int]int{200: 1, 1000: 0} {
		a := newAdmission(most, most)
		leaves := asking("/leaves", 900)
		for _, one := range []*applicant{asking("/stays", most-1000), leaves} {
			if a.admit(one) != admitIn {
				t.Fatal("no room")
			}
		}
		for i := range larger {
			if a.admit(asking(fmt.Sprint("/", i), 1010)) != admitWaits {
				t.Fatal("does not wait")
			}
		}
		if a.admit(asking("/small", 900)) != admitWaits {
			t.Fatal("does not wait")
		}
		a.left(leaves)
		in := 0
		for one := a.next(true); one != nil; one = a.next(false) {
			in++
		}
		if in != want {
			t.Errorf("behind %d larger ones: %d let in, want %d", larger, in, want)
		}
	}
}

// What a stranger calls a namespace must not be kept, and one that decides at once costs nothing.
func TestAdmission_ForgetsWhatHasNothing(t *testing.T) {
	a := newAdmission(10, 1<<20)
	one := asking("/a", 1)
	if n := testing.AllocsPerRun(100, func() {
		a.admit(one)
		a.leave(one.share, one.size)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	s := one.share
	a.admit(one)
	a.more("/a", 100)
	a.leave(s, one.size)
	if a.shares["/a"] != s {
		t.Error("forgotten though something of it is counted")
	}
	a.less(s, 100)
	if len(a.shares) > 0 {
		t.Error("kept")
	}
}

// A client sends any number of packets before the decision: who decides is known by then.
func TestAdmission_MoreAsksWhoDecidesOnlyOnce(t *testing.T) {
	a := newAdmission(10, 1<<20)
	asked := 0
	a.decidedBy = func(string) string {
		asked++
		return ""
	}
	one := asking("/a", 1)
	a.admit(one)
	for range 100 {
		a.more("/a", 1)
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	a.leave(one.share, one.size) // it has its answer, and its packets are yet to be acted on
	a.less(one.share, 100)
	a.more("/a", 1)
	a.more("/a", 1)
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
