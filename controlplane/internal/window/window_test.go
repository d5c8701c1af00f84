package window

import (
	"testing"

	"pgregory.net/rapid"
)

func TestWindow_OneAlwaysFitsAnEmptyWindow(t *testing.T) {
	var w Window
	w.Resize(Size{Deliveries: 1, Bytes: 10})
	if !w.Fits(1000, 0) {
		t.Fatal("a large delivery does not fit an empty window")
	}
	w.Take(1000)
	if w.Fits(0, 0) {
		t.Error("a second one fits a window of one")
	}
	w.Give(1000)
	if w.Held() != (Size{}) {
		t.Errorf("held %v", w.Held())
	}
}

func TestWindow_ZeroIsAPause(t *testing.T) {
	var w Window
	if w.Fits(0, 0) || !w.Paused() {
		t.Error("the zero window takes work")
	}
	w.Resize(Size{Deliveries: 2, Bytes: 10})
	w.Take(1)
	w.Resize(Size{Bytes: 10})
	if w.Fits(0, 0) {
		t.Error("a paused window takes work")
	}
	w.Give(1)
	if w.Fits(0, 0) {
		t.Error("an empty paused window takes work")
	}
}

func TestWindow_BothLimitsHold(t *testing.T) {
	var w Window
	w.Resize(Size{Deliveries: 4, Bytes: 100})
	w.Take(60)
	if w.Fits(41, 0) || !w.Fits(40, 0) {
		t.Error("the limit in bytes is not 100")
	}
	w.Take(0)
	w.Take(0)
	w.Take(0)
	if w.Fits(0, 0) {
		t.Error("the limit in deliveries is not 4")
	}
}

func TestWindow_GreedyLaneLeavesASixteenth(t *testing.T) {
	var w Window
	w.Resize(Size{Deliveries: 32, Bytes: 1 << 20})
	lane := 0
	for w.Fits(1, lane) {
		w.Take(1)
		lane++
	}
	if lane != 30 {
		t.Errorf("one lane took %d of 32", lane)
	}
	if !w.Fits(1, 0) || w.Full() {
		t.Error("nothing is left for another lane")
	}
}

func TestClamp(t *testing.T) {
	most := Size{Deliveries: 100, Bytes: 1000}
	for _, c := range []struct{ wish, want Size }{
		{Size{10, 10}, Size{10, 10}},
		{Size{0, 10}, Size{0, 10}},
		{Size{1 << 31, 1 << 63}, Size{100, 1000}},
		{Size{10, 0}, Size{10, 50}},
	} {
		if got := Clamp(c.wish, most, 50); got != c.want {
			t.Errorf("clamp %v: %v, want %v", c.wish, got, c.want)
		}
	}
}

// Whatever is taken only when it fits never exceeds the limits, but for the one
// delivery that always fits, and giving everything back leaves nothing.
func TestWindow_NeverExceedsItsSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Window
		size := Size{
			Deliveries: rapid.Uint32Range(0, 40).Draw(t, "deliveries"),
			Bytes:      rapid.Uint64Range(1, 1000).Draw(t, "bytes"),
		}
		w.Resize(size)
		type taken struct{ bytes, lane int }
		var all []taken
		lanes := make([]int, 4)
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			if len(all) > 0 && rapid.Bool().Draw(t, "settle") {
				i := rapid.IntRange(0, len(all)-1).Draw(t, "which")
				w.Give(all[i].bytes)
				lanes[all[i].lane]--
				all = append(all[:i], all[i+1:]...)
				continue
			}
			lane := rapid.IntRange(0, 3).Draw(t, "lane")
			bytes := rapid.IntRange(0, 2000).Draw(t, "size")
			if !w.Fits(bytes, lanes[lane]) {
				continue
			}
			w.Take(bytes)
			lanes[lane]++
			all = append(all, taken{bytes, lane})
			held := w.Held()
			if held.Deliveries > size.Deliveries || (held.Bytes > size.Bytes && len(all) > 1 && held.Bytes-uint64(all[0].bytes) > size.Bytes) {
				t.Fatalf("held %+v of %+v", held, size)
			}
		}
		for _, one := range all {
			w.Give(one.bytes)
		}
		if w.Held() != (Size{}) {
			t.Fatalf("left over: %+v", w.Held())
		}
	})
}
