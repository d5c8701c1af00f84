package main

import "testing"

func TestRested(t *testing.T) {
	const mb = 1 << 20
	for name, test := range map[string]struct {
		grown, alive, objects, free uint64
		want                        bool
	}{
		"nothing to collect":            {0, 100 * mb, 100 * mb, 2 * mb, false},
		"less alive than at the start":  {0, 100 * mb, 90 * mb, 0, false},
		"garbage":                       {0, 100 * mb, 130 * mb, 0, true},
		"kept from the system":          {0, 100 * mb, 100 * mb, 30 * mb, true},
		"a little of a large heap":      {0, 1000 * mb, 1100 * mb, 100 * mb, false},
		"a little of a small heap":      {0, 2 * mb, 4 * mb, 1 * mb, false},
		"busy":                          {4 * mb, 100 * mb, 190 * mb, 30 * mb, false},
		"heartbeats of a large heap":    {20 * mb, 1000 * mb, 1300 * mb, 0, true},
		"hardly anything of a tiny one": {mb / 2, 2 * mb, 9 * mb, 0, true},
	} {
		before := heap{allocated: 5000 * mb}
		now := heap{allocated: 5000*mb + test.grown, alive: test.alive, objects: test.objects, free: test.free}
		if got := rested(before, now); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTidy_Ends(t *testing.T) {
	stop := make(chan struct{})
	close(stop)
	tidy(stop, func() int { return 0 })
}
