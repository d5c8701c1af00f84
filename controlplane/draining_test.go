package controlplane

import (
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

func TestDrain_TellsEverybodyOnceAndHealthSaysNo(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		before := w.chat("a")
		deadline := time.Now().Add(time.Minute)
		w.srv.Drain("a new version", deadline)
		w.srv.Drain("again", time.Time{})
		after := w.attach("other", "b")
		for _, s := range []interface {
			Drain() (string, time.Time)
		}{before, after} {
			if reason, at := s.Drain(); reason != "a new version" || !at.Equal(deadline) {
				t.Errorf("told %q, %v", reason, at)
			}
		}
		answer, err := healthv1.NewHealthClient(w.dial()).Check(t.Context(), &healthv1.HealthCheckRequest{})
		if err != nil || answer.Status != healthv1.HealthCheckResponse_NOT_SERVING {
			t.Errorf("health: %v, %v", answer, err)
		}
		// What is attached works on.
		b := w.join(before)
		b.emit(-1, "message", "")
		before.Done(before.Event("message"))
		before.Quiet(time.Second)
	})
}
