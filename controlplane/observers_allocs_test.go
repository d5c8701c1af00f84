//go:build !race

package controlplane

import (
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
)

func TestAllocs_CopiesOfAStuckObserverCostNone(t *testing.T) {
	srv, _ := settler(t)
	hs := joinMany(t, srv, 1)[0]
	so := hs.Tag().(*socket)
	e := &hub.Event{Socket: hs, Name: "say", Args: sayArgs, ReceiveTime: time.Now()}
	if n := testing.AllocsPerRun(1000, func() { srv.observers.Event(so, e) }); n != 0 {
		t.Errorf("%v allocations for an event that nobody observes", n)
	}
	all := observerOf("*", allKinds...)
	all.Payloads = true
	s := stuck(t, srv, nil, all)
	s.gate <- struct{}{}
	defer func() { <-s.gate }()
	a := srv.routes.attachment("watch", "i")
	for a.out.Copies.Len() < 1024 {
		srv.observers.Event(so, e)
	}
	if n := testing.AllocsPerRun(1000, func() { srv.observers.Event(so, e) }); n != 0 {
		t.Errorf("%v allocations for the copy of an event", n)
	}
}

// BenchmarkObserver is what an event costs the goroutine that brings it, beside its
// delivery: with nobody who observes, and with an observer that is stuck.
func BenchmarkObserver(b *testing.B) {
	for _, observed := range []bool{false, true} {
		name := "none"
		if observed {
			name = "stuck"
		}
		b.Run(name, func(b *testing.B) {
			srv, _ := settler(b)
			hs := joinMany(b, srv, 1)[0]
			so := hs.Tag().(*socket)
			if observed {
				all := &hubv1.Subscription{Role: hubv1.Role_ROLE_OBSERVER, Namespace: "*", Payloads: true}
				s := stuck(b, srv, nil, all)
				s.gate <- struct{}{}
				defer func() { <-s.gate }()
			}
			e := &hub.Event{Socket: hs, Name: "say", Args: sayArgs, ReceiveTime: time.Now()}
			b.ReportAllocs()
			for b.Loop() {
				if so.look(srv.routes.table.Load()).Observed() {
					srv.observers.Event(so, e)
				}
			}
		})
	}
}
