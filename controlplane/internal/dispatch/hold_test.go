package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
	"github.com/siohub/siohub/internal/virtualtime"
)

func (p *person) holdsAre(t *testing.T, want ...Hold) {
	t.Helper()
	if !slices.Equal(p.holds, want) {
		t.Fatalf("holds %v, want %v", p.holds, want)
	}
}

// Nothing is dropped: the browser is not read any more once as much is parked as may be,
// and read again once half of that has room.
func TestPause_HoldsTheBrowserAtItsBound(t *testing.T) {
	b := newBench(t, nil)
	ann := b.person("ann")
	for i := range 5 { // one more than the bound, as a hold may come late
		if !ann.sayWith(fmt.Sprint(i), Pause) {
			t.Error("dropped")
		}
		if i == 2 {
			ann.holdsAre(t)
		}
	}
	ann.holdsAre(t, HoldEvents)
	a, sink := b.attach("1", 2)
	for range 4 {
		settle(t, a, sink.take()...)
	}
	ann.holdsAre(t, HoldEvents, HoldNone)
	b.empty()
	if len(b.count.dropped) != 0 {
		t.Errorf("dropped %v", b.count.dropped)
	}
}

// The bound in bytes is owedShare times as large while the browser owes acknowledgements: they stand behind its events.
func TestPause_ABoundInBytes(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Socket = park.SocketLimit{Items: 100, Bytes: park.ItemBytes} })
	ann := b.person("ann")
	for i := range owedShare {
		ann.sayWith(fmt.Sprint(i), Pause)
		if i < owedShare-1 {
			ann.holdsAre(t, HoldEvents)
		}
	}
	ann.holdsAre(t, HoldEvents, HoldAll)
	a, sink := b.attach("1", 1)
	settle(t, a, sink.take()...) // connected; 0 is handed over, and 7 are left
	ann.holdsAre(t, HoldEvents, HoldAll)
	for range owedShare/2 - 2 {
		settle(t, a, sink.take()...)
	}
	ann.holdsAre(t, HoldEvents, HoldAll)
	settle(t, a, sink.take()...) // half of it is left
	ann.holdsAre(t, HoldEvents, HoldAll, HoldEvents)
	for range owedShare / 2 {
		settle(t, a, sink.take()...)
	}
	ann.holdsAre(t, HoldEvents, HoldAll, HoldEvents, HoldNone)
}

// Whoever finds that others have used up the bounds in sum is held, and let go once it
// has nothing parked itself.
func TestPause_OneEventAlwaysHasRoom(t *testing.T) {
	b := newBench(t, func(c *Config) { c.GroupBytes = 2 * park.ItemBytes })
	ann, bob := b.person("ann"), b.person("bob")
	ann.sayWith("1", Pause)
	ann.sayWith("2", Pause)
	bob.sayWith("1", Pause)
	ann.holdsAre(t, HoldAll)
	bob.holdsAre(t, HoldAll)
	accepts := func(d *Delivery) (Terms, bool) {
		return Terms{}, d.Kind != Event || d.Body.(string)[:3] == "bob" // ann's are stuck
	}
	b.join("1", &book{accepts: accepts}, 10, AttachOptions{})
	bob.holdsAre(t, HoldAll, HoldNone)
	ann.holdsAre(t, HoldAll)
}

func TestPause_WaitsAsLongAsAnInstanceIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann := b.person("ann")
		b.attach("1", 1)
		for i := range 4 {
			ann.sayWith(fmt.Sprint(i), Pause)
		}
		virtualtime.Pass(time.Hour)
		b.Expire(time.Now())
		if ann.starved != 0 || len(b.count.dropped) != 0 {
			t.Errorf("starved %d times, dropped %v", ann.starved, b.count.dropped)
		}
	})
}

func TestPause_WithoutAnInstanceTheBrowserIsSentAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		people := make([]*person, 50)
		for i := range people {
			people[i] = b.person(fmt.Sprint(i))
			for range 4 {
				people[i].sayWith("x", Pause)
			}
			virtualtime.Pass(time.Microsecond)
		}
		starved := func() (n int) {
			for _, p := range people {
				n += p.starved
			}
			return n
		}
		virtualtime.Pass(testConfig.Age - time.Second)
		b.Expire(time.Now())
		if n := starved(); n != 0 {
			t.Errorf("%d are sent away too early", n)
		}
		virtualtime.Pass(time.Second + starveSpread/2)
		b.Expire(time.Now())
		if n := starved(); n < 10 || n > 40 {
			t.Errorf("half of the time has sent %d of 50 away", n)
		}
		virtualtime.Pass(starveSpread/2 + time.Millisecond)
		b.Expire(time.Now())
		if n := starved(); n != 50 || b.count.dropped[NoService] != 200 || len(b.count.dropped) != 1 {
			t.Errorf("%d of 50 are sent away, dropped %v", n, b.count.dropped)
		}
		for _, p := range people {
			p.holdsAre(t, HoldEvents)
			p.leave()
			p.holdsAre(t, HoldEvents, HoldNone)
		}
		b.empty()
	})
}

