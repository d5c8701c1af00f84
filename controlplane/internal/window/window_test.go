package window

import (
	"testing"

	"pgregory.net/rapid"
)

func of(deliveries uint32, bytes uint64) *Window {
	w := &Window{}
	w.Resize(Size{Deliveries: deliveries, Bytes: bytes})
	return w
}

func TestWindow_OneAlwaysFitsAnEmptyWindow(t *testing.T) {
	for _, w := range []*Window{of(1, 10), of(0, 0)} {
		if !w.Fits(1000, Size{}) {
			t.Fatal("a large delivery does not fit an empty window")
		}
		w.Take(1000, Size{})
		if w.Fits(0, Size{}) {
			t.Error("a second one fits a window of one")
		}
		w.Give(1000, Size{})
		if w.Held() != (Size{}) {
			t.Errorf("held %v", w.Held())
		}
	}
}

func TestWindow_PausedTakesNothing(t *testing.T) {
	w := of(2, 10)
	w.Take(1, Size{})
	w.Pause(true)
	if w.Fits(0, Size{}) {
		t.Error("a paused window takes work")
	}
	w.Give(1, Size{})
	if w.Fits(0, Size{}) || !w.Full() {
		t.Error("an empty paused window takes work")
	}
	w.Pause(false)
	if !w.Fits(0, Size{}) {
		t.Error("the pause does not end")
	}
}

func TestWindow_ExceedsItsBytesByOneDelivery(t *testing.T) {
	w := of(8, 100)
	w.Take(99, Size{})
	if !w.Fits(1000, Size{}) {
		t.Error("a large delivery waits though there is room")
	}
	w.Take(1000, Size{})
	if w.Fits(0, Size{}) {
		t.Error("another one fits beside it")
	}
}

// Whoever says a word does not wait until somebody's megabytes have been dealt with.
func TestWindow_LargeDeliveriesLeaveRoomToSmallOnes(t *testing.T) {
	const mega = 1 << 20
	w := of(1024, 16*mega)
	large := 0
	for w.Fits(3*mega, Size{}) {
		w.Take(3*mega, Size{})
		large++
	}
	if large != 5 {
		t.Errorf("%d of 3 MiB, want 5: seven eighths of 16 MiB, and beyond that by less than one", large)
	}
	if w.Fits(smallBytes+1, Size{}) {
		t.Error("a large one fits")
	}
	small := 0
	for w.Fits(smallBytes, Size{}) {
		w.Take(smallBytes, Size{})
		small++
	}
	if small < 2*mega/smallBytes || w.Held().Bytes > 19*mega {
		t.Errorf("%d small ones, %d bytes in all", small, w.Held().Bytes)
	}
	w.Give(3*mega, Size{})
	if !w.Fits(3*mega, Size{}) {
		t.Error("small ones count against large ones that have their own part")
	}
}

func TestWindow_DeliveriesAreALimit(t *testing.T) {
	w := of(4, 100)
	for range 4 {
		w.Take(0, Size{})
	}
	if w.Fits(0, Size{}) {
		t.Error("the limit in deliveries is not 4")
	}
}

func TestWindow_GreedyLaneLeavesASixteenthOfDeliveries(t *testing.T) {
	w := of(32, 1<<20)
	var lane Size
	for w.Fits(1, lane) {
		w.Take(1, lane)
		lane.Deliveries++
		lane.Bytes++
	}
	if lane.Deliveries != 30 {
		t.Errorf("one lane took %d of 32", lane.Deliveries)
	}
	if !w.Fits(1, Size{}) || w.Full() {
		t.Error("nothing is left for another lane")
	}
}

func TestWindow_GreedyLaneLeavesASixteenthOfBytes(t *testing.T) {
	w := of(1024, 1600)
	w.pipe.widen(1024, w.size)
	var lane Size
	for w.Fits(200, lane) {
		w.Take(200, lane)
		lane.Deliveries++
		lane.Bytes += 200
	}
	if lane.Bytes != 1400 {
		t.Errorf("one lane took %d bytes of 1600", lane.Bytes)
	}
	if !w.Fits(200, Size{}) {
		t.Error("nothing is left for another lane")
	}
}

func TestClamp(t *testing.T) {
	most := Size{Deliveries: 100, Bytes: 1000}
	for _, c := range []struct{ wish, want Size }{
		{Size{10, 10}, Size{10, 10}},
		{Size{0, 10}, Size{20, 10}},
		{Size{1 << 31, 1 << 63}, Size{100, 1000}},
		{Size{10, 0}, Size{10, 50}},
	} {
		if got := Clamp(c.wish, most, Size{Deliveries: 20, Bytes: 50}); got != c.want {
			t.Errorf("clamp %v: %v, want %v", c.wish, got, c.want)
		}
	}
}

// Whatever is taken only when it fits never exceeds the limits, but for one delivery,
// and giving everything back leaves nothing.
func TestWindow_NeverExceedsItsSizeByMoreThanOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := Size{
			Deliveries: rapid.Uint32Range(1, 40).Draw(t, "deliveries"),
			Bytes:      rapid.Uint64Range(1, 1000).Draw(t, "bytes"),
		}
		w := of(size.Deliveries, size.Bytes)
		type taken struct{ bytes, lane int }
		var all []taken
		lanes := make([]Size, 4)
		give := func(one taken) {
			lanes[one.lane].Deliveries--
			lanes[one.lane].Bytes -= uint64(one.bytes)
			w.Give(one.bytes, lanes[one.lane])
		}
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			if len(all) > 0 && rapid.Bool().Draw(t, "settle") {
				i := rapid.IntRange(0, len(all)-1).Draw(t, "which")
				give(all[i])
				all = append(all[:i], all[i+1:]...)
				continue
			}
			lane := rapid.IntRange(0, 3).Draw(t, "lane")
			bytes := rapid.IntRange(0, 2000).Draw(t, "size")
			if !w.Fits(bytes, lanes[lane]) {
				continue
			}
			before := w.Held()
			w.Take(bytes, lanes[lane])
			lanes[lane].Deliveries++
			lanes[lane].Bytes += uint64(bytes)
			all = append(all, taken{bytes, lane})
			if held := w.Held(); held.Deliveries > size.Deliveries || (before.Deliveries > 0 && before.Bytes >= size.Bytes) {
				t.Fatalf("held %+v of %+v", held, size)
			}
		}
		for _, one := range all {
			give(one)
		}
		if w.Held() != (Size{}) || w.pipe.held != (Size{}) {
			t.Fatalf("left over: %+v, %+v of lanes with more than one", w.Held(), w.pipe.held)
		}
	})
}

// A lane that has used its share fits no more than one that has nothing.
func TestWindow_GreedyLaneFitsNothingIntoAFullWindow(t *testing.T) {
	w := of(2, 1)
	w.Take(1, Size{})
	if w.Fits(0, Size{}) || w.Fits(0, Size{Deliveries: 1, Bytes: 1}) {
		t.Error("something fits a window without a byte left")
	}
}
