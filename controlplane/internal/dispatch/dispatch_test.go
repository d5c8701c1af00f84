package dispatch

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestLane_IntroducesBeforeTheFirstEvent(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("i", 100)
	ann := b.person("ann")
	ann.say("x")
	ann.say("y")
	tries := sink.tries
	expect(t, sink, "ann:connected:late/1", "ann:x/1", "ann:y/1")
	ann.leave()
	tries = append(tries, sink.tries...)
	expect(t, sink, "ann:disconnected/1")
	settle(t, a, tries...)
	b.empty()
	if s := b.Status(); s.Instances[0].Lanes != 0 {
		t.Errorf("%d lanes left", s.Instances[0].Lanes)
	}
}

func TestLane_ConnectedAndDisconnectedCancelOut(t *testing.T) {
	b := newBench(t, nil)
	ann := b.person("ann")
	ann.lane.Introduce(false)
	ann.leave()
	b.empty()
	_, sink := b.attach("i", 100)
	expect(t, sink)
}

func TestLane_ParkedEventsGoBeforeDisconnected(t *testing.T) {
	b := newBench(t, nil)
	ann := b.person("ann")
	ann.lane.Introduce(false)
	ann.say("x")
	ann.leave()
	a, sink := b.attach("i", 100)
	tries := sink.tries
	expect(t, sink, "ann:connected/1", "ann:x/1", "ann:disconnected/1")
	settle(t, a, tries...)
	b.empty()
}

func TestLane_ExpiredEventsLeaveConnectedAndDisconnectedToCancelOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann, bob := b.person("ann"), b.person("bob")
		ann.lane.Introduce(false)
		ann.say("x")
		ann.leave()
		bob.say("y")
		pass(29 * time.Second)
		b.Expire(time.Now())
		bob.say("z")
		pass(time.Second)
		b.Expire(time.Now())
		if n := b.count.dropped[Expired]; n != 2 {
			t.Errorf("%d expired", n)
		}
		a, sink := b.attach("i", 100)
		tries := sink.tries
		expect(t, sink, "bob:connected:late/1", "bob:z/1")
		settle(t, a, tries...)
		b.empty()
	})
}

func TestGroup_WindowIsRespectedAndTurnsAreTaken(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("i", 2)
	chatty, quiet := b.person("chatty"), b.person("quiet")
	for i := range 4 {
		chatty.say(fmt.Sprint(i))
	}
	quiet.say("hello")
	first := sink.take()
	if len(first) != 2 {
		t.Fatalf("%d deliveries in a window of 2", len(first))
	}
	var order []string
	open := first
	for len(open) > 0 {
		settle(t, a, open[0])
		order = append(order, fmt.Sprint(open[0].Body))
		open = append(open[1:], sink.take()...)
		if len(open) > 2 {
			t.Fatalf("%d deliveries in a window of 2", len(open))
		}
	}
	want := "[chatty:connected:late chatty:0 quiet:connected:late chatty:1 quiet:hello chatty:2 chatty:3]"
	if got := fmt.Sprint(order); got != want {
		t.Errorf("order\n%s\nwant\n%s", got, want)
	}
	b.empty()
}

func TestGroup_PauseMovesIdleSocketsAndResumes(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	ann := b.person("ann")
	ann.say("a")
	settle(t, a1, sink1.take()...)
	a1.Resize(paused)
	ann.say("b")
	expect(t, sink1)
	a1.Resize(some(10))
	settle(t, a1, sink1.take()...)
	a1.Resize(paused)
	a2, sink2 := b.attach("2", 10)
	ann.say("c")
	tries := sink2.tries
	expect(t, sink2, "ann:c/1")
	settle(t, a2, tries...)
	b.empty()
}

func TestGroup_BusySocketOfAPausedInstanceMovesWhenItIsIdle(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	ann := b.person("ann")
	ann.say("a")
	open := sink1.take()
	_, sink2 := b.attach("2", 10)
	a1.Resize(paused)
	ann.say("b")
	expect(t, sink2)
	settle(t, a1, open...)
	expect(t, sink2, "ann:b/1")
}

func TestGroup_LeastLoadedInstanceIsTaken(t *testing.T) {
	b := newBench(t, nil)
	b.attach("small", 10)
	b.attach("large", 30)
	for i := range 40 {
		b.person(fmt.Sprint(i)).lane.Introduce(false)
	}
	s := b.Status()
	if large, small := s.Instances[0], s.Instances[1]; large.Lanes != 30 || small.Lanes != 10 {
		t.Errorf("large has %d sockets, small %d", large.Lanes, small.Lanes)
	}
}

func TestLane_StrictGoesOneByOne(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("i", 10)
	ann := b.person("ann")
	ann.sayStrict("1")
	ann.sayStrict("2")
	ann.leave()
	for _, want := range []string{"ann:connected:late/1", "ann:1/1", "ann:2/1", "ann:disconnected/1"} {
		tries := sink.tries
		expect(t, sink, want)
		settle(t, a, tries...)
	}
	b.empty()
}

