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
	s := c.SocketIO
	return hub.Config{
		Application: app, Logger: logger, Trace: trace,
		Path: s.Path, NoTrailingSlash: !s.AddTrailingSlash,
		Transports: s.Transports, DisableUpgrades: !s.AllowUpgrades,
		Heartbeat:      hub.Heartbeat{Interval: s.PingInterval, Timeout: s.PingTimeout},
		UpgradeTimeout: s.UpgradeTimeout, ConnectTimeout: s.ConnectTimeout, MaxPayload: s.MaxPayload,
		ClientDir: s.ClientDir, NoClient: !s.ServeClient,
		Cookie: hubCookie(c.Cookie),
		CORS: hub.CORS{
			Origins: c.CORS.Origins, Credentials: c.CORS.Credentials, Methods: c.CORS.Methods,
			AllowedHeaders: c.CORS.AllowedHeaders, ExposedHeaders: c.CORS.ExposedHeaders, MaxAge: c.CORS.MaxAge,
		},
		HTTPCompression:   hubCompression(c.HTTPCompression),
		PerMessageDeflate: hubCompression(c.PerMessageDeflate),
		Limits:            hubLimits(c.Limits),
		Rates:             hubRates(c.Rates),
	}
}

func hubCookie(c config.Cookie) *hub.Cookie {
	if !c.Enabled {
		return nil
	}
	return &hub.Cookie{
		Name: c.Name, Path: c.Path, Domain: c.Domain, MaxAge: c.MaxAge, SameSite: c.SameSite,
		Secure: c.Secure, Partitioned: c.Partitioned, NotHTTPOnly: !c.HTTPOnly,
	}
}

func hubCompression(c config.Compression) hub.Compression {
	return hub.Compression{Enabled: &c.Enabled, Threshold: c.Threshold}
}

func hubLimits(l config.Limits) hub.Limits {
	return hub.Limits{
		MaxSessions: l.MaxSessions, OutboxPackets: l.OutboxPackets, OutboxBytes: l.OutboxBytes,
		PacketsPerPayload: l.PacketsPerPayload, EventBytes: l.EventBytes, Attachments: l.Attachments,
		Depth: l.Depth, Arguments: l.Arguments, NamespacesPerClient: l.NamespacesPerClient,
		RoomsPerSocket: l.RoomsPerSocket, PendingAcksPerSocket: l.PendingAcksPerSocket,
		NamespaceBytes: l.NamespaceBytes, RoomBytes: l.RoomBytes, EventNameBytes: l.EventNameBytes, DataBytes: l.DataBytes,
		AuthBytes: l.AuthBytes, Undecided: l.Undecided, UndecidedBytes: l.UndecidedBytes,
		Headers: l.Headers, QueryBytes: l.QueryBytes,
		UnfinishedBytes: l.UnfinishedBytes, UnfinishedTime: l.UnfinishedTime, BodyPace: l.BodyPace,
	}
}

// hubRates turns a configured 0, which means no limit, into what the hub takes for that.
func hubRates(r config.Rates) hub.Rates {
	return hub.Rates{
		Messages: orOff(r.Messages), Bytes: orOff(r.Bytes), Ahead: r.Ahead,
		Handshakes: orOff(r.Handshakes), HandshakeBurst: r.HandshakeBurst, Unjoined: orOff(r.Unjoined),
		PrivateAddresses: r.PrivateAddresses, MemoryPercent: orOff(r.MemoryPercent),
	}
}

func orOff[T int | int64](n T) T {
	if n == 0 {
		return -1
	}
	return n
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
