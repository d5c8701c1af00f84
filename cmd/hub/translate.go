package main

import (
	"log/slog"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
)

// hubConfig says to the hub what the configuration says.
func hubConfig(c *config.Config, app hub.Application, logger *slog.Logger, trace *hub.Trace) hub.Config {
	h := c.Hub()
	h.Application, h.Logger, h.Trace = app, logger, trace
	return h
}

// controlConfig says to the control plane what the configuration says.
func controlConfig(c *config.Config) controlplane.Config {
	p, s := c.Parking, c.Control.Stream
	return controlplane.Config{
		HubVersion: hubVersion(), Namespaces: c.Namespaces, StartGrace: orNone(c.StartGrace),
		Connect: controlplane.ConnectConfig{
			Try: c.Control.Connect.Try,
		},
		Window: controlplane.WindowConfig{
			MaxDeliveries: uint32(c.Control.Window.MaxDeliveries), MaxBytes: uint64(c.Control.Window.MaxBytes),
			Commands: uint32(c.Control.Window.Commands),
		},
		Parking: controlplane.ParkingConfig{
			SocketEvents: p.SocketEvents, SocketBytes: p.SocketBytes, GroupBytes: p.GroupBytes,
			NodeBytes: p.NodeBytes, Age: p.Age, Lifecycle: p.Lifecycle,
		},
		Stream: controlplane.StreamConfig{
			HelloTimeout: s.HelloTimeout, Heartbeat: s.Heartbeat, SendTimeout: s.SendTimeout,
			FailoverDelay: orNone(s.FailoverDelay), Suspend: s.Suspend, MaxInstances: s.MaxInstances, MaxCalls: uint32(s.MaxCalls),
		},
	}
}

// orNone turns a configured 0, which means none, into what the control plane
// takes for none; its own 0 means the default.
func orNone(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}
