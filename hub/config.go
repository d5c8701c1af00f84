package hub

import (
	"log/slog"
	"time"

	"github.com/siohub/siohub/hub/internal/option"
)

// Config says how a Hub behaves. Only Application is required; every other zero value means the
// default. Each field names its key in the configuration file, which errors name too.
type Config struct {
	// Application hears what browsers do. Required.
	Application Application

	// Path is the URL prefix of the Socket.IO endpoint. Default "/socket.io/". Key: path.
	Path string
	// NoTrailingSlash matches the path also without its final slash, as the reference does with
	// addTrailingSlash: false. Key: add_trailing_slash.
	NoTrailingSlash bool
	// Upgrade says whether and how a polling session becomes a WebSocket.
	Upgrade Upgrade

	// Protocol says over what, and in which forms, browsers may speak.
	Protocol Protocol

	// Heartbeat is the rhythm in which dead browsers are noticed.
	Heartbeat Heartbeat
	// ConnectTimeout is the time in which a browser has to join its first namespace. Default 45 s.
	// Key: connect_timeout.
	ConnectTimeout time.Duration
	// MaxPayload bounds one polling body and one WebSocket message, in bytes. Default 1 000 000.
	// Key: max_payload.
	MaxPayload int64

	// Cookie is set on handshakes. Nil sets none. Key: cookie.
	Cookie *Cookie
	// CORS says which foreign pages may come in. Key: cors.
	CORS CORS
	// Compress says what is compressed.
	Compress Compress
	// Proxies are those in front of the hub.
	Proxies Proxies
	// Handshakes says which are refused, and what all answers have.
	Handshakes Handshakes

	// Client says which files of socket.io-client are served below Path.
	Client ClientFiles

	// Private are namespaces that no pattern stands for: what is emitted to all namespaces, or to all below one, here or at another
	// hub, does not reach them. Default none.
	Private []string
	// Recovery lets browsers whose connection broke come back as if they had never been away. Key: recovery.
	Recovery Recovery
	// Limits bound what browsers and services can make the hub hold. Key: limits.
	Limits Limits
	// Rates bound how fast browsers may be. Key: rates.
	Rates Rates
	// Cluster says how the hub finds others. Key: cluster.
	Cluster ClusterConfig
	// Logger takes the hub's log. Nil means slog.Default.
	Logger *slog.Logger
	// Trace is told what happens inside, for metrics and tests. Nil means nobody looks.
	Trace *Trace
}

// Protocol says over what, and in which forms, browsers may speak.
type Protocol struct {
	// Transports are those a browser may use, of "polling", "websocket" and "webtransport". Default the first two. The third wants a server
	// of HTTP/3, which calls Hub.ServeWebTransport.
	// Key: transports.
	Transports []string
	// Parser is the form of packets: "json" (default), "msgpack" for clients that use socket.io-msgpack-parser, or
	// "both": then the first packet of a session says which one it has. The application sees JSON and attachments
	// either way. Key: parser.
	Parser string
	// AllowEIO3 lets Socket.IO clients 1 and 2 in, which speak Engine.IO 3. They take the id of their session for
	// their socket id, so there it is no secret: whoever is told a socket id of theirs can poll, and post, in its place,
	// as long as the session is on polling; one on a WebSocket nobody else can get at. They speak JSON alone, and not
	// with Parser "msgpack". Default: they are refused. Key: allow_eio3.
	AllowEIO3 bool
	// AllowV09 lets Socket.IO clients 0.9 in, which are older than Engine.IO, over WebSocket and polling. They have no binary: what is
	// emitted to them with attachments is dropped, counted and logged. They speak JSON alone, and not with Parser "msgpack".
	// Default: they are refused. Key: allow_v09.
	AllowV09 bool
}

// Proxies says which proxies are believed about whom they speak for, and where they say it.
type Proxies struct {
	// Trusted are addresses and networks (CIDR). Of a request that comes from one the browser's address is the last one
	// in Header that is not among them, and the host that it asked for, and whether by TLS, is what the proxy says. Of any
	// other the address is the peer's; such headers are removed from its handshake, counted and logged. Default none.
	// Key: http.trusted_proxies.
	Trusted []string
	// Header is the one that is read: "x-forwarded-for" (default), with X-Forwarded-Host and X-Forwarded-Proto, or
	// "forwarded" (RFC 7239). What a browser writes into the other one is not believed. Key: http.forwarded_header.
	Header string
}

// Upgrade says whether and how a polling session becomes a WebSocket.
//
// Spec: engine.io-protocol v4, Upgrade.
type Upgrade struct {
	// Disabled keeps a polling session on polling. Key: allow_upgrades.
	Disabled bool
	// Timeout is the time from a browser's upgrade request to its end. Default 10 s. Key: upgrade_timeout.
	Timeout time.Duration
}

// ClientFiles says which files of socket.io-client are served.
type ClientFiles struct {
	// Disabled serves none. Key: serve_client.
	Disabled bool
	// Dir is a directory with the files; empty means the ones in the program. Key: client_dir.
	Dir string
}

