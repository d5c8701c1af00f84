package dispatch

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTimeout_RevokesAndComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		sink := &book{accepts: func(d *Delivery) (Terms, bool) {
			if d.Kind == Event {
				return Terms{Timeout: 5 * time.Second}, true
			}
			return Terms{}, true
		}}
		a, ann := b.join("1", sink, 10, AttachOptions{}), b.person("ann")
		ann.lane.Introduce(false)
		settle(t, a, sink.take()...)
		ann.say("1")
		for n := 1; n <= 5; n++ {
			tries := sink.take()
			if len(tries) != 1 || tries[0].Attempt != uint32(n) {
				t.Fatalf("try %d: %v", n, tries)
			}
			pass(5*time.Second - 1)
			b.Expire(time.Now())
			if len(sink.revoked) != n-1 {
				t.Fatal("revoked too early")
			}
			pass(1)
			b.Expire(time.Now())
			if sink.revoked[tries[0].Seq] != ReasonTimeout {
				t.Fatalf("revoked %v", sink.revoked)
			}
			if _, err := a.Begin(tries[0].Seq); !errors.Is(err, ErrRevoked) {
				t.Errorf("late settlement: %v", err)
			}
			expect(t, sink)
			pass(100 * time.Millisecond << (n - 1))
		}
		if b.count.dropped[Tries] != 1 || b.count.revoked[ReasonTimeout] != 5 {
			t.Errorf("dropped %v, revoked %v", b.count.dropped, b.count.revoked)
		}
		b.empty()
	})
}

// What is kept whatever happens comes again for ever, but never at once.
func TestTimeout_LifecycleIsSpacedBeyondItsTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		sink := &book{terms: Terms{Timeout: 5 * time.Second}}
		a := b.join("1", sink, 10, AttachOptions{})
		b.person("ann").lane.Introduce(false)
		for n := 1; n <= 10; n++ {
			if tries := sink.take(); len(tries) != 1 || tries[0].Attempt != uint32(n) {
				t.Fatalf("try %d: %v", n, tries)
			}
			pass(5 * time.Second)
			b.Expire(time.Now())
			spacing := min(100*time.Millisecond<<(n-1), 10*time.Second)
			pass(spacing - 1)
			expect(t, sink)
			pass(1)
		}
		settle(t, a, sink.take()...)
		b.empty()
	})
}

func TestTimeout_NotWhileItIsBeingSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		sink := &book{terms: Terms{Timeout: time.Second}}
		a := b.join("1", sink, 10, AttachOptions{})
		b.person("ann").lane.Introduce(false)
		d, _ := a.Begin(sink.take()[0].Seq)
		pass(time.Minute)
		b.Expire(time.Now())
		a.Finish(d)
		if len(sink.revoked) > 0 {
			t.Errorf("revoked %v", sink.revoked)
		}
		b.empty()
	})
}
