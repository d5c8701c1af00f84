package dispatch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// crash replaces the process of an instance, and lets the spacing of losses pass.
func (b *bench) crash(id string, deliveries uint32) (*Attachment, *book) {
	b.t.Helper()
	a, sink := b.attach(id, deliveries)
	pass(10 * time.Second)
	return a, sink
}

// What was in flight twice when its instance was lost goes alone, and the one whose
// fault it is is dropped in the end; the others are not used up.
func TestPoison_GoesAloneAndIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		people := map[string]*person{}
		for _, name := range []string{"ann", "poison", "bob"} {
			people[name] = b.person(name)
			people[name].lane.Introduce(false)
		}
		settle(t, a, sink.take()...)
		for name := range people {
			people[name].say("x")
		}
		handled := map[string]int{}
		for crashes := 1; ; crashes++ {
			if crashes > 9 {
				t.Fatal("the poison comes again without end")
			}
			// The process settles what comes, until it meets the poison.
			died := false
			for tries := sink.take(); len(tries) > 0; tries = sink.take() {
				if crashes > aloneAfter && len(tries) > 1 {
					t.Fatalf("%d are handed over together after %d losses", len(tries), crashes-1)
				}
				for _, try := range tries {
					died = died || try.Body == "poison:x"
				}
				if died {
					break
				}
				for _, try := range tries {
					handled[fmt.Sprint(try.Body)]++
				}
				settle(t, a, tries...)
			}
			if !died {
				break
			}
			a, sink = b.crash("1", 10)
		}
		if fmt.Sprint(handled) != "map[ann:x:1 bob:x:1]" {
			t.Errorf("handled %v", handled)
		}
		if b.count.dropped[Tries] != 1 || len(b.count.dropped) != 1 {
			t.Errorf("dropped %v", b.count.dropped)
		}
		// The lane goes on.
		people["poison"].say("y")
		tries := sink.tries
		expect(t, sink, "poison:y/1")
		settle(t, a, tries...)
		b.empty()
	})
}

// Where instances die whoever they serve, none of these deaths is laid to what they had in hand.
func TestPoison_OthersDieToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		ann.lane.Introduce(false)
		settle(t, a, sink.take()...)
		ann.say("x")
		for range maxLossesInAll - 1 {
			sink.take()
			b.crash("2", 0)
			_, sink = b.crash("1", 10)
		}
		if len(sink.tries) != 1 || b.count.dropped[Tries] != 0 {
			t.Fatalf("tries %v, dropped %v", sink.tries, b.count.dropped)
		}
		b.crash("2", 0)
		b.crash("1", 10)
		if b.count.dropped[Tries] != 1 {
			t.Errorf("it comes again without end, dropped %v", b.count.dropped)
		}
	})
}

// While one goes alone others wait, and nothing goes beside it.
func TestPoison_OthersWaitMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann, bob := b.person("ann"), b.person("bob")
		ann.lane.Introduce(false)
		bob.lane.Introduce(false)
		settle(t, a, sink.take()...)
		ann.say("x")
		b.crash("1", 10)
		a, sink = b.attach("1", 10)
		bob.say("1")
		pass(time.Second)
		first := sink.tries
		expect(t, sink, "bob:1/1")
		bob.say("2")
		solo := b.NewSolo(nil, Share{})
		attempt := &Delivery{Kind: Connect, Body: "attempt"}
		solo.Push(attempt)
		expect(t, sink)
		settle(t, a, first...)
		alone := sink.tries
		expect(t, sink, "ann:x/3")
		bob.say("3")
		expect(t, sink)
		settle(t, a, alone...)
		rest := sink.tries
		expect(t, sink, "attempt/1", "bob:2/1", "bob:3/1")
		settle(t, a, rest...)
		b.empty()
	})
}

func TestPoison_LossesAreSpaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		ann.lane.Introduce(false)
		settle(t, a, sink.take()...)
		ann.say("x")
		for n, spacing := range []int{100, 200, 400, 800} {
			sink.take()
			_, sink = b.attach("1", 10)
			pass(time.Duration(spacing)*time.Millisecond - 1)
			expect(t, sink)
			pass(1)
			if tries := sink.tries; len(tries) != 1 || tries[0].Attempt != uint32(n+2) {
				t.Fatalf("after loss %d: %v", n+1, tries)
			}
		}
		b.attach("1", 10)
		pass(time.Minute)
		if b.count.dropped[Tries] != 1 {
			t.Errorf("dropped %v", b.count.dropped)
		}
		b.empty()
	})
}

