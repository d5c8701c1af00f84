package unfinished

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/internal/virtualtime"
)

// holder is an owner that notes what it is told.
type holder struct {
	Item
	mu                    sync.Mutex
	stalled, full, goneOn int
}

func (h *holder) Stalled(full bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stalled++
	if full {
		h.full++
	}
}

func (h *holder) GoOn() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.goneOn++
}

func (h *holder) told() (stalled, full, goneOn int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stalled, h.full, h.goneOn
}

func TestBudget_StalledAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(1000, 30*time.Second, nil, nil)
		var still, moving, resting holder
		b.Grow(&still.Item, &still, 10, 10, nil)
		b.Grow(&resting.Item, &resting, 10, 10, nil)
		b.Rest(&resting.Item, &resting, 10)
		for n := range 40 {
			b.Grow(&moving.Item, &moving, int64(n), int64(n), nil)
			virtualtime.Pass(time.Second)
		}
		if n, _, _ := still.told(); n != 1 {
			t.Errorf("told %d times", n)
		}
		if n, _, _ := moving.told(); n != 0 {
			t.Error("one that gets on was ended")
		}
		if n, _, _ := resting.told(); n != 0 {
			t.Error("one that may stand still was ended")
		}
		for _, h := range []*holder{&still, &moving, &resting} {
			b.End(&h.Item)
			b.End(&h.Item)
		}
		if n := b.Sum(); n != 0 {
			t.Errorf("%d bytes left", n)
		}
	})
}

func TestBudget_WhoWantsMoreWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(400<<10, 30*time.Second, nil, nil)
		var first, second, little holder
		if b.Grow(&first.Item, &first, 290<<10, 290<<10, nil) || b.Full() {
			t.Error("the first one waits")
		}
		if !b.Grow(&second.Item, &second, 20<<10, 20<<10, nil) || !b.Full() {
			t.Error("the second one does not wait")
		}
		if b.Grow(&little.Item, &little, small, small, nil) {
			t.Error("a small one waits beside large ones")
		}
		b.Grow(&first.Item, &first, 291<<10, 291<<10, nil) // one that is at work: the small one is too
		if _, _, n := second.told(); n != 0 {
			t.Error("went on too early")
		}
		b.End(&little.Item)
		b.End(&first.Item)
		if _, _, n := second.told(); n != 1 || b.Full() {
			t.Errorf("told to go on %d times", n)
		}
		b.End(&second.Item)
	})
}

// Nobody waits for nothing: what is at work alone goes on whatever it holds.
func TestBudget_SomebodyAlwaysGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(100<<10, 30*time.Second, nil, nil)
		var first, second holder
		b.Grow(&first.Item, &first, 20<<10, 20<<10, nil)
		if !b.Grow(&second.Item, &second, 1<<20, 1<<20, nil) {
			t.Error("the second one does not wait")
		}
		if b.Grow(&first.Item, &first, 1<<20, 1<<20, nil) {
			t.Error("both wait")
		}
		b.End(&first.Item)
		if _, _, n := second.told(); n != 1 {
			t.Error("the one that is left waits")
		}
		b.End(&second.Item)
	})
}

// Whoever stands still is not waited for.
func TestBudget_FullEndsWhoStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(400<<10, 30*time.Second, nil, nil)
		still := make([]holder, 4)
		for n := range still {
			b.Grow(&still[n].Item, &still[n], 75<<10, 75<<10, nil)
		}
		var next holder
		if !b.Grow(&next.Item, &next, 20<<10, 20<<10, nil) {
			t.Error("does not wait")
		}
		virtualtime.Pass(hesitation + tick + time.Millisecond)
		for n := range still {
			if _, full, _ := still[n].told(); full != 1 {
				t.Errorf("%d was told %d times", n, full)
			}
			b.End(&still[n].Item)
		}
		if _, _, n := next.told(); n != 1 {
			t.Error("still waits")
		}
		b.End(&next.Item)
		b.Stop()
	})
}

// An item is small by what has come of it, not by the buffer that it has for that.
func TestBudget_SmallByWhatHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := true
		b := New(1<<20, 30*time.Second, nil, func() bool { return full })
		var one holder
		if b.Grow(&one.Item, &one, 64<<10, 300, nil) || b.Sum() != 64<<10 {
			t.Errorf("waits, %d bytes", b.Sum())
		}
		b.End(&one.Item)
		b.Stop()
	})
}

// What is whole has to be kept somewhere: when there is no room for more of it large items wait, be there others or
// not, and small ones pass. Nobody is ended for that.
func TestBudget_LargeItemsWaitForRoomForWhatIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept room
		b := New(1<<20, 30*time.Second, nil, kept.Load)
		var large, one, two holder
		if b.Grow(&large.Item, &large, small+1, small+1, &kept) {
			t.Error("waits though there is room")
		}
		kept.Store(true)
		if !b.Full() {
			t.Error("not full")
		}
		if !b.Grow(&large.Item, &large, 2*small, 2*small, &kept) || !b.Grow(&two.Item, &two, small+1, small+1, &kept) {
			t.Error("a large one goes on")
		}
		if b.Grow(&one.Item, &one, small, small, &kept) {
			t.Error("a small one waits")
		}
		time.Sleep(20 * time.Second)
		b.Grow(&one.Item, &one, small, small, &kept)
		time.Sleep(20 * time.Second)
		for _, h := range []*holder{&large, &one, &two} {
			if stalled, _, goneOn := h.told(); stalled+goneOn > 0 {
				t.Errorf("ended %d times, gone on %d times", stalled, goneOn)
			}
		}
		kept.Store(false)
		time.Sleep(2 * tick)
		for _, h := range []*holder{&large, &two} {
			if _, _, goneOn := h.told(); goneOn != 1 {
				t.Errorf("gone on %d times", goneOn)
			}
		}
		b.Stop()
	})
}

// Whose room is free does not wait for that of others, nor behind them.
func TestBudget_EachWaitsForItsOwnRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full, free room
		full.Store(true)
		b := New(1<<20, 30*time.Second, nil, full.Load)
		var stuck, other, third holder
		if !b.Grow(&stuck.Item, &stuck, 2*small, 2*small, &full) {
			t.Error("there is no room")
		}
		if b.Grow(&other.Item, &other, 2*small, 2*small, &free) {
			t.Error("waits for the room of another one")
		}
		free.Store(true)
		b.Grow(&third.Item, &third, 2*small, 2*small, &free)
		free.Store(false)
		time.Sleep(2 * tick)
		if _, _, goneOn := third.told(); goneOn != 1 {
			t.Error("waits behind another one")
		}
		if _, _, goneOn := stuck.told(); goneOn != 0 {
			t.Error("goes on without room")
		}
		b.Stop()
	})
}

// room is full or not.
type room struct{ atomic.Bool }

func (r *room) Full() string {
	if r.Load() {
		return "room"
	}
	return ""
}
