package dispatch

import (
	"testing"
	"testing/synctest"
	"time"
)

// back is the lane of somebody who has come back.
func (p *person) back(b *bench) *person {
	again := b.person(p.name + "2")
	again.lane.Succeed(p.lane, func(Sink) {})
	return again
}

// Nothing of the second life goes before the first one is settled whole, also if two instances could have one each.
func TestSucceed_WaitsForTheEarlierLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("1")
		tries := sink.take()
		ann.leave()
		again := ann.back(b)
		again.lane.Introduce(false)
		again.say("2")
		third := again.back(b)
		again.leave()
		third.lane.Introduce(false)
		pass(time.Minute)
		settle(t, a, tries...)
		tries = sink.tries
		expect(t, sink, "ann:disconnected/1")
		pass(time.Minute)
		expect(t, sink)
		settle(t, a, tries...)
		pass(0)
		tries = sink.tries
		expect(t, sink, "ann2:connected/1", "ann2:2/1", "ann2:disconnected/1")
		settle(t, a, tries...)
		pass(0)
		tries = sink.tries
		expect(t, sink, "ann22:connected/1")
		settle(t, a, tries...)
	})
}

func TestSucceed_AHeldDisconnectedCancelsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("1")
		tries := sink.take()
		ann.leaveIn(10 * time.Second)
		again := ann.back(b)
		again.lane.Introduce(false)
		again.say("2")
		pass(0)
		expect(t, sink)
		settle(t, a, tries...)
		pass(0)
		tries = sink.tries
		expect(t, sink, "ann2:2/1")
		settle(t, a, tries...)
		again.leave()
		tries = sink.tries
		expect(t, sink, "ann2:disconnected/1")
		settle(t, a, tries...)
		pass(time.Minute)
		expect(t, sink)
		b.empty()
	})
}

// Nobody has heard of the first life: the second one is introduced, and at once.
func TestSucceed_WhileNobodyIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		ann := b.person("ann")
		ann.lane.Introduce(false)
		ann.leaveIn(time.Minute)
		again := ann.back(b)
		again.lane.Introduce(false)
		pass(0)
		a, sink := b.attach("1", 10)
		tries := sink.tries
		expect(t, sink, "ann2:connected/1")
		settle(t, a, tries...)
		again.leave()
		settle(t, a, sink.tries...)
		pass(time.Hour)
		b.empty()
	})
}
