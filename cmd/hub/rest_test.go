package main

import (
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

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
		now := heap{5000*mb + test.grown, test.alive, test.objects, test.free}
		if got := rested(before, now); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTidy_Ends(t *testing.T) {
	stop := make(chan struct{})
	close(stop)
	tidy(stop)
}

func TestBallastOf(t *testing.T) {
	const mb = 1 << 20
	for name, test := range map[string]struct {
		allocated, before, now uint64
		held, limit, want      int64
	}{
		"at the start":           {0, 2 * mb, 2 * mb, 0, math.MaxInt64, 16 * mb},
		"at rest":                {mb, 30 * mb, 30 * mb, 64 * mb, math.MaxInt64, 16 * mb},
		"much to do":             {40 * mb, 30 * mb, 31 * mb, 16 * mb, math.MaxInt64, 64 * mb},
		"not collected":          {40 * mb, 30 * mb, 30 * mb, 16 * mb, math.MaxInt64, 16 * mb},
		"not collected, with 64": {40 * mb, 30 * mb, 30 * mb, 64 * mb, math.MaxInt64, 64 * mb},
		"browsers come":          {40 * mb, 10 * mb, 15 * mb, 16 * mb, math.MaxInt64, 16 * mb},
		"more than there are":    {400 * mb, 100 * mb, 110 * mb, 64 * mb, math.MaxInt64, 16 * mb},
		"it shrinks":             {40 * mb, 30 * mb, 10 * mb, 16 * mb, math.MaxInt64, 64 * mb},
		"much to do, no room":    {40 * mb, 30 * mb, 31 * mb, 16 * mb, 128 * mb, 16 * mb},
		"half of the limit":      {40 * mb, 300 * mb, 301 * mb, 64 * mb, 512 * mb, 16 * mb},
		"at rest in little room": {0, 5 * mb, 5 * mb, 8 * mb, 64 * mb, 8 * mb},
	} {
		got := ballastOf(heap{alive: test.before}, heap{allocated: test.allocated, alive: test.now}, test.held, test.limit)
		if got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

// What a look finds has no ballast in it, whichever is there.
func TestRoom_LooksWithoutItsBallast(t *testing.T) {
	r := newRoom()
	for _, bytes := range []int64{ballastBytes, busyBallastBytes, ballastBytes} {
		if !r.hold(bytes) || r.hold(bytes) {
			t.Fatal(bytes, "is held once")
		}
		if h, _ := r.look(); h.alive == 0 || h.alive > ballastBytes || h.objects > ballastBytes {
			t.Errorf("with %d: %+v", bytes, h)
		}
	}
}

// A ballast costs no memory, one that comes where another one was neither.
func TestRoom_BallastIsNotTouched(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads /proc")
	}
	resident := func() int64 {
		text, err := os.ReadFile("/proc/self/statm")
		if err != nil {
			t.Fatal(err)
		}
		pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return pages * int64(os.Getpagesize())
	}
	r := newRoom()
	r.hold(ballastBytes)
	before := resident()
	for range 3 {
		r.hold(busyBallastBytes)
		r.hold(ballastBytes)
	}
	r.hold(busyBallastBytes)
	if more := resident() - before; more > busyBallastBytes/4 {
		t.Errorf("%d bytes more are resident", more)
	}
}
