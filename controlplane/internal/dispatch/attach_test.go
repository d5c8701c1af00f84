package dispatch

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestGroup_LostWorkMovesAfterTheDelayInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, sink1 := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("a")
		ann.say("b")
		tries := sink1.take()
		settle(t, a1, tries[1]) // ann:a; her introduction and b are open
		a2, sink2 := b.attach("2", 10)
		a1.Detach(false)
		ann.say("c")
		pass(799 * time.Millisecond)
		expect(t, sink2)
		pass(time.Millisecond)
		again := sink2.tries
		expect(t, sink2, "ann:connected:late/2", "ann:b/2", "ann:c/1")
		if again[1].Identity != tries[2].Identity || again[1].Seq <= tries[2].Seq {
			t.Errorf("identity %d after %d, number %d after %d", again[1].Identity, tries[2].Identity, again[1].Seq, tries[2].Seq)
		}
		if _, err := a1.Begin(tries[2].Seq); !errors.Is(err, ErrRevoked) {
			t.Errorf("late settlement of the old stream: %v", err)
		}
		if _, err := a2.Begin(tries[2].Seq); !errors.Is(err, ErrRevoked) {
			t.Errorf("the old number on the new stream: %v", err)
		}
		if err := a2.Holds(again[1].Seq); err != nil {
			t.Errorf("the new number: %v", err)
		}
		if err := a1.Holds(again[1].Seq); err == nil {
			t.Errorf("the new number on the old stream: %v", err)
		}
		settle(t, a2, again...)
		b.empty()
	})
}

func TestGroup_LostInstanceGetsItsSocketsBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, sink1 := b.attach("1", 10)
		ann, bob := b.person("ann"), b.person("bob")
		ann.say("a")
		b.attach("2", 10)
		bob.say("a")
		ann.say("b")
		settle(t, a1, sink1.take()[:1]...)
		a1.Detach(false)
		pass(500 * time.Millisecond)
		sink := &book{}
		again, _, first, _ := b.Attach("1", sink, AttachOptions{})
		if first {
			t.Error("instance 2 is attached")
		}
		again.Start(some(10), false)
		tries := sink.tries
		expect(t, sink, "ann:a/2", "ann:b/2")
		settle(t, again, tries...)
		pass(time.Minute)
	})
}

func TestGroup_AnotherProcessFencesTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, sink1 := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("a")
		old := sink1.take()
		sink := &book{}
		a2, fenced, first, _ := b.Attach("1", sink, AttachOptions{})
		if fenced != Sink(sink1) || !first || a2.Resumed() {
			t.Errorf("fenced %v, first %v", fenced, first)
		}
		a2.Start(some(10), false)
		pass(99 * time.Millisecond)
		expect(t, sink)
		pass(time.Millisecond)
		tries := sink.tries
		expect(t, sink, "ann:connected:late/2", "ann:a/2")
		if _, err := a1.Begin(tries[1].Seq); err == nil {
			t.Error("the fenced stream settled what is not its own")
		}
		if _, err := a1.Begin(old[1].Seq); !errors.Is(err, ErrRevoked) {
			t.Errorf("late settlement: %v", err)
		}
		if _, err := a2.Begin(old[1].Seq); !errors.Is(err, ErrRevoked) {
			t.Errorf("a settlement of the process before: %v", err)
		}
		a1.Detach(false) // of no effect
		settle(t, a2, tries...)
		b.empty()
	})
}

func TestGroup_CleanLeaveMovesWorkAtOnce(t *testing.T) {
	b := newBench(t, nil)
	a1, _ := b.attach("1", 10)
	ann := b.person("ann")
	ann.say("a")
	_, sink2 := b.attach("2", 10)
	a1.Detach(true)
	expect(t, sink2, "ann:connected:late/2", "ann:a/2")
}

func TestGroup_AtMostOnceIsDroppedWithItsStream(t *testing.T) {
	b := newBench(t, nil)
	a1, _ := b.attach("1", 2)
	ann := b.person("ann")
	ann.lane.Push(&Delivery{Kind: Event, Body: "handed over", Hint: Terms{AtMostOnce: true}})
	ann.lane.Push(&Delivery{Kind: Event, Body: "parked", Hint: Terms{AtMostOnce: true}})
	a1.Detach(true)
	_, sink2 := b.attach("2", 10)
	expect(t, sink2, "ann:connected:late/2", "parked/1")
	if b.count.dropped[Lost] != 1 {
		t.Errorf("%d lost", b.count.dropped[Lost])
	}
}

func TestGroup_LonelyLostInstanceIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, _ := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("a")
		a1.Detach(false)
		pass(5 * time.Second)
		if s := b.Status(); len(s.Instances) != 1 || s.Instances[0].Attached {
			t.Fatalf("%+v", s)
		}
		_, sink := b.attach("2", 10)
		expect(t, sink, "ann:connected:late/2", "ann:a/2")
		if s := b.Status(); s.Instances[0].Lanes != 0 {
			t.Errorf("the lost instance still has it: %+v", s)
		}
		pass(26 * time.Second)
		if s := b.Status(); len(s.Instances) != 1 {
			t.Errorf("the lost instance is still known: %+v", s)
		}
	})
}

func TestGroup_LostInstanceIsForgottenInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, _ := b.attach("1", 10)
		b.person("ann").say("a")
		a1.Detach(false)
		pass(31 * time.Second)
		s := b.Status()
		if len(s.Instances) != 0 || s.Waiting != 1 {
			t.Errorf("%+v", s)
		}
		if b.Absent(time.Now()) != 31*time.Second {
			t.Errorf("absent for %v", b.Absent(time.Now()))
		}
	})
}
