package hub

import (
	"net/http"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/origin"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/hub/internal/socketio"
)

var sameSite = map[string]http.SameSite{
	"lax":    http.SameSiteLaxMode,
	"strict": http.SameSiteStrictMode,
	"none":   http.SameSiteNoneMode,
}

// packet are the limits of the decoder.
func (l Limits) packet() siopacket.Limits {
	return siopacket.Limits{
		Attachments: l.Event.Attachments, Depth: l.Event.Depth, Arguments: l.Event.Arguments, NameBytes: l.Event.NameBytes,
		AuthBytes: l.AuthBytes,
	}
}

// sockets is the configuration of the Socket.IO side.
func (c Config) sockets(json *siopacket.JSON, app socketio.Application) socketio.Config {
	room, crowded := keeping(c.Application)
	return socketio.Config{
		Room:           room,
		Crowded:        crowded,
		DecidedBy:      decidedBy(c.Application),
		Application:    app,
		Watcher:        watch(c.Application).sockets(),
		ConnectTimeout: c.ConnectTimeout,
		Limits: socketio.Limits{
			Packet: c.Limits.packet(), EventBytes: c.Limits.Event.Bytes,
			Namespaces: c.Limits.NamespacesPerClient, Rooms: c.Limits.RoomsPerSocket,
			PendingAcks: c.Limits.PendingAcksPerSocket, NamespaceBytes: c.Limits.NamespaceBytes,
			AuthBytes: c.Limits.AuthBytes, Undecided: c.Limits.Undecided.Attempts, UndecidedBytes: c.Limits.Undecided.Bytes,
		},
		Parsers: c.parsers(json),
		Recovery: socketio.Recovering{
			Enabled: c.Recovery.Enabled, MaxDuration: c.Recovery.MaxDuration, Detection: c.Heartbeat.Interval + c.Heartbeat.Timeout,
			Sessions: c.Recovery.Sessions, SessionBytes: c.Recovery.SessionBytes, LogBytes: c.Recovery.LogBytes,
			TotalBytes: c.Recovery.TotalBytes, Without: c.Recovery.Without,
		},
		Private: c.Private,
		Logger:  c.Logger,
		Trace:   c.Trace.sockets(),
	}
}

// keeping is an application as a Keeper, if it is one.
func keeping(a Application) (room func(namespace, event string) engineio.Room, crowded func() bool) {
	keeper, ok := a.(Keeper)
	if !ok {
		return nil, nil
	}
	return func(namespace, event string) engineio.Room {
		if r := keeper.Room(namespace, event); r != nil {
			return r
		}
		return nil
	}, keeper.Crowded
}

// decidedBy is that of an application, if it is a Decider.
func decidedBy(a Application) func(namespace string) string {
	if decider, ok := a.(Decider); ok {
		return decider.DecidedBy
	}
	return nil
}

// parsers are the forms of packets that are spoken.
func (c Config) parsers(json *siopacket.JSON) (p socketio.Parsers) {
	if c.Protocol.Parser != option.ParserMsgpack {
		p.Text = json
	}
	if c.Protocol.Parser != option.ParserJSON {
		p.Binary = msgpacket.New(c.Limits.packet(), c.Limits.Event.Bytes)
	}
	return p
}

// engine is the configuration of the Engine.IO side.
func (c Config) engine(sockets *socketio.Server) engineio.Config {
	return engineio.Config{
		Path:              c.Path,
		NoTrailingSlash:   c.NoTrailingSlash,
		Heartbeat:         engineio.HeartbeatConfig(c.Heartbeat),
		MaxPayload:        c.MaxPayload,
		Transports:        c.Protocol.Transports,
		AllowRevision3:    c.Protocol.AllowEIO3,
		Upgrade:           engineio.UpgradeConfig(c.Upgrade),
		Cookie:            c.Cookie.engine(),
		CORS:              origin.Config(c.CORS),
		HTTPCompression:   engineio.CompressionConfig(c.Compress.HTTP),
		PerMessageDeflate: engineio.DeflateConfig(c.Compress.Messages),
		Proxies:           engineio.ProxiesConfig(c.Proxies),
		Handshakes: engineio.HandshakesConfig{
			Rules: c.Handshakes.set(), AllowRequest: c.Handshakes.AllowRequest, Headers: c.Handshakes.Headers, AllHeaders: c.Handshakes.AllHeaders,
			OnRefused: watch(c.Application).engine(),
		},
		Limits: engineio.Limits{
			MaxSessions: max(c.Limits.MaxSessions, 0), Compressors: c.Limits.Compressors, OutboxBytes: c.Limits.Outbox.Bytes,
			OutboxTotalBytes:  c.Limits.Outbox.TotalBytes,
			PacketsPerPayload: c.Limits.Request.PacketsPerPayload, Headers: c.Limits.Request.Headers, QueryBytes: c.Limits.Request.QueryBytes,
			HandshakeBytes: c.Limits.Request.HandshakeBytes, HandshakeHeaders: c.Limits.Request.HandshakeHeaders,
			UnfinishedBytes: c.Limits.Unfinished.Bytes, UnfinishedTime: c.Limits.Unfinished.Time, BodyPace: c.Limits.Request.BodyPace,
		},
		Rates:     engineio.Rates(c.Rates),
		OnSession: sockets.Open,
		Rooms:     sockets.Rooms(),
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
