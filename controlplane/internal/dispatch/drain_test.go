package dispatch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestDrain_SocketsMoveWhenTheirFlightIsSettled(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	idle, busy := b.person("idle"), b.person("busy")
	idle.lane.Introduce(false)
	busy.lane.Introduce(false)
	settle(t, a1, sink1.take()...)
	busy.say("1")
	open := sink1.take()
	a2, sink2 := b.attach("2", 10)
	a1.Drain()
	if got := fmt.Sprint(sink1.released); got != fmt.Sprintf("[idle/%d]", ReasonDrained) {
		t.Errorf("released at once: %s", got)
	}
	busy.say("2")
	idle.say("1")
	tries := sink2.tries
	expect(t, sink2, "idle:1/1")
	b.person("new").lane.Introduce(false)
	tries = append(tries, sink2.tries...)
	expect(t, sink2, "new:connected/1")
	if a1.Drained() {
		t.Error("drained with something unsettled")
	}
	settle(t, a1, open...)
	if !a1.Drained() {
		t.Error("not drained")
	}
	tries = append(tries, sink2.tries...)
	expect(t, sink2, "busy:2/1")
	if got := fmt.Sprint(sink1.released); got != fmt.Sprintf("[idle/%d busy/%d]", ReasonDrained, ReasonDrained) {
		t.Errorf("released in the end: %s", got)
	}
	expect(t, sink1)
	settle(t, a2, tries...)
	a1.Detach(true)
	b.empty()
}

func TestDrain_LonelyInstanceLeavesItsSocketsInThePool(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	ann := b.person("ann")
	ann.say("1")
	open := sink1.take()
	a1.Drain()
	ann.say("2")
	settle(t, a1, open...)
	ann.say("3")
	expect(t, sink1)
	if s := b.Status(); s.Waiting != 1 || s.Instances[0].Lanes != 0 || !s.Instances[0].Draining {
		t.Errorf("%+v", s)
	}
	a2, sink2 := b.attach("2", 10)
	tries := sink2.tries
	expect(t, sink2, "ann:2/1", "ann:3/1")
	settle(t, a2, tries...)
	b.empty()
}

// A redelivery of a draining instance goes to another one.
func TestDrain_RetryGoesElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, sink1 := b.attach("1", 10)
		ann := b.person("ann")
		ann.lane.Introduce(false)
		settle(t, a1, sink1.take()...)
		ann.say("1")
		open := sink1.take()
		_, sink2 := b.attach("2", 10)
		a1.Drain()
		d, _ := a1.Begin(open[0].Seq)
		a1.Retry(d, 0)
		pass(time.Second)
		expect(t, sink1)
		expect(t, sink2, "ann:1/2")
	})
}

// A draining instance that lost its stream goes on draining when it is resumed.
func TestDrain_GoesOnAfterAResume(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	ann := b.person("ann")
	ann.say("1")
	open := sink1.take()
	a1.Drain()
	a1.Detach(false)
	sink := &book{}
	again, _ := b.resume("1", sink)
	settle(t, again, open...)
	if !again.Drained() {
		t.Error("not drained")
	}
	ann.say("2")
	expect(t, sink)
	if s := b.Status(); s.Waiting != 1 || s.Instances[0].Lanes != 0 {
		t.Errorf("%+v", s)
	}
}
