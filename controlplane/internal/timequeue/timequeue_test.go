package timequeue

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestQueue_GivesWhatIsDueInOrder(t *testing.T) {
	var q Queue[int]
	begin := time.Unix(0, 0)
	slots := make([]*Slot[int], 200)
	for i := range slots {
		slots[i] = &Slot[int]{Value: i}
		q.Set(slots[i], begin.Add(time.Duration(rand.IntN(1000))))
	}
	for _, i := range rand.Perm(len(slots))[:100] {
		q.Set(slots[i], begin.Add(time.Duration(rand.IntN(1000))))
	}
	for _, s := range slots[:50] {
		q.Remove(s)
		q.Remove(s)
	}
	if q.Len() != 150 {
		t.Fatalf("%d are left", q.Len())
	}
	if q.Due(begin.Add(-1)) != nil {
		t.Error("something is due too early")
	}
	var times []time.Time
	for s := q.Due(begin.Add(time.Hour)); s != nil; s = q.Due(begin.Add(time.Hour)) {
		if s.Value < 50 || s.Place != 1 {
			t.Errorf("%+v", s)
		}
		times = append(times, s.At)
		q.Remove(s)
	}
	if len(times) != 150 || !slices.IsSortedFunc(times, time.Time.Compare) {
		t.Errorf("%d came, in another order", len(times))
	}
}
