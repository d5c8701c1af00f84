package main

import "testing"

func TestPercentFor(t *testing.T) {
	for _, c := range []struct {
		live, roots uint64
		want        int
	}{
		{0, 0, 2400}, // before the first collection
		{4 << 20, 0, 500},
		{4 << 20, 3 << 20, 285},
		{8 << 20, 40 << 20, 100},
		{12 << 20, 0, 100},
		{1 << 40, 1 << 30, 100},
	} {
		if got := percentFor(c.live, c.roots); got != c.want {
			t.Errorf("%d live bytes and %d of roots: %d %%, want %d", c.live, c.roots, got, c.want)
		}
	}
}
