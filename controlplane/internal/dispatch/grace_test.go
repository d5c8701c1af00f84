package dispatch

import (
	"testing"
	"testing/synctest"
	"time"
)

func (p *person) leaveIn(hold time.Duration) {
	p.lane.Leave(&Delivery{Kind: Disconnected, Body: p.name + ":disconnected"}, hold)
}

func TestGrace_DisconnectedIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("1")
		tries := sink.take()
		ann.leaveIn(10 * time.Second)
		settle(t, a, tries...)
		pass(10*time.Second - 1)
		expect(t, sink)
		if s := b.Status().Instances[0]; s.Lanes != 1 {
			t.Errorf("%+v", s)
		}
		pass(1)
		last := sink.tries
		expect(t, sink, "ann:disconnected/1")
		if ann.lane.Return() {
			t.Error("taken back though it was handed over")
		}
		settle(t, a, last...)
		b.empty()
	})
}

func TestGrace_ReturnCancelsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("1")
		settle(t, a, sink.take()...)
		ann.leaveIn(10 * time.Second)
		pass(5 * time.Second)
		if !ann.lane.Return() || ann.lane.Return() {
			t.Error("not taken back once")
		}
		pass(time.Minute)
		ann.say("2")
		tries := sink.tries
		expect(t, sink, "ann:2/1")
		settle(t, a, tries...)
		ann.leave()
		expect(t, sink, "ann:disconnected/1")
	})
}

// Events of before stay in front of it; nobody's being there does not let it cancel
// out before its time.
func TestGrace_WhileNobodyIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann, bob := b.person("ann"), b.person("bob")
		ann.lane.Introduce(false)
		ann.leaveIn(10 * time.Second)
		bob.lane.Introduce(false)
		bob.leaveIn(10 * time.Second)
		pass(5 * time.Second)
		if !ann.lane.Return() {
			t.Error("ann is not taken back")
		}
		pass(6 * time.Second)
		a, sink := b.attach("1", 10)
		tries := sink.tries
		expect(t, sink, "ann:connected/1")
		settle(t, a, tries...)
		b.empty()
	})
}
