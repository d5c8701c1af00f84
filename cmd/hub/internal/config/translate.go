package config

import (
	"time"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
)

// Hub is the part that is the hub's, in its own words. Application, Logger and Trace
// are missing.
func (c *Config) Hub() hub.Config {
	s := c.SocketIO
	h := hub.Config{
		Path: s.Path, NoTrailingSlash: !s.AddTrailingSlash,
		Protocol:       hub.Protocol{Transports: s.Transports, Parser: s.Parser, AllowEIO3: s.AllowEIO3, AllowV09: s.AllowV09},
		Upgrade:        hub.Upgrade{Disabled: !s.AllowUpgrades, Timeout: s.UpgradeTimeout},
		Heartbeat:      hub.Heartbeat{Interval: s.PingInterval, Timeout: s.PingTimeout},
		ConnectTimeout: s.ConnectTimeout, MaxPayload: s.MaxPayload,
		Client:  hub.ClientFiles{Dir: s.ClientDir, Disabled: !s.ServeClient},
		Proxies: hub.Proxies{Trusted: c.HTTP.TrustedProxies, Header: c.HTTP.ForwardedHeader},
		CORS: hub.CORS{
			Origins: c.CORS.Origins, Credentials: c.CORS.Credentials, Methods: c.CORS.Methods,
			AllowedHeaders: c.CORS.AllowedHeaders, ExposedHeaders: c.CORS.ExposedHeaders, MaxAge: c.CORS.MaxAge,
		},
		Compress: hub.Compress{
			HTTP: hub.Compression{Enabled: &c.Compression.HTTP.Enabled, Threshold: c.Compression.HTTP.Threshold, Level: c.Compression.HTTP.Level},
			Messages: hub.Deflate{
				Enabled: &c.Compression.Messages.Enabled, Threshold: c.Compression.Messages.Threshold,
				Level: c.Compression.Messages.Level, WindowBits: c.Compression.Messages.WindowBits,
			},
		},
		Handshakes: hub.Handshakes{Rules: c.Handshakes.Rules, Headers: c.Handshakes.Headers, AllHeaders: c.Handshakes.AllHeaders},
		Limits:     hubLimits(c.Limits),
		Rates:      hubRates(c.Rates),
		Recovery:   c.Recovery.Recovery,
		Cluster: hub.ClusterConfig{
			PeerAddress: c.Cluster.PeerAddress(),
			Relay:       hub.Relay{Addresses: c.Cluster.Peers, Requests: c.Cluster.Relay.Requests, WebSockets: c.Cluster.Relay.WebSockets},
		},
	}
	if c.Cookie.Enabled {
		h.Cookie = hubCookie(c.Cookie)
	}
	if c.AdminUI.Enabled {
		h.Recovery.Without = []string{c.AdminUI.Namespace} // what it is told is of this moment
		h.Private = []string{c.AdminUI.Namespace}
	}
	return h
}

func hubCookie(c Cookie) *hub.Cookie {
	return &hub.Cookie{
		Name: c.Name, Path: c.Path, NoPath: c.Path == "", Domain: c.Domain, MaxAge: c.MaxAge, SameSite: c.SameSite,
		Secure: c.Secure, Partitioned: c.Partitioned, NotHTTPOnly: !c.HTTPOnly,
	}
}

// hubLimits turns a configured 0 sessions, which means no limit, into what the hub takes for that.
func hubLimits(l hub.Limits) hub.Limits {
	l.MaxSessions = orNone(l.MaxSessions)
	return l
}

// hubRates turns a configured 0, which means no limit, into what the hub takes for that.
func hubRates(r Rates) hub.Rates {
	return hub.Rates{
		Messages: orNone(r.Messages), Bytes: orNone(r.Bytes), Ahead: r.Ahead,
		UserMessages: orNone(r.UserMessages), UserBytes: orNone(r.UserBytes),
		Handshakes: orNone(r.Handshakes), HandshakeBurst: r.HandshakeBurst, Unjoined: orNone(r.Unjoined), UnknownSessions: orNone(r.UnknownSessions),
		Connections: orNone(r.Connections), ConnectionBurst: r.ConnectionBurst, OpenConnections: orNone(r.OpenConnections),
		PrivateAddresses: r.PrivateAddresses, MemoryPercent: orNone(r.MemoryPercent),
	}
}

// orNone turns a configured 0, which means none, into what the hub and the control
// plane take for none; their own 0 means the default.
func orNone[T int | int64 | time.Duration](v T) T {
	if v == 0 {
		return -1
	}
	return v
}

// ControlPlane is the part that is the control plane's, in its own words. What the program adds
// is missing.
func (c *Config) ControlPlane() controlplane.Config {
	p, s := c.Parking, c.Control.Stream
	return controlplane.Config{
		ControlAddress: c.ControlAddress(),
		Namespaces:     c.Namespaces, StartGrace: orNone(c.StartGrace), SkipAuthorizer: c.Recovery.SkipAuthorizer,
		Connect: controlplane.ConnectConfig{
			Try: c.Control.Connect.Try,
		},
		Window: controlplane.WindowConfig{
			MaxDeliveries: c.Control.Window.MaxDeliveries, MaxBytes: c.Control.Window.MaxBytes,
			TotalBytes: c.Control.Window.TotalBytes, Commands: c.Control.Window.Commands,
		},
		KeptBytes: c.Control.KeptBytes, LeastPercent: c.Control.LeastPercent,
		Parking: controlplane.ParkingConfig{
			SocketEvents: p.SocketEvents, SocketBytes: p.SocketBytes, GroupBytes: p.GroupBytes,
			NodeBytes: p.NodeBytes, Age: p.Age, Routes: p.Routes, Lifecycle: p.Lifecycle,
		},
		Stream: controlplane.StreamConfig{
			HelloTimeout: s.HelloTimeout, Heartbeat: s.Heartbeat, SendTimeout: s.SendTimeout,
			FailoverDelay: orNone(s.FailoverDelay), Suspend: s.Suspend, MaxInstances: s.MaxInstances, MaxCalls: s.MaxCalls,
		},
	}
}
