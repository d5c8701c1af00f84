package main

import (
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestBallastOf(t *testing.T) {
	const mb = 1 << 20
	for name, test := range map[string]struct {
		allocates, sessions []int // MB, and what comes of browsers, from look to look
		alive               uint64
		held, limit, want   int64
	}{
		"at the start":             {nil, nil, 2 * mb, 0, math.MaxInt64, 16 * mb},
		"at rest":                  {[]int{1, 1}, []int{0, 0}, 30 * mb, 16 * mb, math.MaxInt64, 16 * mb},
		"much to do":               {[]int{1, 5}, []int{0, 0}, 30 * mb, 16 * mb, math.MaxInt64, 64 * mb},
		"less to do":               {[]int{5, 4}, []int{0, 0}, 30 * mb, 16 * mb, math.MaxInt64, 16 * mb},
		"less to do, with 64":      {[]int{5, 1, 3, 1}, []int{0, 0, 0, 0}, 30 * mb, 64 * mb, math.MaxInt64, 64 * mb},
		"little to do for a while": {[]int{5, 1, 2, 1}, []int{0, 0, 0, 0}, 30 * mb, 64 * mb, math.MaxInt64, 16 * mb},
		"browsers come":            {[]int{9, 9}, []int{10, 40}, 30 * mb, 64 * mb, math.MaxInt64, 16 * mb},
		"browsers come and go":     {[]int{9, 9}, []int{30, -30}, 30 * mb, 16 * mb, math.MaxInt64, 64 * mb},
		"browsers have come":       {[]int{9, 9, 9}, []int{500, 0, 0}, 30 * mb, 16 * mb, math.MaxInt64, 16 * mb},
		"browsers came before":     {[]int{9, 9, 9, 9}, []int{500, 0, 0, 0}, 30 * mb, 16 * mb, math.MaxInt64, 64 * mb},
		"much to do, no room":      {[]int{9}, []int{0}, 30 * mb, 16 * mb, 128 * mb, 16 * mb},
		"half of the limit":        {[]int{9}, []int{0}, 300 * mb, 64 * mb, 512 * mb, 16 * mb},
		"at rest in little room":   {[]int{0}, []int{0}, 5 * mb, 8 * mb, 64 * mb, 8 * mb},
	} {
		looks := []heap{{alive: test.alive}}
		for i, more := range test.allocates {
			h := looks[i]
			h.allocated += uint64(more) * mb
			h.sessions += test.sessions[i]
			looks = append(looks, h)
		}
		if got := ballastOf(looks, test.held, test.limit); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}

// What a look finds has no ballast in it, whichever is there.
func TestRoom_LooksWithoutItsBallast(t *testing.T) {
	r := newRoom(func() int { return 0 })
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
	r := newRoom(func() int { return 0 })
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