// Heartbeat is the rhythm of pings.
//
// Spec: engine.io-protocol v4, Heartbeat.
type Heartbeat struct {
	// Interval is the time from one ping to the next, which are the hub's but for Socket.IO clients 1 and 2. Default 25 s. Key: ping_interval.
	Interval time.Duration
	// Timeout is the time a browser has to answer, or beyond Interval to send its ping. Default 20 s. Key: ping_timeout.
	Timeout time.Duration
}

// Cookie is the cookie that carries the session id, so that a load balancer can be sticky.
type Cookie struct {
	// Name defaults to "io". Key: cookie.name.
	Name string
	// Path defaults to "/"; NoPath leaves the attribute out. Key: cookie.path.
	Path   string
	NoPath bool
	// Domain is left out when empty. Key: cookie.domain.
	Domain string
	// MaxAge is left out when zero. Key: cookie.max_age.
	MaxAge time.Duration
	// SameSite is "lax" (default), "strict" or "none". Key: cookie.same_site.
	SameSite string
	// Secure and Partitioned are the attributes of that name. Keys: cookie.secure, cookie.partitioned.
	Secure, Partitioned bool
	// NotHTTPOnly leaves out HttpOnly. Key: cookie.not_http_only.
	NotHTTPOnly bool
}

// CORS says which foreign pages may talk to the hub. One rule holds for every transport.
type CORS struct {
	// Origins are such as "https://chat.example.com", "https://*.example.com" (all names below it, but not itself),
	// "file://", an app's "capacitor://localhost", or "*". Default ports may be left out, other alphabets be written as they
	// are. Empty: only pages of the same host. Requests without an Origin header are always allowed, `null` only by "*".
	// Key: cors.origins.
	Origins []string
	// Credentials allows cookies; not together with "*". Key: cors.credentials.
	Credentials bool
	// Methods are named by preflights. Default GET, HEAD, PUT, PATCH, POST, DELETE. Key: cors.methods.
	Methods []string
	// AllowedHeaders default to what the browser asks for. Key: cors.allowed_headers.
	AllowedHeaders []string
	// ExposedHeaders default to none. Key: cors.exposed_headers.
	ExposedHeaders []string
	// MaxAge lets browsers remember the answer. Zero leaves it to them. Key: cors.max_age.
	MaxAge time.Duration
}

// Compress says what is compressed.
type Compress struct {
	// HTTP compresses polling answers. Default on, from 1024 bytes. Key: http_compression.
	HTTP Compression
	// Messages compresses WebSocket messages (permessage-deflate). Default off. Key: per_message_deflate.
	Messages Deflate
}

// Compression switches a compression on or off.
type Compression struct {
	// Enabled overrides the default when not nil. Key: <name>.enabled.
	Enabled *bool
	// Threshold is the size in bytes from which it is used. Default 1024. Key: <name>.threshold.
	Threshold int
	// Level is 1 (fastest) to 9 (smallest). Default 6. Key: <name>.level.
	Level int
}

// Deflate switches permessage-deflate on or off.
//
// Spec: RFC 7692.
type Deflate struct {
	// Enabled overrides the default when not nil. Key: per_message_deflate.enabled.
	Enabled *bool
	// Threshold is the size in bytes from which a message is compressed. Default 1024. Key: per_message_deflate.threshold.
	Threshold int
	// Level is 1 (fastest) to 9 (smallest). Default 1. With a smaller window than the largest it has no effect.
	// Key: per_message_deflate.level.
	Level int
	// WindowBits is the largest window, as the power of two, in which the hub looks for repetitions: 8 to 15. Default 15.
	// A browser may ask for a smaller one. Key: per_message_deflate.window_bits.
	WindowBits int
}

// Recovery says what is kept for browsers that are away: their sessions, with rooms and data, and what they miss. What
// has been there longest goes first where a bound is reached; whoever needs it begins anew then.
type Recovery struct {
	// Enabled switches it on. Every event without an acknowledgement then has an offset as last argument at the
	// browsers, as in the reference. Key: recovery.enabled.
	Enabled bool
	// MaxDuration is how long a browser may be away. Default 2 min. Key: recovery.max_duration.
	MaxDuration time.Duration
	// Sessions is how many may be away. Default 100 000. Key: recovery.sessions.
	Sessions int
	// SessionBytes is what rooms and data of one may take. Default 128 KiB. Beyond it the session is not kept.
	// Key: recovery.session_bytes.
	SessionBytes int64
	// LogBytes is what is kept of what was emitted in one namespace. Default 16 MiB. Key: recovery.log_bytes.
	LogBytes int64
	// TotalBytes is what all takes: half of it sessions, half of it what was emitted. Default 128 MiB.
	// Key: recovery.total_bytes.
	TotalBytes int64
	// Persist says when sessions are kept for other hubs, where the engine of the cluster keeps what was published: PersistOnStop
	// (default) as the hub ends, PersistOnChange also as they change, for the time after a hub that was killed. Key:
	// recovery.persist.
	Persist string
	// Without are namespaces for which nothing is kept: their browsers always begin anew.
	Without []string
}

// Values of Recovery.Persist.
const (
	PersistOnStop   = option.PersistOnStop
	PersistOnChange = option.PersistOnChange
)

// ConfigError is a setting that cannot be. New returns it before anything is started.
type ConfigError struct {
	// Key is the setting, as in the configuration file: ping_interval.
	Key string
	// Value is what was given.
	Value any
	// Allowed says what would be accepted.
	Allowed string
}