func TestLane_WaitingForItsOwnOrderDoesNotExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("i", 10)
		ann := b.person("ann")
		ann.sayStrict("1")
		settle(t, a, sink.take()...)
		slow := sink.take()
		ann.sayStrict("2")
		pass(time.Minute)
		b.Expire(time.Now())
		settle(t, a, slow...)
		expect(t, sink, "ann:2/1")
	})
}

func TestAttachment_RetryKeepsTheOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("i", 10)
		ann := b.person("ann")
		ann.lane.Introduce(false)
		settle(t, a, sink.take()...)
		ann.say("1")
		d, _ := a.Begin(sink.take()[0].Seq)
		if !a.Retry(d, 2*time.Second) {
			t.Fatal("no second try")
		}
		ann.say("2")
		pass(1999 * time.Millisecond)
		expect(t, sink)
		pass(time.Millisecond)
		tries := sink.tries
		expect(t, sink, "ann:1/2", "ann:2/1")
		settle(t, a, tries...)
		b.empty()
	})
}

func TestAttachment_RetryIsSpacedAndEndsAfterFiveTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("i", 10)
		ann := b.person("ann")
		ann.say("1")
		tries := sink.take()
		settle(t, a, tries[0])
		try := tries[1]
		for n, spacing := range []int{100, 200, 400, 800} {
			d, _ := a.Begin(try.Seq)
			if !a.Retry(d, 0) {
				t.Fatalf("no try after %d", n+1)
			}
			pass(time.Duration(spacing)*time.Millisecond - 1)
			expect(t, sink)
			pass(1)
			try = sink.take()[0]
		}
		d, _ := a.Begin(try.Seq)
		if try.Attempt != 5 || a.Retry(d, 0) {
			t.Errorf("another try after %d", try.Attempt)
		}
		if b.count.dropped[Nacked] != 1 {
			t.Error("the drop is not counted")
		}
		b.empty()
	})
}

func TestAttachment_SettlementErrors(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("i", 10)
	b.person("ann").lane.Introduce(false)
	try := sink.take()[0]
	if _, err := a.Begin(try.Seq + 1); !errors.Is(err, ErrUnknown) {
		t.Errorf("a number that was never given: %v", err)
	}
	d, err := a.Begin(try.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Begin(try.Seq); !errors.Is(err, ErrSettled) {
		t.Errorf("while it is being settled: %v", err)
	}
	a.Abandon(d)
	if d, err = a.Begin(try.Seq); err != nil {
		t.Errorf("after it was abandoned: %v", err)
	}
	a.Finish(d)
	if _, err := a.Begin(try.Seq); !errors.Is(err, ErrSettled) {
		t.Errorf("after it was settled: %v", err)
	}
	if err := a.Holds(try.Seq); err != nil {
		t.Errorf("a command of a settled delivery: %v", err)
	}
	if err := a.Holds(try.Seq + 1); !errors.Is(err, ErrUnknown) {
		t.Errorf("a command of nothing: %v", err)
	}
}

// A settlement that is being carried out while its stream is lost counts.
func TestAttachment_SettlementSurvivesTheLossOfItsStream(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	ann := b.person("ann")
	ann.say("a")
	ann.say("b")
	tries := sink1.take()
	settle(t, a1, tries[0])
	settled, _ := a1.Begin(tries[1].Seq)
	refused, _ := a1.Begin(tries[2].Seq)
	a1.Detach(true)
	a2, sink2 := b.attach("2", 10)
	expect(t, sink2)
	a1.Finish(settled)
	a1.Abandon(refused)
	again := sink2.tries
	expect(t, sink2, "ann:b/2")
	settle(t, a2, again...)
	b.empty()
}

func TestLane_LimitsOfParking(t *testing.T) {
	b := newBench(t, func(c *Config) { c.GroupBytes = 3000 })
	ann, bob := b.person("ann"), b.person("bob")
	for i := range 4 {
		if !ann.say(fmt.Sprint(i)) {
			t.Fatalf("event %d is not parked", i)
		}
	}
	if ann.say("5") || b.count.dropped[SocketFull] != 1 {
		t.Error("a fifth event of one socket is parked")
	}
	if !bob.say("1") || bob.say("2") || b.count.dropped[GroupFull] != 1 {
		t.Error("six events of 512 bytes are parked in 3000")
	}
	a, sink := b.attach("i", 100)
	settle(t, a, sink.take()...)
	b.empty()
}

func TestLane_OneLargeEventAlwaysFits(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Socket.Bytes, c.GroupBytes, c.NodeBytes = 10, 10, 10 })
	ann := b.person("ann")
	if !ann.lane.Push(&Delivery{Kind: Event, Body: "large", Bytes: 1 << 20}) {
		t.Error("the only event is not parked")
	}
	if ann.say("another") {
		t.Error("a second one is")
	}
}

