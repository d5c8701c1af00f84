package loadgen

import (
	"testing"
	"time"
)

func TestHistogram_BucketsAreNarrowAndInOrder(t *testing.T) {
	for d := time.Duration(0); d < time.Hour; d = d*9/8 + 1 {
		i := bucket(d)
		if lower(i) > d || lower(i+1) <= d {
			t.Fatalf("%d in bucket %d, which is %d to %d", d, i, lower(i), lower(i+1))
		}
		if d-lower(i) > d/32 {
			t.Fatalf("%d counts as %d", d, lower(i))
		}
	}
}

func TestHistogram_Percentiles(t *testing.T) {
	var h histogram
	for i := range 1000 {
		h.record(time.Duration(i+1) * time.Millisecond)
	}
	l := h.latency()
	for _, c := range []struct{ got, want time.Duration }{
		{l.P50, 500 * time.Millisecond}, {l.P99, 990 * time.Millisecond}, {l.Max, time.Second},
	} {
		if off := c.want - c.got; off < -c.want/32 || off > c.want/32 {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

func TestParseStat_ProgramNameWithBrackets(t *testing.T) {
	u, err := parseStat("7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 5 0 99 1000000 3 1 1")
	if err != nil || u.cpu != 2*time.Second || u.rss == 0 {
		t.Errorf("%+v, %v", u, err)
	}
	for _, bad := range []string{"", "7 (a) S 1 2", "no brackets at all"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
