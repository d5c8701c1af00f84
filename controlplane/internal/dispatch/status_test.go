package dispatch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/controlplane/internal/window"
)

func TestStatus_DescribesInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		sink := &book{}
		a, _, _, _ := b.Attach("1", sink, AttachOptions{Weight: 7, Complete: true})
		a.Start(Windows{Events: window.Size{Deliveries: 1, Bytes: 100}, Attempts: window.Size{Deliveries: 2, Bytes: 50}}, false)
		ann, bob := b.person("ann"), b.person("bob")
		ann.lane.Introduce(false)
		bob.lane.Introduce(false)
		b.attempt("attempt")
		pass(3 * time.Second)
		want := InstanceStatus{
			ID: "1", Attached: true, Complete: true, Weight: 7, Lanes: 3, Waiting: 1,
			Held: window.Size{Deliveries: 1}, Size: window.Size{Deliveries: 1, Bytes: 100},
			AttemptsHeld: window.Size{Deliveries: 1, Bytes: 10}, AttemptsSize: window.Size{Deliveries: 2, Bytes: 50},
			Oldest: 3 * time.Second,
		}
		if got := b.Status().Instances[0]; got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		a.Resize(paused)
		a.Drain()
		a.Detach(false)
		got := b.Status().Instances[0]
		if got.Attached || got.Suspended.IsZero() || !got.Draining || !got.Paused {
			t.Errorf("%+v", got)
		}
	})
}

// What belongs to no socket is not parked, and waits all the same.
func TestQuiet_NotWhileACallWaitsAtAPausedInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		a, sink := b.attach("1", 1)
		b.call("1")
		b.call("1")
		a.Resize(paused)
		settle(t, a, sink.take()...)
		if expect(t, sink); b.Quiet() {
			t.Errorf("quiet: %+v", b.Status())
		}
		a.Resize(some(8))
		settle(t, a, sink.take()...)
		if !b.Quiet() {
			t.Errorf("not quiet: %+v", b.Status())
		}
	})
}
