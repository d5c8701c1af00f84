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
		w.Settled(true, 0, 40*time.Millisecond, at)
	}
	var lane Size
	if n := take(w, &lane, 1); n != 1024-1024/share {
		t.Errorf("a lane has %d of 1024", n)
	}
	w.Settled(true, 0, 100*time.Millisecond, at)
	if lane = (Size{Deliveries: 1}); w.Fits(1, lane) {
		t.Error("it stays wide though others wait")
	}
}

// However wide it is, who has nothing in flight finds room.
func TestPipe_NeverTakesTheWholeWindow(t *testing.T) {
	w := of(1024, 1<<20)
	w.pipe.widen(1024, w.size)
	lanes := make([]Size, 200)
	n := 0
	for i := range lanes {
		w.Take(1, lanes[i])
		lanes[i] = Size{1, 1}
	}
	for i := range lanes {
		n += take(w, &lanes[i], 1)
	}
	if !w.Fits(1, Size{}) || w.Full() || n == 0 {
		t.Errorf("200 lanes hold %d, and a lane with nothing in flight has no room", w.Held().Deliveries)
	}
}

func TestPipe_IsWidenedWhileThereIsNobodyElse(t *testing.T) {
	w := of(1024, 1<<20)
	w.Settled(true, 0, time.Millisecond, time.Hour)
	for range 10_000 {
		w.Settled(false, 0, time.Second, time.Hour+quietAfter/2)
	}
	if w.pipe.limit != least(w.size)+pipeStep {
		t.Errorf("it is widened to %d although somebody else was there", w.pipe.limit)
	}
	for range 10_000 {
		w.Settled(false, 0, time.Second, time.Hour+quietAfter)
	}
	if w.pipe.limit != 1024 {
		t.Errorf("it is widened to %d", w.pipe.limit)
	}
}

func TestPipe_ForgetsWhatWasPossibleLongAgo(t *testing.T) {
	w := of(1024, 1<<20)
	at := time.Hour
	w.Settled(true, 0, time.Millisecond, at)
	for range 1024 {
		at += time.Second
		w.Settled(true, 0, 40*time.Millisecond, at)
	}
	if w.pipe.limit != 1024 {
		t.Errorf("it is %d although a service takes 40 ms by now", w.pipe.limit)
	}
}

// Handlers differ in time: that one takes long is no sign that others wait.
func TestPipe_ComparesLikeWithLike(t *testing.T) {
	w := of(1024, 1<<20)
	at := time.Hour
	w.Settled(true, 0, time.Millisecond, at)
	for n := range uint32(2000) {
		at += 10 * time.Millisecond
		kind := n % 4 * 1000
		w.Settled(true, kind, time.Millisecond+time.Duration(kind)*100*time.Microsecond, at)
	}
	if w.pipe.limit != 1024 {
		t.Errorf("it is %d although nobody waits", w.pipe.limit)
	}
	w.Settled(true, 3000, 600*time.Millisecond, at)
	if w.pipe.limit != least(w.size) {
		t.Error("it stays wide though one of them waits")
	}
}

// Of what nothing is known it is not known either that it has to take so long: a queue may stand in front of it.
func TestPipe_WhatIsNotKnownIsComparedWithAll(t *testing.T) {
	w := of(1024, 1<<20)
	at := time.Hour
	w.Settled(true, 1, time.Millisecond, at)
	w.pipe.widen(1024, w.size)
	w.Settled(true, 2, 40*time.Millisecond, at)
	if w.pipe.limit != least(w.size) {
		t.Error("it stays wide though others wait")
	}
	w.Settled(true, 2, 3*time.Millisecond, at)
	w.pipe.widen(1024, w.size)
	w.Settled(true, 2, 40*time.Millisecond, at)
	if w.pipe.limit != least(w.size) {
		t.Error("it has learned from what waited")
	}
}

// Names that browsers make up take the places of others, and change nothing else: those are compared with all.
func TestPipe_HasABoundedMemory(t *testing.T) {
	w := of(1024, 1<<20)
	at := time.Hour
	for n := range uint32(100_000) {
		w.Settled(true, n, time.Millisecond, at)
	}
	w.Settled(true, 100_001, 4*time.Millisecond, at)
	if w.pipe.limit != least(w.size) {
		t.Error("it stays wide though others wait")
	}
	at += bestWithin
	w.Settled(true, 7, time.Millisecond, at)
	at += bestWithin
	w.Settled(true, 100_001, 4*time.Millisecond, at)
	w.Settled(true, 100_001, 4*time.Millisecond, at)
	if w.pipe.limit == least(w.size) {
		t.Error("a place is never free again")
	}
}