func TestPoison_LifecycleGoesOnAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		b.person("ann").lane.Introduce(false)
		for range 12 {
			a, sink = b.crash("1", 10)
		}
		tries := sink.tries
		expect(t, sink, "ann:connected/13")
		settle(t, a, tries...)
		b.empty()
	})
}

// ender is the owner of a solo lane.
type ender struct {
	ended []Drop
}

func (e *ender) Ended(_ *Delivery, why Drop) { e.ended = append(e.ended, why) }

func TestPoison_AttemptIsHandedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		b.attach("1", 10)
		owner := &ender{}
		lane := b.NewSolo(owner, Share{})
		d := &Delivery{Kind: Connect, Body: "attempt"}
		lane.Push(d)
		for n := range maxLosses {
			if len(owner.ended) > 0 {
				t.Fatalf("handed back after %d losses", n)
			}
			b.crash("1", 10)
		}
		if fmt.Sprint(owner.ended) != fmt.Sprint([]Drop{Tries}) || lane.Cancel(d, ReasonCancelled) {
			t.Errorf("ended %v", owner.ended)
		}
		b.empty()
	})
}

// A failover is a loss: a poison does not wander from instance to instance without end.
func TestPoison_MovesAreLosses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("0", 10)
		ann := b.person("ann")
		ann.say("x")
		settle(t, a, sink.take()[0])
		for n := 1; n <= maxLosses; n++ {
			next, nextSink := b.attach(fmt.Sprint(n), 10)
			a.Detach(false)
			pass(10 * time.Second)
			a, sink = next, nextSink
		}
		expect(t, sink)
		if b.count.dropped[Tries] != 1 {
			t.Errorf("dropped %v", b.count.dropped)
		}
		b.empty()
	})
}

// One that is never settled does not keep its instance from other work for ever, and each crash is laid to it then.
func TestPoison_IsAloneForAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann, bob := b.person("ann"), b.person("bob")
		a, sink := b.attach("1", 10)
		ann.lane.Introduce(false)
		bob.lane.Introduce(false)
		settle(t, a, sink.take()...)
		ann.sayWith("x", Pause)
		for range aloneAfter {
			a, sink = b.crash("1", 10)
		}
		expect(t, sink, "ann:x/3")
		bob.sayWith("1", Pause)
		pass(40 * time.Second) // and 10 s since the crash
		b.Expire(time.Now())
		expect(t, sink)
		pass(11 * time.Second)
		b.Expire(time.Now())
		tries := sink.tries
		expect(t, sink, "bob:1/1")
		settle(t, a, tries...)
		if n := b.TakeUnisolated(); n != 1 || b.TakeUnisolated() != 0 {
			t.Errorf("%d were ended", n)
		}
		for losses := aloneAfter + 1; losses <= maxLosses; losses++ {
			a, sink = b.crash("1", 10)
			bob.sayWith("2", Pause)
			if losses < maxLosses {
				tries = sink.tries
				expect(t, sink, fmt.Sprint("ann:x/", losses+1), "bob:2/1") // not alone again
				settle(t, a, tries[1])
			}
		}
		tries = sink.tries
		expect(t, sink, "bob:2/1")
		settle(t, a, tries...)
		if b.count.dropped[Tries] != 1 {
			t.Errorf("dropped %v", b.count.dropped)
		}
		b.empty()
	})
}

// What is unsettled for long does not let an instance do nothing else, because something waits to be alone there.
func TestPoison_WaitsForAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann, bob := b.person("ann"), b.person("bob")
		a, sink := b.attach("1", 10)
		ann.lane.Introduce(false)
		bob.lane.Introduce(false)
		settle(t, a, sink.take()...)
		ann.sayWith("x", Pause)
		b.crash("1", 10)
		a, sink = b.attach("1", 10)
		bob.sayWith("long", Pause)
		pass(time.Second)
		long := sink.tries
		expect(t, sink, "bob:long/1")
		bob.sayWith("2", Pause)
		for range 61 {
			expect(t, sink)
			b.Expire(time.Now())
			pass(time.Second)
		}
		rest := sink.tries
		expect(t, sink, "ann:x/3", "bob:2/1")
		settle(t, a, append(rest, long...)...)
		b.empty()
	})
}
