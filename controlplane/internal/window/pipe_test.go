package window

import (
	"testing"
	"time"
)

// take takes as much for a lane as fits.
func take(w *Window, lane *Size, bytes int) (n int) {
	for ; w.Fits(bytes, *lane); n++ {
		w.Take(bytes, *lane)
		lane.Deliveries++
		lane.Bytes += uint64(bytes)
	}
	return n
}

func TestPipe_LanesWithMoreThanOneShareAnEighth(t *testing.T) {
	w := of(1024, 1<<20)
	lanes := make([]Size, 8)
	n := 0
	for i := range lanes {
		n += take(w, &lanes[i], 1)
	}
	if want := 1024/pipeShare + len(lanes) - 1; n != want {
		t.Errorf("eight lanes have %d, want %d: their share, and one that each may have", n, want)
	}
	if !w.Fits(1, Size{}) || w.Full() {
		t.Error("a lane with nothing in flight has no room")
	}
}

func TestPipe_TheirShareOfTheBytesIsTheSame(t *testing.T) {
	w := of(1024, 1024<<10)
	var lane Size
	if n := take(w, &lane, 64<<10); n != 2 {
		t.Errorf("a lane has %d deliveries of 64 KiB, their share has 128 KiB", n)
	}
}

func TestPipe_SmallWindowsAreNotShared(t *testing.T) {
	w := of(pipeLeast, 1<<20)
	var lane Size
	if n := take(w, &lane, 1); n != pipeLeast-pipeLeast/share {
		t.Errorf("a lane has %d of %d", n, pipeLeast)
	}
}

// As long as others do not wait any longer than they have to there may be more.
func TestPipe_IsWidenedWhileNobodyWaitsForIt(t *testing.T) {
	w := of(1024, 1<<20)
	at := time.Hour
	for range 1024 {
		at += 50 * time.Millisecond
		w.Settled(true, 40*time.Millisecond, at)
	}
	var lane Size
	if n := take(w, &lane, 1); n != 1024-1024/share {
		t.Errorf("a lane has %d of 1024", n)
	}
	w.Settled(true, 100*time.Millisecond, at)
	if lane = (Size{Deliveries: 1}); w.Fits(1, lane) {
		t.Error("it stays wide though others wait")
	}
}

func TestPipe_IsWidenedWhileThereIsNobodyElse(t *testing.T) {
	w := of(1024, 1<<20)
	w.Settled(true, time.Millisecond, time.Hour)
	for range 10_000 {
		w.Settled(false, time.Second, time.Hour+quietAfter/2)
	}
	if w.pipe.limit != least(w.size)+pipeStep {
		t.Errorf("it is widened to %d although somebody else was there", w.pipe.limit)
	}
	for range 10_000 {
		w.Settled(false, time.Second, time.Hour+quietAfter)
	}
	if w.pipe.limit != 1024 {
		t.Errorf("it is widened to %d", w.pipe.limit)
	}
}

func TestPipe_ForgetsWhatWasPossibleLongAgo(t *testing.T) {
	w := of(1024, 1<<20)
	at := time.Hour
	w.Settled(true, time.Millisecond, at)
	for range 1024 {
		at += time.Second
		w.Settled(true, 40*time.Millisecond, at)
	}
	if w.pipe.limit != 1024 {
		t.Errorf("it is %d although a service takes 40 ms by now", w.pipe.limit)
	}
}
