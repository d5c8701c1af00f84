package hub

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// withDefaults returns a copy in which the zero values that the hub itself needs have their meaning; those
// of its parts are theirs.
func (c Config) withDefaults() Config {
	if c.Path == "" {
		c.Path = "/socket.io/"
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 45 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Trace == nil {
		c.Trace = &Trace{}
	}
	c.Limits = c.Limits.withDefaults()
	return c
}

// withDefaults fills in the limits of Socket.IO; those of Engine.IO have their defaults there.
func (l Limits) withDefaults() Limits {
	if l.EventBytes == 0 {
		l.EventBytes = 3 << 20
	}
	if l.UndecidedBytes == 0 {
		l.UndecidedBytes = 64 << 20
	}
	for _, limit := range l.counts() {
		if *limit.value == 0 {
			*limit.value = limit.otherwise
		}
	}
	return l
}

// count is one limit of Limits.
type count struct {
	key            string
	value          *int
	otherwise, max int
}

// counts are the limits of Socket.IO that are counts, with their defaults and maxima.
func (l *Limits) counts() []count {
	const unbounded = 1 << 30
	return []count{
		{"attachments", &l.Attachments, 10, 999},
		{"depth", &l.Depth, siopacket.MaxDepth, siopacket.MaxDepth},
		{"arguments", &l.Arguments, 4096, unbounded},
		{"namespaces_per_client", &l.NamespacesPerClient, 16, unbounded},
		{"rooms_per_socket", &l.RoomsPerSocket, 1024, unbounded},
		{"pending_acks_per_socket", &l.PendingAcksPerSocket, 256, unbounded},
		{"namespace_bytes", &l.NamespaceBytes, 256, unbounded},
		{"room_bytes", &l.RoomBytes, 256, unbounded},
		{"event_name_bytes", &l.EventNameBytes, 128, unbounded},
		{"auth_bytes", &l.AuthBytes, 16 << 10, unbounded},
		{"undecided", &l.Undecided, 10_000, unbounded},
		{"data_bytes", &l.DataBytes, 64 << 10, unbounded},
	}
}

// validate checks what the hub itself needs.
func (c Config) validate() error {
	if c.Application == nil {
		return &ConfigError{Key: "application", Value: "nil", Allowed: "an Application"}
	}
	if c.ConnectTimeout < 0 {
		return &ConfigError{Key: "connect_timeout", Value: c.ConnectTimeout, Allowed: "0 (the default) or more"}
	}
	if c.Limits.EventBytes < 0 {
		return &ConfigError{Key: "limits.event_bytes", Value: c.Limits.EventBytes, Allowed: "0 (the default) or more"}
	}
	if c.Limits.UndecidedBytes < 0 {
		return &ConfigError{Key: "limits.undecided_bytes", Value: c.Limits.UndecidedBytes, Allowed: "0 (the default) or more"}
	}
	for _, limit := range c.Limits.counts() {
		if *limit.value < 0 || *limit.value > limit.max {
			allowed := fmt.Sprintf("0 (the default) to %d", limit.max)
			return &ConfigError{Key: "limits." + limit.key, Value: *limit.value, Allowed: allowed}
		}
	}
	if c.Cookie != nil {
		if _, ok := sameSite[c.Cookie.SameSite]; !ok {
			return &ConfigError{Key: "cookie.same_site", Value: c.Cookie.SameSite, Allowed: "lax, strict or none"}
		}
	}
	return nil
}

var sameSite = map[string]http.SameSite{
	"":       http.SameSiteLaxMode,
	"lax":    http.SameSiteLaxMode,
	"strict": http.SameSiteStrictMode,
	"none":   http.SameSiteNoneMode,
}

// packet are the limits of the decoder.
func (l Limits) packet() siopacket.Limits {
	return siopacket.Limits{
		Attachments: l.Attachments, Depth: l.Depth, Arguments: l.Arguments, NameBytes: l.EventNameBytes,
	}
}

// sockets is the configuration of the Socket.IO side.
func (c Config) sockets(json *siopacket.JSON, app socketio.Application) socketio.Config {
	return socketio.Config{
		Application:    app,
		Watcher:        watch(c.Application).sockets(),
		ConnectTimeout: c.ConnectTimeout,
		Limits: socketio.Limits{
			Packet: c.Limits.packet(), EventBytes: c.Limits.EventBytes,
			Namespaces: c.Limits.NamespacesPerClient, Rooms: c.Limits.RoomsPerSocket,
			PendingAcks: c.Limits.PendingAcksPerSocket, NamespaceBytes: c.Limits.NamespaceBytes,
			AuthBytes: c.Limits.AuthBytes, Undecided: c.Limits.Undecided, UndecidedBytes: c.Limits.UndecidedBytes,
		},
		Parser:  json,
		Adapter: c.Adapter,
		Logger:  c.Logger,
		Trace:   c.Trace.sockets(),
	}
}

// engine is the configuration of the Engine.IO side.
func (c Config) engine(open func(*engineio.Session) engineio.Handler) engineio.Config {
	return engineio.Config{
		Path:              c.Path,
		NoTrailingSlash:   c.NoTrailingSlash,
		PingInterval:      c.Heartbeat.Interval,
		PingTimeout:       c.Heartbeat.Timeout,
		UpgradeTimeout:    c.UpgradeTimeout,
		MaxPayload:        c.MaxPayload,
		Transports:        c.Transports,
		DisableUpgrades:   c.DisableUpgrades,
		Cookie:            c.Cookie.engine(),
		CORS:              engineio.CORSConfig(c.CORS),
		HTTPCompression:   engineio.CompressionConfig(c.HTTPCompression),
		PerMessageDeflate: engineio.CompressionConfig(c.PerMessageDeflate),
		AllowRequest:      c.AllowRequest,
		Limits: engineio.Limits{
			MaxSessions: c.Limits.MaxSessions, OutboxPackets: c.Limits.OutboxPackets, OutboxBytes: c.Limits.OutboxBytes,
			PacketsPerPayload: c.Limits.PacketsPerPayload, Headers: c.Limits.Headers, QueryBytes: c.Limits.QueryBytes,
			UnfinishedBytes: c.Limits.UnfinishedBytes, UnfinishedTime: c.Limits.UnfinishedTime, BodyPace: c.Limits.BodyPace,
		},
		Rates:     engineio.Rates(c.Rates),
		OnSession: open,
		OnRefused: watch(c.Application).engine(),
		Logger:    c.Logger,
		Trace:     c.Trace.engine(),
	}
}

func (c *Cookie) engine() *engineio.CookieConfig {
	if c == nil {
		return nil
	}
	return &engineio.CookieConfig{
		Name: c.Name, Path: c.Path, NoPath: c.NoPath, Domain: c.Domain, MaxAge: c.MaxAge,
		SameSite: sameSite[c.SameSite], Secure: c.Secure, Partitioned: c.Partitioned, NotHTTPOnly: c.NotHTTPOnly,
	}
}
