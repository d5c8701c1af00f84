package dispatch

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// only accepts lifecycle, and the events whose text has this suffix.
func only(suffix string) func(*Delivery) (Terms, bool) {
	return func(d *Delivery) (Terms, bool) {
		return Terms{}, d.Kind != Event || strings.HasSuffix(fmt.Sprint(d.Body), suffix)
	}
}

// The socket moves to an instance that asks for its next event, after its work in
// flight, and in order.
func TestPlacement_OrderHoldsOverMoves(t *testing.T) {
	b := newBench(t, nil)
	sinkA, sinkB := &book{accepts: only("a")}, &book{accepts: only("b")}
	a, second := b.join("a", sinkA, 10, AttachOptions{}), b.join("b", sinkB, 10, AttachOptions{})
	ann := b.person("ann")
	ann.say("1a")
	open := sinkA.tries
	expect(t, sinkA, "ann:connected:late/1", "ann:1a/1")
	ann.say("2b")
	ann.say("3a")
	expect(t, sinkB)
	settle(t, a, open[1])
	expect(t, sinkB)
	settle(t, a, open[0])
	next := sinkB.tries
	expect(t, sinkB, "ann:2b/1")
	if fmt.Sprint(sinkA.released) != fmt.Sprintf("[ann/%d]", ReasonMoved) {
		t.Errorf("released %v", sinkA.released)
	}
	expect(t, sinkA)
	settle(t, second, next...)
	last := sinkA.tries
	expect(t, sinkA, "ann:3a/1")
	settle(t, a, last...)
	b.empty()
}

func TestPlacement_ParksWhatNobodyAccepts(t *testing.T) {
	b := newBench(t, nil)
	sinkA := &book{accepts: only("a")}
	a, ann := b.join("a", sinkA, 10, AttachOptions{}), b.person("ann")
	ann.say("1b")
	ann.say("2a")
	for _, try := range sinkA.take() {
		if try.Kind == Event {
			t.Errorf("handed over: %v", try.Body)
		}
		settle(t, a, try)
	}
	if s := b.Status(); s.Events != 2 || s.Waiting != 1 {
		t.Fatalf("%+v", s)
	}
	sinkB := &book{accepts: only("b")}
	second := b.join("b", sinkB, 10, AttachOptions{})
	for _, at := range []struct {
		*Attachment
		*book
	}{{second, sinkB}, {a, sinkA}} {
		settle(t, at.Attachment, at.take()...)
	}
	b.empty()
}

func TestPlacement_PrefersCompleteThenPreferredThenLoad(t *testing.T) {
	b := newBench(t, nil)
	b.join("partial", &book{}, 100, AttachOptions{Weight: 100})
	b.join("one", &book{}, 100, AttachOptions{Complete: true})
	b.join("two", &book{}, 100, AttachOptions{Complete: true, Weight: 3})
	lanes := func() map[string]int {
		at := map[string]int{}
		for _, i := range b.Status().Instances {
			at[i.ID] = i.Lanes
		}
		return at
	}
	for i := range 40 {
		b.person(fmt.Sprint(i)).lane.Introduce(false)
	}
	if got := lanes(); got["partial"] != 0 || got["one"] != 10 || got["two"] != 30 {
		t.Errorf("by weight: %v", got)
	}
	for i := range 10 {
		p := b.person(fmt.Sprint("preferred", i))
		p.lane.Prefer(new("one"))
		p.lane.Introduce(false)
	}
	if got := lanes(); got["one"] != 20 {
		t.Errorf("preferred: %v", got)
	}
	p := b.person("partial is preferred")
	p.lane.Prefer(new("partial"))
	p.lane.Introduce(false)
	if got := lanes(); got["partial"] != 0 {
		t.Errorf("complete comes first: %v", got)
	}
}

func TestAttachment_ElsewhereGivesItToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sinkA := b.attach("a", 10)
		ann := b.person("ann")
		ann.say("1")
		ann.say("2")
		open := sinkA.take()
		settle(t, a, open[0])
		second, sinkB := b.attach("b", 10)
		d, _ := a.Begin(open[1].Seq)
		if !a.Elsewhere(d) {
			t.Fatal("no other try")
		}
		ann.say("3")
		pass(time.Minute)
		expect(t, sinkA)
		expect(t, sinkB) // 2 is still with a
		settle(t, a, open[2])
		tries := sinkB.tries
		expect(t, sinkB, "ann:1/2", "ann:3/1")
		settle(t, second, tries...)
		b.empty()
	})
}

func TestAttachment_ElsewhereIsARetryWhenNobodyElseIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("a", 10)
		b.join("b", &book{accepts: only("b")}, 10, AttachOptions{})
		ann := b.person("ann")
		ann.lane.Prefer(new("a"))
		ann.say("1")
		for n := range 5 {
			var last Try
			for _, try := range sink.take() {
				last = try
				if try.Kind != Event {
					settle(t, a, try)
				}
			}
			if last.Body != "ann:1" || last.Attempt != uint32(n+1) {
				t.Fatalf("try %d: %+v", n, last)
			}
			d, _ := a.Begin(last.Seq)
			if again := a.Elsewhere(d); again != (n < 4) {
				t.Fatalf("again %v after %d", again, n+1)
			}
			expect(t, sink)
			pass(time.Minute)
		}
		b.empty()
	})
}

func TestTerms_SilentPassesInItsOrder(t *testing.T) {
	b := newBench(t, nil)
	sink := &book{accepts: func(d *Delivery) (Terms, bool) { return Terms{Silent: d.Kind != Event}, true }}
	ann := b.person("ann")
	ann.lane.Introduce(false)
	ann.say("early")
	a := b.join("a", sink, 10, AttachOptions{})
	ann.say("late")
	ann.leave()
	tries := sink.tries
	expect(t, sink, "ann:early/1", "ann:late/1")
	settle(t, a, tries...)
	b.empty()
	if s := b.Status(); s.Instances[0].Lanes != 0 {
		t.Errorf("the lane is left: %+v", s)
	}
}

func TestTerms_StrictCoversLifecycle(t *testing.T) {
	b := newBench(t, nil)
	sink := &book{terms: Terms{Strict: true}}
	a, ann := b.join("a", sink, 10, AttachOptions{}), b.person("ann")
	ann.lane.Introduce(false)
	ann.leave()
	for _, want := range []string{"ann:connected/1", "ann:disconnected/1"} {
		tries := sink.tries
		expect(t, sink, want)
		settle(t, a, tries...)
	}
	b.empty()
}
