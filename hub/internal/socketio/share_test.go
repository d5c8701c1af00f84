package socketio

import (
	"fmt"
	"testing"
)

// A share is made while nobody decides, as after a restart of a service, and there is always an attempt open in it. It
// must not be counted with made-up names, which nobody decides about, once somebody does.
func TestShare_BelongsToWhoDecidesNow(t *testing.T) {
	a := newAdmission(1000, 1<<30)
	by := map[string]string{}
	a.decidedBy = func(namespace string) string { return by[namespace] }
	first := asking("/", 1)
	a.admit(first)
	by["/"] = "/"
	second := asking("/", 1)
	a.admit(second)
	a.left(first)
	if d := second.share.decider; d.name != "/" || d.open != 1 || d.shares != 1 || len(a.deciders) != 1 {
		t.Errorf("decided about by %q, which has %+v; deciders %v", d.name, d.load, a.deciders)
	}
	for i := range 2000 {
		a.admit(asking(fmt.Sprint("/made up/", i), 1))
	}
	if a.admit(asking("/", 1)) != admitIn {
		t.Error("waits, for names that nobody decides about have all but what is left for others")
	}
}

// Those that wait keep waiting with whoever decides now, and nothing is left of either decider when all have left.
func TestShare_MovesWithThoseThatWait(t *testing.T) {
	a := newAdmission(1, 1<<20)
	by := "old"
	a.decidedBy = func(namespace string) string {
		if namespace == "/moves" {
			return by
		}
		return "old"
	}
	first := asking("/stays", 1)
	a.admit(first)
	for _, namespace := range []string{"/moves", "/stays", "/moves"} {
		if a.admit(asking(namespace, 10)) != admitWaits {
			t.Fatal("does not wait")
		}
		by = "new" // before the second one
	}
	if d := a.deciders["old"]; d.waits != 1 || d.waitingBytes != 10 || d.open != 1 || d.bytes != 1 || d.shares != 1 || d.turns.Len() != 1 {
		t.Errorf("the old one has %+v", d)
	}
	if d := a.deciders["new"]; d.waits != 2 || d.waitingBytes != 20 || d.open != 0 || d.shares != 1 || d.turns.Len() != 1 {
		t.Errorf("the new one has %+v", d)
	}
	by = "old" // back, where nothing is left of the new one
	if a.admit(asking("/moves", 10)) != admitWaits || len(a.deciders) != 1 || a.turns.Len() != 1 {
		t.Errorf("deciders: %v", a.deciders)
	}
	n := 0
	for one := first; one != nil; one = a.next(false) {
		a.left(one)
		n++
	}
	if n != 5 || a.load != (load{}) || len(a.shares)+len(a.deciders)+a.turns.Len() != 0 {
		t.Errorf("%d had a turn, left over: %+v", n, a)
	}
}
