package dispatch

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// resume attaches an instance again as the same process.
func (b *bench) resume(id string, sink Sink) (*Attachment, []uint64) {
	b.t.Helper()
	a, _, _, revoked := b.Attach(id, sink, AttachOptions{Resume: true})
	a.Start(some(10), false)
	return a, revoked
}

func TestSuspend_NothingIsDeliveredAgainToAResumedInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, sink1 := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("a")
		tries := sink1.take()
		a1.Detach(false)
		if s := b.Status().Instances[0]; s.Attached || s.Suspended.IsZero() || s.Held.Deliveries != 2 {
			t.Errorf("suspended: %+v", s)
		}
		ann.say("b")
		pass(29 * time.Second)
		sink2 := &book{}
		a2, revoked := b.resume("1", sink2)
		if !a2.Resumed() || len(revoked) != 0 {
			t.Errorf("resumed %v, revoked %v", a2.Resumed(), revoked)
		}
		rest := sink2.tries
		expect(t, sink2, "ann:b/1")
		settle(t, a2, append(tries, rest...)...)
		pass(time.Minute)
		if len(sink2.revoked)+len(sink2.released)+len(b.count.revoked) > 0 {
			t.Errorf("revoked %v, released %v", sink2.revoked, sink2.released)
		}
		b.empty()
	})
}

// A resume while the old stream is still there fences it, and takes everything over.
func TestSuspend_ResumeFencesAStreamThatIsHalfOpen(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	ann := b.person("ann")
	ann.say("a")
	tries := sink1.take()
	d, err := a1.Begin(tries[0].Seq)
	if err != nil {
		t.Fatal(err)
	}
	sink2 := &book{}
	a2, fenced, _, _ := b.Attach("1", sink2, AttachOptions{Resume: true})
	if fenced != Sink(sink1) {
		t.Error("the old stream is not fenced")
	}
	a2.Start(some(10), false)
	a1.Finish(d)
	expect(t, sink2)
	settle(t, a2, tries[1])
	a1.Detach(false) // of no effect
	ann.say("b")
	settle(t, a2, sink2.take()...)
	b.empty()
}

// A settlement that came in before its stream was lost counts, whenever it is looked at.
func TestSuspend_SettlementsOfTheLostStreamCount(t *testing.T) {
	b := newBench(t, nil)
	a1, sink1 := b.attach("1", 10)
	b.person("ann").say("a")
	tries := sink1.take()
	a1.Detach(false)
	settle(t, a1, tries...)
	sink2 := &book{}
	a2, _ := b.resume("1", sink2)
	expect(t, sink2)
	if _, err := a2.Begin(tries[0].Seq); !errors.Is(err, ErrSettled) {
		t.Errorf("settled twice: %v", err)
	}
	b.empty()
}

func TestSuspend_WhatMovedIsToldToTheResumedInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, sink1 := b.attach("1", 10)
		ann := b.person("ann")
		ann.say("a")
		old := sink1.take()
		a1.Detach(false)
		pass(100 * time.Millisecond)
		a2, sink2 := b.attach("2", 10)
		expect(t, sink2)
		pass(time.Second)
		tries := sink2.tries
		expect(t, sink2, "ann:connected:late/2", "ann:a/2")
		back := &book{}
		again, revoked := b.resume("1", back)
		if fmt.Sprint(revoked) != fmt.Sprint([]uint64{old[1].Seq, old[0].Seq}) {
			t.Errorf("revoked %v, had %d and %d", revoked, old[0].Seq, old[1].Seq)
		}
		if fmt.Sprint(back.released) != fmt.Sprintf("[ann/%d]", ReasonLost) {
			t.Errorf("released %v", back.released)
		}
		for _, o := range old {
			if _, err := again.Begin(o.Seq); !errors.Is(err, ErrRevoked) {
				t.Errorf("settlement of what moved: %v", err)
			}
		}
		settle(t, a2, tries...)
		b.empty()
	})
}

// Only what another instance takes moves after the delay.
func TestSuspend_WhatNobodyElseTakesWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, sink1 := b.attach("1", 10)
		ann, bob := b.person("ann"), b.person("bob")
		ann.say("a")
		bob.say("b")
		old := sink1.take()
		partial := &book{accepts: func(d *Delivery) (Terms, bool) { return Terms{}, d.Body != "ann:a" }}
		b.join("2", partial, 10, AttachOptions{})
		a1.Detach(false)
		pass(2 * time.Second)
		expect(t, partial, "bob:connected:late/2", "bob:b/2")
		sink := &book{}
		again, revoked := b.resume("1", sink)
		expect(t, sink)
		if len(revoked) != 2 {
			t.Errorf("revoked: %v", revoked)
		}
		settle(t, again, old[0], old[1])
	})
}

func TestSuspend_EndsInThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a1, sink1 := b.attach("1", 10)
		b.person("ann").say("a")
		old := sink1.take()
		a1.Detach(false)
		pass(30*time.Second + time.Millisecond)
		sink := &book{}
		again, _ := b.resume("1", sink)
		if again.Resumed() {
			t.Error("resumed after the suspension")
		}
		tries := sink.tries
		expect(t, sink, "ann:connected:late/2", "ann:a/2")
		if _, err := again.Begin(old[0].Seq); !errors.Is(err, ErrRevoked) {
			t.Errorf("a number of before: %v", err)
		}
		settle(t, again, tries...)
		b.empty()
	})
}

func TestAttachment_NumbersStartWhereTheNodeSays(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Numbers = 7 << 32 })
	a, sink := b.attach("1", 10)
	b.person("ann").say("a")
	tries := sink.take()
	if tries[0].Seq != 7<<32+1 {
		t.Errorf("first number %d", tries[0].Seq)
	}
	// Another process of the hub gave these numbers.
	for _, seq := range []uint64{1, 2, 7 << 32} {
		if _, err := a.Begin(seq); !errors.Is(err, ErrRevoked) {
			t.Errorf("begin %d: %v", seq, err)
		}
		if err := a.Holds(seq); !errors.Is(err, ErrRevoked) {
			t.Errorf("holds %d: %v", seq, err)
		}
	}
	for _, seq := range []uint64{7<<32 + 3, 8 << 32} {
		if _, err := a.Begin(seq); !errors.Is(err, ErrUnknown) {
			t.Errorf("begin %d: %v", seq, err)
		}
		if err := a.Holds(seq); !errors.Is(err, ErrUnknown) {
			t.Errorf("holds %d: %v", seq, err)
		}
	}
}

// What an earlier process of the instance settled is not this one's.
func TestAttachment_NumbersOfAnEarlierProcessAreRevoked(t *testing.T) {
	b := newBench(t, nil)
	a1, sink := b.attach("1", 10)
	b.person("ann").lane.Introduce(false)
	tries := sink.take()
	settle(t, a1, tries...)
	a2, _ := b.attach("1", 10)
	for _, a := range []*Attachment{a1, a2} {
		if _, err := a.Begin(tries[0].Seq); !errors.Is(err, ErrRevoked) {
			t.Errorf("%v", err)
		}
	}
}
