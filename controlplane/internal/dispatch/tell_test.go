package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// tell tells a fact of somebody, and notes who hears it.
func (p *person) tell(to *[]Sink) { p.lane.Tell(func(s Sink) { *to = append(*to, s) }) }

// told fails the test unless these have heard of it since the last time.
func told(t *testing.T, facts *[]Sink, want ...Sink) {
	t.Helper()
	if !slices.Equal(*facts, want) {
		t.Errorf("%d were told, want %d", len(*facts), len(want))
	}
	*facts = nil
}

// An instance that lost its stream hears what it has missed on the next one, and none that is another process.
func TestTell_WaitsWhileTheInstanceIsSuspended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		var facts []Sink
		ann.tell(&facts)
		told(t, &facts) // it will be introduced
		ann.say("1")
		settle(t, a, sink.take()...)
		ann.tell(&facts)
		told(t, &facts, sink)
		a.Detach(false)
		ann.tell(&facts)
		ann.tell(&facts)
		told(t, &facts)
		next := &book{}
		a, _ = b.resume("1", next)
		told(t, &facts, next, next)
		a.Detach(false)
		ann.tell(&facts)
		b.attach("1", 10)
		told(t, &facts)
	})
}

// What is told of a suspended instance without end ends its chance to resume.
func TestTell_IsBounded(t *testing.T) {
	var absent absences
	for range maxAbsences + 1 {
		absent.miss(func(Sink) {})
	}
	if !absent.full || len(absent.facts) > 0 {
		t.Errorf("%d are kept", len(absent.facts))
	}
}

// away lets somebody be away and come back whom instance 1 knows, and returns who hears what has become of them meanwhile.
func away(t *testing.T, b *bench, a *Attachment, sink *book, meanwhile func()) (again *person, heard *[]Sink) {
	t.Helper()
	ann := b.person("ann")
	ann.say("1")
	settle(t, a, sink.take()...)
	ann.leaveIn(10 * time.Second)
	meanwhile()
	again, heard = b.person("ann2"), new([]Sink)
	again.lane.Succeed(ann.lane, func(s Sink) { *heard = append(*heard, s) })
	again.lane.Introduce(false)
	pass(0)
	return again, heard
}

// Whoever goes on is with the instance that knows of them, which hears of them without an event.
func TestSucceed_WhoGoesOnIsWhereItIsKnown(t *testing.T) {
	for name, eager := range map[string]bool{"introduced at once": true, "with the first event": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				a, sink := b.attach("1", 10)
				_, other := b.attach("2", 10)
				ann := b.person("ann")
				ann.lane.Prefer(new("1"))
				ann.say("1")
				settle(t, a, sink.take()...)
				ann.leaveIn(10 * time.Second)
				again, facts := b.person("ann2"), []Sink(nil)
				again.lane.Succeed(ann.lane, func(s Sink) { facts = append(facts, s) })
				if eager {
					again.lane.Introduce(false)
				}
				pass(0)
				told(t, &facts, sink)
				again.tell(&facts)
				told(t, &facts, sink)
				again.say("2")
				expect(t, sink, "ann2:2/1")
				expect(t, other)
				if len(sink.released) > 0 {
					t.Errorf("released %v", sink.released)
				}
			})
		})
	}
}

// Also while that takes no work: what comes next goes to another instance then, and the one that knew of them is told.
func TestSucceed_WhoGoesOnLeavesAPausedInstanceWithTheNextEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		var other *book
		again, facts := away(t, b, a, sink, func() {
			a.Resize(paused)
			_, other = b.attach("2", 10)
			other.terms.OnInstance = true
		})
		told(t, facts, sink)
		expect(t, other)
		again.say("2")
		expect(t, sink)
		expect(t, other, "ann2:connected:moved/2", "ann2:2/1")
		if fmt.Sprint(sink.released) != fmt.Sprintf("[ann2/%d]", ReasonPaused) {
			t.Errorf("released %v", sink.released)
		}
	})
}

// An instance without a stream hears of it on its next one.
func TestSucceed_WhoGoesOnWaitsForASuspendedInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		again, facts := away(t, b, a, sink, func() { a.Detach(false) })
		told(t, facts)
		next := &book{}
		a, _ = b.resume("1", next)
		told(t, facts, next)
		again.say("2")
		tries := next.tries
		expect(t, next, "ann2:2/1")
		settle(t, a, tries...)
		b.empty()
	})
}
