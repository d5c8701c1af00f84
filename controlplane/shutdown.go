package controlplane

import (
	"context"
	"time"
)

// settleGrace is how long Shutdown waits at most for services to take and settle
// what is there for them, such as the last disconnected.
const settleGrace = 3 * time.Second

// Shutdown ends the control plane: the hub should be shut down before, so that
// services hear of every disconnect. Attempts without a decision are undecided;
// services get a moment to settle what they have; then the streams end with
// UNAVAILABLE, and the gRPC server stops, by force once ctx is over. It returns when
// all goroutines have ended, with the cause of ctx if that came first. It may be
// called more than once.
func (s *Server) Shutdown(ctx context.Context) error {
	s.lifetime.close()
	s.health.Shutdown()
	s.connects.close()
	s.settleDown(ctx)
	s.endStreams(errShutdown)
	s.stopGRPC(ctx)
	s.routes.each(func(g *group) { g.Close() })
	s.done.Wait()
	return context.Cause(ctx)
}

// settleDown waits until nothing is parked or unsettled where somebody could settle
// it.
func (s *Server) settleDown(ctx context.Context) {
	grace := time.NewTimer(settleGrace)
	defer grace.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		busy := false
		s.routes.each(func(g *group) { busy = busy || (g.Absent(time.Now()) == 0 && !g.Quiet()) })
		if !busy {
			return
		}
		select {
		case <-look.C:
		case <-grace.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// stopGRPC stops the gRPC server: in order while there is time, then by force.
func (s *Server) stopGRPC(ctx context.Context) {
	if s.grpc == nil {
		return
	}
	// GracefulStop alone would wait for a stuck call for ever.
	stopped := make(chan struct{})
	s.done.Go(func() {
		s.grpc.GracefulStop()
		close(stopped)
	})
	select {
	case <-stopped:
	case <-ctx.Done():
		s.grpc.Stop()
		<-stopped
	}
}
