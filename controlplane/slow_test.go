package controlplane

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/internal/envelope"
)

// slowest plays streams one after the other, and says how long the hub took and whom it
// slowed.
func slowest(t *testing.T, streams ...[]*envelope.Request) (took time.Duration, why []trace.Slowed) {
	synctest.Test(t, func(t *testing.T) {
		srv := newQuiet(t, &trace.Hooks{Slowed: func(w trace.Slowed, _ time.Duration) { why = append(why, w) }})
		begin := time.Now()
		for _, envelopes := range streams {
			if err := play(srv, envelopes...); err != nil {
				t.Error(err)
			}
		}
		took = time.Since(begin)
	})
	return took, why
}

func helloRequest() *envelope.Request {
	return requestOf(&hubv1.AttachRequest{Actions: []*hubv1.Action{helloAction(&hubv1.Hello{Group: "g", InstanceId: "i"})}})
}

func manyOf(n int, a *hubv1.Action) *envelope.Request {
	return requestOf(&hubv1.AttachRequest{Actions: slices.Repeat([]*hubv1.Action{a}, n)})
}

// Who sends what cannot be is read more slowly, and its stream lives.
func TestSlow_FaultsAreWaitedFor(t *testing.T) {
	for name, bad := range map[string]*hubv1.Action{
		"actions without a kind":            {},
		"settlements that nobody waits for": settleAction(done(7)),
		"commands without an operation":     {Kind: &hubv1.Action_Command{Command: &hubv1.Command{CommandId: 1}}},
		"the same without an id":            {Kind: &hubv1.Action_Command{Command: &hubv1.Command{}}},
	} {
		t.Run(name, func(t *testing.T) {
			took, why := slowest(t, []*envelope.Request{helloRequest(), manyOf(11_000, bad), manyOf(6000, bad)})
			if took != 3*time.Second || !slices.Equal(why, []trace.Slowed{trace.SlowedFaults, trace.SlowedFaults}) {
				t.Errorf("it took %v, slowed for %v", took, why)
			}
		})
	}
}

// Who is right most of the time is not slowed.
func TestSlow_TheHealthyAreNot(t *testing.T) {
	good := &hubv1.Action{Kind: &hubv1.Action_Command{Command: emit(&hubv1.Target{Namespace: "/", All: true}, "e", "[]")}}
	took, why := slowest(t, []*envelope.Request{helloRequest(), manyOf(4000, settleAction(done(7))), manyOf(16_000, good)})
	if took != 0 || len(why) > 0 {
		t.Errorf("it took %v, slowed for %v", took, why)
	}
}

func TestSlow_HellosWait(t *testing.T) {
	var streams [][]*envelope.Request
	for range 220 {
		streams = append(streams, []*envelope.Request{helloRequest()})
	}
	took, why := slowest(t, streams...)
	if took != 200*time.Millisecond || len(why) != 20 || why[0] != trace.SlowedHellos {
		t.Errorf("it took %v, %d were slowed for %v", took, len(why), slices.Compact(why))
	}
}

// A hello that waits for longer than hellos may take is not late.
func TestSlow_AHelloThatWaitsIsNotLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newQuiet(t, nil)
		srv.config.Stream.HelloTimeout = time.Second
		for range 1000 {
			srv.hellos.Pass(time.Now(), caller.Of(t.Context()).Account())
		}
		begin := time.Now()
		if err := play(srv, helloRequest()); err != nil || time.Since(begin) != 2*time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}