// What no attached instance asks for waits no longer than what no instance is there for.
func TestPause_WhatNobodyAcceptsSendsTheBrowserAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		sink := &book{accepts: func(d *Delivery) (Terms, bool) { return Terms{}, d.Kind != Event }}
		a := b.join("1", sink, 10, AttachOptions{})
		ann := b.person("ann")
		ann.sayWith("x", Pause)
		b.Expire(time.Now())
		settle(t, a, sink.take()...) // connected, which it takes
		virtualtime.Pass(testConfig.Age + starveSpread)
		b.Expire(time.Now()) // finds that the lane is stuck
		b.Expire(time.Now())
		if ann.starved != 1 || b.count.dropped[NoService] != 1 {
			t.Errorf("starved %d times, dropped %v", ann.starved, b.count.dropped)
		}
	})
}

// What others had parked does not hold a browser for longer than it is there.
func TestPause_OthersRoomLetsGo(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"of the socket": nil,
		"of the node":   func(c *Config) { c.NodeBytes = 3 * park.ItemBytes },
	} {
		t.Run(name, func(t *testing.T) {
			config := testConfig
			if change != nil {
				change(&config)
			}
			node := New(config)
			a, b := &bench{t: t, count: newCounter()}, &bench{t: t, count: newCounter()}
			a.Group, b.Group = node.NewGroup("a", a.count), node.NewGroup("b", b.count)
			t.Cleanup(a.Close)
			t.Cleanup(b.Close)
			ann := a.person("ann")
			other := &person{name: "ann"}
			other.lane = b.NewLane(other, &ann.meter)
			for i := range 3 {
				other.sayWith(fmt.Sprint(i), Pause)
			}
			ann.sayWith("mine", Pause)
			if len(ann.holds) != 1 {
				t.Fatalf("holds %v", ann.holds)
			}
			attached, sink := b.attach("1", 10)
			settle(t, attached, sink.take()...)
			a.Expire(time.Now())
			ann.holdsAre(t, ann.holds[0], HoldNone)
		})
	}
}

// Events that waited for long while an instance was there do not cost their browser its
// connection as soon as that leaves.
func TestPause_ARedeployIsNoAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann := b.person("ann")
		a, sink := b.attach("1", 1)
		for range 3 {
			ann.sayWith("x", Pause)
		}
		settle(t, a, sink.take()...) // connected
		virtualtime.Pass(time.Hour)
		settle(t, a, sink.take()...) // the first event; the second one is handed over
		a.Detach(true)
		for range 10 {
			virtualtime.Pass(time.Second)
			b.Expire(time.Now())
		}
		if ann.starved != 0 {
			t.Error("sent away at once")
		}
		virtualtime.Pass(testConfig.Age + starveSpread)
		b.Expire(time.Now())
		if ann.starved != 1 {
			t.Error("not sent away")
		}
	})
}

// A group that settles nothing must not keep browsers of others from being read, however many browsers it has.
func TestPause_OneGroupDoesNotFillTheNode(t *testing.T) {
	b := newBench(t, func(c *Config) { c.GroupBytes, c.NodeBytes = 10*park.ItemBytes, 40*park.ItemBytes })
	a, sink := b.attach("1", 1)
	settled := b.person("other")
	settled.lane.Introduce(false) // takes the window
	for i := range 60 {
		b.person(fmt.Sprint(i)).sayWith("x", Pause)
	}
	if b.node.Room() != RoomFree {
		t.Error("full")
	}
	other := &bench{t: t, count: newCounter()}
	other.Group = b.node.NewGroup("other", other.count)
	t.Cleanup(other.Close)
	ann := other.person("ann")
	ann.sayWith("x", Pause)
	ann.holdsAre(t)
	if !other.person("bob").say("y") {
		t.Error("an event of another group is dropped")
	}
	for i := range 20 { // beyond twice the bound there is no room for anything large
		b.person(fmt.Sprint("more", i)).sayWith("x", Pause)
	}
	if b.Room() != RoomGroup || !b.node.Crowded() {
		t.Error("there is no bound")
	}
	for tries := sink.take(); len(tries) > 0; tries = sink.take() {
		settle(t, a, tries...)
	}
	if got := b.node.all.Load(); got != 2*park.ItemBytes {
		t.Errorf("%d bytes are left", got)
	}
}

// Between what was dropped and what is still said there is a gap that no service may see.
func TestPause_NothingFollowsWhatWasDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann := b.person("ann")
		for range 4 {
			ann.sayWith("x", Pause)
		}
		virtualtime.Pass(testConfig.Age + starveSpread)
		b.Expire(time.Now())
		if ann.sayWith("behind", Pause) {
			t.Error("taken")
		}
		ann.holdsAre(t, HoldEvents)
		_, sink := b.attach("1", 10)
		expect(t, sink, "ann:connected:late/1")
	})
}

func TestPause_LeavingEndsTheHold(t *testing.T) {
	b := newBench(t, nil)
	ann := b.person("ann")
	for range 4 {
		ann.sayWith("x", Pause)
	}
	ann.leave()
	ann.holdsAre(t, HoldEvents, HoldNone)
	if all, _ := b.Held(time.Now(), time.Minute); all != 0 {
		t.Errorf("%d are held", all)
	}
}

func TestHeld_CountsEachThatLastsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		for i := range 3 {
			p := b.person(fmt.Sprint(i))
			for range 4 {
				p.sayWith("x", Pause)
			}
			virtualtime.Pass(10 * time.Second)
		}
		for want, wait := range []time.Duration{0, 30 * time.Second, 10 * time.Second, 10 * time.Second} {
			virtualtime.Pass(wait)
			all, longer := b.Held(time.Now(), time.Minute)
			if all != 3 || longer != min(want, 1) {
				t.Errorf("after %v more: %d held, %d of them newly for long", wait, all, longer)
			}
		}
	})
}
