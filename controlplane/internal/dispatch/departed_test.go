package dispatch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// What a browser that has gone has sent is delivered still, but it does not wait for ever
// for an instance that settles nothing.
func TestDeparted_EventsGoWhenNothingIsTakenForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 4)
		strict, piped := b.person("strict"), b.person("piped")
		sink.accepts = func(d *Delivery) (Terms, bool) { return Terms{Strict: d.Lane() == strict.lane}, true }
		for n := range 8 {
			strict.sayWith(fmt.Sprint(n), Pause)
			piped.sayWith(fmt.Sprint(n), Pause)
		}
		strict.leave()
		piped.leave()
		first := sink.take()
		for range 25 { // one of them goes on, slowly
			pass(testConfig.Age / 2)
			settle(t, a, sink.take()...)
			b.Expire(time.Now())
			if len(sink.tries) == 0 {
				break
			}
		}
		for range 2*atWork + 2 {
			pass(testConfig.Age / 2)
			b.Expire(time.Now())
		}
		if b.count.dropped[Abandoned] == 0 || b.Status().Events != 0 {
			t.Fatalf("dropped %v, %d events wait", b.count.dropped, b.Status().Events)
		}
		settle(t, a, first...)
		last := sink.text()
		for _, want := range []string{"strict:disconnected/1", "piped:disconnected/1"} {
			n := 0
			for _, got := range last {
				if got == want {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%s came %d times: %v", want, n, last)
			}
		}
	})
}

func TestDeparted_EventsStayWhileTheInstanceGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 1)
		ann := b.person("ann")
		for n := range 8 {
			ann.sayWith(fmt.Sprint(n), Pause)
		}
		ann.leave()
		for len(sink.tries) > 0 {
			pass(testConfig.Age * 2 / 3)
			b.Expire(time.Now())
			settle(t, a, sink.take()...)
			b.Expire(time.Now())
		}
		if len(b.count.dropped) != 0 {
			t.Errorf("dropped %v", b.count.dropped)
		}
		b.empty()
		if n := b.departed.all.len; n != 0 {
			t.Errorf("%d are still looked after", n)
		}
	})
}

// A handler may take long, and an instance may pause: neither costs what a browser that has gone has sent.
func TestDeparted_EventsStayWhileAnInstanceIsAtWork(t *testing.T) {
	for name, pausing := range map[string]bool{"works": false, "is paused": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, nil)
				a, sink := b.attach("1", 4)
				sink.terms.Strict = true
				ann := b.person("ann")
				for n := range 3 {
					ann.sayWith(fmt.Sprint(n), Pause)
				}
				if pausing {
					settleFirst := sink.take()
					a.Resize(paused)
					settle(t, a, settleFirst...)
				}
				ann.leave()
				for range atWork - 1 {
					pass(testConfig.Age)
					b.Expire(time.Now())
				}
				if len(b.count.dropped) != 0 {
					t.Fatalf("dropped %v", b.count.dropped)
				}
				if pausing {
					a.Resize(some(4))
				}
				for tries := sink.take(); len(tries) > 0; tries = sink.take() {
					settle(t, a, tries...)
				}
				if len(b.count.dropped) != 0 {
					t.Errorf("dropped %v", b.count.dropped)
				}
				b.empty()
			})
		})
	}
}
