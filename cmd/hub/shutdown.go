package main

import (
	"context"
	"time"
)

// shutdown ends the node in order:
//
//	readyz says no         a load balancer sends nobody any more; health of gRPC too
//	services               are told, with the time at which all is over
//	shutdown.delay         all goes on, until every load balancer has noticed
//	browsers               who comes is sent away; all leave in waves over shutdown.spread
//	browser listener       takes no connection any more
//	hub                    whoever is left leaves: `server shutting down`; polls for other hubs are answered
//	listener for hubs      takes nothing that others pass on any more
//	control plane          services hear of it, settle, and their streams end
//	admin listener         last, so that the end can be watched
//
// It takes at most shutdown_timeout. What has not ended by then is cut off and
// logged; it is no error, or one slow browser could make every end a failure.
func (n *node) shutdown() {
	n.setNotReady("shutting down")
	s := n.config.Shutdown
	total := s.Timeout
	deadline := time.Now().Add(total)
	n.logger.Info("shutting down", "timeout", total, "delay", s.Delay, "spread", s.Spread, "sessions", n.hub.Stats().Sessions)
	n.control.Drain("the hub is shutting down", deadline)
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()

	pause(ctx, s.Delay)
	n.cutOff("waves of browsers", n.hub.Drain(ctx, s.Spread))
	n.stopBrowsers(ctx, time.Until(deadline)/2) // services need the other half to hear of it
	n.cutOff("services", n.control.Shutdown(ctx))
	n.cutOff("calls", n.stopGRPC(ctx))
	// A profile that somebody takes right now is not worth waiting for.
	_ = n.admin.Close()
	if n.health != nil {
		_ = n.health.Close()
	}
	n.closeListeners() // for a listener whose server never came to serve it
	n.logger.Info("shut down")
}

// pause waits, no longer than ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// stopBrowsers closes the browser listener and lets every socket leave.
func (n *node) stopBrowsers(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	// The listeners close at once, and then requests are waited for, among them held
	// polls, which the hub's own end answers.
	requests := make(chan error, 1)
	go func() { requests <- n.front.shutdown(ctx) }()
	n.cutOff("browsers", n.hub.Shutdown(ctx))
	n.cutOff("requests", <-requests)
	if n.peers != nil {
		n.cutOff("requests of other hubs", n.peers.stop(ctx))
	}
	n.front.close()
}

// cutOff says what did not end in time.
func (n *node) cutOff(what string, err error) {
	if err != nil {
		n.logger.Warn("cut off: did not end in time", "what", what, "error", err)
	}
}

// stopGRPC waits for calls that are under way, and cuts them off at the end of ctx.
func (n *node) stopGRPC(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.grpc.GracefulStop()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		n.grpc.Stop() // lets GracefulStop come back
		<-done
		return ctx.Err()
	}
}
