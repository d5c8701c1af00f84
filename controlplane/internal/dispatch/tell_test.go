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

// The sink of an instance that lost its stream takes on what is told, for the next one; that of a process that was replaced, or is waited
// for no more, does not.
func TestTell_GoesToTheSinkOfASuspendedInstance(t *testing.T) {
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
		told(t, &facts, sink, sink)
		a, _, _, _ = b.Attach("1", sink, AttachOptions{Resume: true})
		ann.tell(&facts)
		told(t, &facts, sink)
		a.Start(some(10), false)
		told(t, &facts)
		ann.tell(&facts)
		told(t, &facts, sink)
		a.Detach(false)
		a, next := b.attach("1", 10)
		told(t, &facts)
		ann.tell(&facts)
		told(t, &facts, next)
		a.Detach(false)
		pass(b.node.config.Suspend)
		ann.tell(&facts)
		told(t, &facts)
	})
}

// What is told while it is suspended costs an instance nothing here: its sink knows whether it asks for it.
func TestTell_KeepsNothingItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("1")
		settle(t, a, sink.take()...)
		a.Detach(false)
		for range maxAbsences + 1 {
			ann.lane.Tell(func(Sink) {})
		}
		if a, _ = b.resume("1", sink); !a.Resumed() {
			t.Error("not resumed")
		}
	})
}

// What is told of a socket that moves away then comes before the word that it has.
func TestTell_GoesBeforeTheReleaseOfASocketThatMovesMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("1")
		settle(t, a, sink.take()...)
		a.Detach(false)
		told, late := 0, 0
		tell := func() {
			ann.lane.Tell(func(s Sink) {
				if s == Sink(sink) {
					told++
					late += len(sink.released)
				}
			})
		}
		tell()
		_, other := b.attach("2", 10)
		pass(time.Second)
		ann.say("2")
		expect(t, other, "ann:2/1")
		tell()
		b.resume("1", sink)
		if fmt.Sprint(sink.released) != fmt.Sprintf("[ann/%d]", ReasonLost) || told != 1 || late != 0 {
			t.Errorf("released %v, %d were told, %d of them too late", sink.released, told, late)
		}
	})
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

// The sink of an instance without a stream is told, for its next one.
func TestSucceed_WhoGoesOnWaitsForASuspendedInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 10)
		again, facts := away(t, b, a, sink, func() { a.Detach(false) })
		told(t, facts, sink)
		a, _ = b.resume("1", sink)
		told(t, facts)
		again.say("2")
		tries := sink.tries
		expect(t, sink, "ann2:2/1")
		settle(t, a, tries...)
		b.empty()
	})
}
