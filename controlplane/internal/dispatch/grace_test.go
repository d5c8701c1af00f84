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
		settle(t, a, last...)
		b.empty()
	})
}

// Events of before stay in front of it; nobody's being there does not let it cancel
// out before its time.
func TestGrace_WhileNobodyIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann, bob := b.person("ann"), b.person("bob")
		ann.lane.Introduce(false)
		bob.lane.Introduce(false)
		bob.leaveIn(10 * time.Second)
		pass(5 * time.Second)
		if n := b.Status().Lifecycle; n != 3 {
			t.Errorf("%d are parked: not ann's, and both of bob's", n)
		}
		pass(6 * time.Second)
		a, sink := b.attach("1", 10)
		tries := sink.tries
		expect(t, sink, "ann:connected/1")
		settle(t, a, tries...)
		b.empty()
	})
}
