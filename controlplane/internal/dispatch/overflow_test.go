package dispatch

import (
	"fmt"
	"testing"
)

func (p *person) sayWith(text string, overflow Overflow) bool {
	return p.lane.Push(&Delivery{Kind: Event, Body: p.name + ":" + text, Overflow: overflow})
}

func TestOverflow_DropOldestKeepsTheNewest(t *testing.T) {
	b := newBench(t, nil)
	ann := b.person("ann")
	ann.lane.Introduce(false)
	for i := range 7 {
		if !ann.sayWith(fmt.Sprint(i), DropOldest) {
			t.Errorf("%d is dropped", i)
		}
	}
	if b.count.dropped[Oldest] != 3 || len(b.count.dropped) != 1 {
		t.Errorf("dropped %v", b.count.dropped)
	}
	a, sink := b.attach("1", 10)
	tries := sink.tries
	expect(t, sink, "ann:connected/1", "ann:3/1", "ann:4/1", "ann:5/1", "ann:6/1")
	settle(t, a, tries...)
	b.empty()
}

// When the group is full nobody's events make room.
func TestOverflow_GroupBudgetRejects(t *testing.T) {
	b := newBench(t, func(c *Config) { c.GroupBytes = 1100 })
	ann := b.person("ann")
	ann.sayWith("1", DropOldest)
	ann.sayWith("2", DropOldest)
	if ann.sayWith("3", DropOldest) || b.count.dropped[GroupFull] != 1 || b.count.dropped[Oldest] != 0 {
		t.Errorf("dropped %v", b.count.dropped)
	}
}

func TestOverflow_DisconnectTellsTheOwnerOnce(t *testing.T) {
	b := newBench(t, nil)
	ann := b.person("ann")
	for i := range 4 {
		ann.sayWith(fmt.Sprint(i), Disconnect)
	}
	if ann.overflows != 0 {
		t.Error("told too early")
	}
	for range 3 {
		if ann.sayWith("x", Disconnect) {
			t.Error("not dropped")
		}
	}
	if ann.overflows != 1 || b.count.dropped[SocketFull] != 3 {
		t.Errorf("told %d times, dropped %v", ann.overflows, b.count.dropped)
	}
}

// An event that is not to be dropped makes no room for one that may be.
func TestOverflow_DropOldestSparesWhatPauses(t *testing.T) {
	b := newBench(t, nil)
	ann := b.person("ann")
	ann.sayWith("kept", Pause)
	for i := range 6 {
		ann.sayWith(fmt.Sprint(i), DropOldest)
	}
	_, sink := b.attach("1", 10)
	if got := fmt.Sprint(sink.text()); got != "[ann:connected:late/1 ann:kept/1 ann:3/1 ann:4/1 ann:5/1]" {
		t.Error(got)
	}
}