func TestGroup_LifecycleBeyondTheLimitIsDroppedAndIntroducedAnew(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Lifecycle = 2 })
	ann, bob, cat := b.person("ann"), b.person("bob"), b.person("cat")
	ann.lane.Introduce(false)
	bob.lane.Introduce(false)
	cat.lane.Introduce(false)
	if b.TakeLost() != 1 || b.TakeLost() != 0 {
		t.Error("not one lifecycle record is lost")
	}
	b.Anew()
	a, sink := b.attach("i", 10)
	tries := sink.tries
	expect(t, sink, "ann:connected/1", "bob:connected/1")
	settle(t, a, tries...)
	cat.say("y")
	tries = sink.tries
	expect(t, sink, "cat:connected:late/1", "cat:y/1")
	settle(t, a, tries...)
	ann.lane.Introduce(true)
	expect(t, sink)
	b.Anew()
	ann.lane.Introduce(true)
	expect(t, sink, "ann:connected:late/2")
}

func TestGroup_AnewBeforeParkedEvents(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	ann, bob := b.person("ann"), b.person("bob")
	ann.lane.SetAnew(true)
	ann.lane.Introduce(false)
	bob.lane.Introduce(false)
	settle(t, a1, sink1.take()...)
	a1.Detach(true)
	ann.say("x")
	bob.say("x")
	sink2 := &book{}
	a2, _, first, _ := b.Attach("2", sink2, AttachOptions{})
	a2.Start(some(10), first)
	expect(t, sink2, "ann:connected:late/2", "bob:x/1", "ann:x/1")
}

// A second try of an attempt runs beside the first one: the first decision wins.
func TestSolo_SecondTryRunsBesideTheFirst(t *testing.T) {
	b := newBench(t, nil)
	first := b.NewSolo(nil, Share{})
	d := &Delivery{Kind: Connect, Body: "attempt"}
	first.Push(d)
	a1, sink1 := b.attach("1", 10)
	old := sink1.take()[0]
	if b.Other("1", d) {
		t.Error("another instance is there")
	}
	a2, sink2 := b.attach("2", 10)
	if !b.Other("1", d) {
		t.Error("no other instance is there")
	}
	second := b.NewSolo(nil, Share{})
	again := &Delivery{Kind: Connect, Body: "attempt"}
	again.Preset(old.Identity, old.Attempt)
	second.Avoid("1")
	second.Push(again)
	tries := sink2.tries
	expect(t, sink2, "attempt/2")
	if tries[0].Identity != old.Identity {
		t.Errorf("identity %d, want %d", tries[0].Identity, old.Identity)
	}
	open, _ := a2.Begin(tries[0].Seq)
	if second.Cancel(again, ReasonCancelled) {
		t.Error("taken away while it is decided")
	}
	a2.Finish(open)
	if second.Cancel(again, ReasonCancelled) {
		t.Error("cancelled after it was decided")
	}
	if !first.Cancel(d, ReasonDecided) || sink1.revoked[old.Seq] != ReasonDecided {
		t.Errorf("the first holder is not told: %v", sink1.revoked)
	}
	if _, err := a1.Begin(old.Seq); !errors.Is(err, ErrRevoked) {
		t.Errorf("late decision: %v", err)
	}
	b.empty()
	if s := b.Status(); s.Instances[0].Lanes+s.Instances[1].Lanes != 0 {
		t.Errorf("lanes left: %+v", s)
	}
}

func TestLane_CancelTakesAnAttemptFromAnywhere(t *testing.T) {
	b := newBench(t, nil)
	lane := b.NewSolo(nil, Share{})
	d := &Delivery{Kind: Connect}
	lane.Push(d)
	if !lane.Cancel(d, ReasonCancelled) || lane.Cancel(d, ReasonCancelled) {
		t.Error("not cancelled once in the pool")
	}
	a, sink := b.attach("1", 10)
	lane = b.NewSolo(nil, Share{})
	d = &Delivery{Kind: Connect}
	lane.Push(d)
	if !lane.Cancel(d, ReasonCancelled) {
		t.Error("not cancelled at an instance")
	}
	if _, err := a.Begin(sink.take()[0].Seq); !errors.Is(err, ErrRevoked) {
		t.Errorf("decision after the end: %v", err)
	}
	b.empty()
}

func TestAttachment_DiscardSettlesInTheServicesName(t *testing.T) {
	b := newBench(t, nil)
	a, sink := b.attach("1", 2)
	ann := b.person("ann")
	ann.say("large")
	ann.say("next")
	tries := sink.take()
	if !a.Discard(tries[1], TooLarge) || a.Discard(tries[1], TooLarge) {
		t.Error("not discarded once")
	}
	expect(t, sink, "ann:next/1")
}

func TestGroup_PoolIsSharedOutAsInstancesCome(t *testing.T) {
	b := newBench(t, nil)
	for i := range 100 {
		b.person(fmt.Sprint(i)).say("x")
	}
	b.attach("1", 10)
	b.attach("2", 10)
	s := b.Status()
	if s.Instances[0].Lanes > 20 || s.Instances[1].Lanes < 10 {
		t.Errorf("1 has %d sockets, 2 has %d", s.Instances[0].Lanes, s.Instances[1].Lanes)
	}
}
