package controlplane

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// Drain tells the services that the hub is going to shut down, and when it closes its
// connections at the latest; a zero deadline says nothing of that. Health answers
// NOT_SERVING from then on. Whatever is attached works on until Shutdown, and who
// attaches from now on is told as well. It may be called once; it is safe for concurrent
// use.
func (s *Server) Drain(reason string, deadline time.Time) {
	d := &hubv1.Drain{Reason: reason}
	if !deadline.IsZero() {
		d.Deadline = timestamppb.New(deadline)
	}
	if !s.drain.CompareAndSwap(nil, d) {
		return
	}
	s.health.Shutdown()
	s.log.Info("the hub drains", "reason", reason, "deadline", deadline)
	s.routes.each(func(g *group) {
		for _, a := range s.routes.present(g) {
			a.tellDrain()
		}
	})
}

// tellDrain tells an instance that the hub drains, if it does, and once.
func (o *outbound) tellDrain() {
	if d := o.a.srv.drain.Load(); d != nil && o.a.toldDrain.CompareAndSwap(false, true) {
		o.a.out.Tell(&hubv1.Item{Kind: &hubv1.Item_Drain{Drain: d}})
	}
}
