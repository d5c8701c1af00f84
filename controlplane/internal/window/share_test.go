package window

import "testing"

// fill takes for a share as much as fits.
func (w *Window) fill(share *Size, bytes int) (n int) {
	for ; w.FitsShare(*share); n++ {
		w.Take(bytes, Size{})
		share.Deliveries++
		share.Bytes += uint64(bytes)
	}
	return n
}

func TestWindow_ShareLeavesAFifthToOthers(t *testing.T) {
	for name, w := range map[string]*Window{"deliveries": of(250, 1<<30), "bytes": of(1<<20, 250)} {
		var first, second, third Size
		if n := w.fill(&first, 1); n != 200 {
			t.Errorf("%s: the first share has %d of 250", name, n)
		}
		if n := w.fill(&second, 1); n != 40 {
			t.Errorf("%s: the second share has %d of 50", name, n)
		}
		if n := w.fill(&third, 1); n < 1 {
			t.Errorf("%s: the third share has nothing", name)
		}
	}
}

// Whatever the first one has settled goes to the one that waits, until both have the same.
func TestWindow_SharesBecomeEven(t *testing.T) {
	w := of(250, 1<<30)
	var slow, other Size
	w.fill(&slow, 1)
	for range 200 {
		w.fill(&other, 1)
		w.fill(&slow, 1)
		w.Give(1, Size{})
		slow.Deliveries--
		slow.Bytes--
	}
	if diff := int(slow.Deliveries) - int(other.Deliveries); diff < -2 || diff > 2 {
		t.Errorf("one has %d, the other one %d", slow.Deliveries, other.Deliveries)
	}
}

func TestWindow_ShareWithNothingAlwaysFits(t *testing.T) {
	for _, size := range []uint32{0, 1, 2, 4} {
		w := of(size, uint64(size))
		var first Size
		w.fill(&first, 1)
		if first.Deliveries != max(size, 1) {
			t.Errorf("a share alone has %d of %d", first.Deliveries, size)
		}
		for range 3 {
			var next Size
			if n := w.fill(&next, 1); n != 1 {
				t.Errorf("another share has %d in a full window of %d", n, size)
			}
		}
		w.Pause(true)
		if w.FitsShare(Size{}) {
			t.Error("a paused window takes work")
		}
	}
}
