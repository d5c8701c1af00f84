package engineio

import (
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/origin"
	"github.com/siohub/siohub/hub/internal/rules"
	"github.com/siohub/siohub/hub/internal/unfinished"
)

// Config says how a Server behaves. Its zero value works: every zero field means the default
// written beside it, which package option has. It is not checked: hub.New does that.
//
// Spec: engine.io-protocol v4; the options are those of engine.io 6.6.
type Config struct {
	// Path is the URL prefix of the endpoint. Default "/engine.io/". Longer paths match too:
	// "/engine.io/anything" is handled. Key: path.
	Path string
	// NoTrailingSlash matches the path also without its final slash, as the reference does with
	// addTrailingSlash: false. Key: add_trailing_slash.
	NoTrailingSlash bool
	// Heartbeat is the rhythm of pings.
	Heartbeat HeartbeatConfig
	// MaxPayload bounds one polling body and one message of a WebSocket or WebTransport, in bytes. The exact figure is
	// still allowed. Default 1 000 000. Key: max_payload.
	MaxPayload int64
	// Transports are those a browser may use. Default "polling" and "websocket"; "webtransport" wants a server that calls
	// ServeWebTransport. Key: transports.
	Transports []string
	// Upgrade says whether and how a polling session moves to another transport.
	Upgrade UpgradeConfig
	// AllowRevision3 lets browsers in that speak revision 3, which Socket.IO clients 1 and 2 do. To others their session
	// id is known as socket id. Default: they are refused. Key: allow_eio3.
	AllowRevision3 bool
	// Cookie is set by handshakes. Nil sets none. Key: cookie.
	Cookie *CookieConfig
	// CORS says which pages of other hosts may talk to the server. Key: cors.
	CORS origin.Config
	// HTTPCompression compresses polling answers. Default on, from 1024 bytes.
	// Key: http_compression.
	HTTPCompression CompressionConfig
	// PerMessageDeflate compresses WebSocket messages for browsers that offer it. Default off.
	// Key: per_message_deflate.
	PerMessageDeflate DeflateConfig
	// Proxies are those in front of the server.
	Proxies ProxiesConfig
	// Handshakes says which are refused, and which headers answers have.
	Handshakes HandshakesConfig
	// Limits bound what browsers can make the server hold. Key: limits.
	Limits Limits
	// Rates bound how fast browsers may be. Key: rates.
	Rates Rates
	// OnSession is called once for each session, when it is open and before its first packet is
	// read; what it sends travels right behind the open packet. Nil (the function or its answer)
	// means that messages are dropped.
	OnSession func(*Session) Handler
	// Rooms say where messages are kept, once they are whole, until they have been acted on: while a room is full large
	// ones for it are not read on, a POST for 25 s at most. Nil means that there always is room.
	Rooms Rooms
	// Others are servers beside this one.
	Others OthersConfig
	// Logger takes the log. Nil means slog.Default.
	Logger *slog.Logger
	// Trace is told what happens inside. Nil calls nothing.
	Trace *Trace
}

// HandshakesConfig says which handshakes are refused, and which headers answers have.
type HandshakesConfig struct {
	// Rules refuse handshakes, never later requests, with code 4. They are logged once a minute at most: it is what they are for.
	Rules rules.Set
	// AllowRequest is asked after them: its error text becomes the message of code 4. It runs before a session is made. Nil allows all.
	AllowRequest func(*http.Request) error
	// Headers are added to the answer of each handshake, AllHeaders set on every answer. Nobody changes them.
	Headers, AllHeaders http.Header
	// OnRefused is called for every handshake that is refused, from the request's goroutine. It must not block.
	// Nil calls nothing.
	OnRefused func(Refusal)
}

// OthersConfig lets browsers meet any of several servers, whichever has their session. The zero value is a server that is alone.
type OthersConfig struct {
	// IDSuffix stands behind every session id, so that other servers know whose it is. Characters of base64url.
	IDSuffix string
	// Elsewhere answers requests for sessions of other servers. Nil: there are none.
	Elsewhere Elsewhere
}

// Room is where messages are kept. It must not block.
type Room = unfinished.Room

// ProxiesConfig says which proxies are believed about whom they speak for, and where they say it.
type ProxiesConfig struct {
	// Trusted are addresses and networks. Of a request that comes from one the browser's address is the last one in the
	// header that is not among them. Default none. Key: http.trusted_proxies.
	Trusted []string
	// Header is "x-forwarded-for" (default), with X-Forwarded-Host and -Proto, or "forwarded" (RFC 7239).
	// Key: http.forwarded_header.
	Header string
}

// HeartbeatConfig is the rhythm of pings.
type HeartbeatConfig struct {
	// Interval is the time from the handshake, and later from a pong, to the server's next ping. In revision 3 it is the
	// browser that pings. Default 25 s. Key: ping_interval.
	Interval time.Duration
	// Timeout is the time a browser has for its pong, in revision 3 for its ping beyond Interval. Default 20 s.
	// Key: ping_timeout.
	Timeout time.Duration
}

// UpgradeConfig says whether and how a polling session moves to another transport.
type UpgradeConfig struct {
	// Disabled announces no upgrade and refuses probes. Key: allow_upgrades.
	Disabled bool
	// Timeout is the time a probe has from its handshake to its upgrade packet, and a WebTransport session to its first packet.
	// Default 10 s. Key: upgrade_timeout.
	Timeout time.Duration
}

// CompressionConfig switches a compression on or off.
type CompressionConfig struct {
	// Enabled overrides the default when not nil.
	Enabled *bool
	// Threshold is the size in bytes from which it is used. Default 1024.
	Threshold int
	// Level is 1 (fastest) to 9 (smallest). Default 6.
	Level int
}

// DeflateConfig switches permessage-deflate on or off.
type DeflateConfig struct {
	// Enabled overrides the default when not nil.
	Enabled *bool
	// Threshold is the size in bytes from which a message is compressed. Default 1024.
	Threshold int
	// Level is 1 (fastest) to 9 (smallest). Default 1. With a window smaller than the largest it has no effect.
	Level int
	// WindowBits is the largest window, as the power of two, in which the server looks for repetitions: 8 to 15. Default
	// 15. A browser may ask for a smaller one.
	WindowBits int
}

// Limits bound what browsers can make the server hold. Each has one outcome and is counted by a
// function of Trace.
type Limits struct {
	// MaxSessions is how many sessions there may be. Zero means no limit. Beyond it handshakes get
	// 503 with Retry-After. Key: limits.max_sessions.
	MaxSessions int
	// OutboxBytes is how much may wait for one session: what waits when another message comes, which itself may have
	// any size; each counts 64 bytes more. Default 32 MiB. Beyond it the session is closed, reason `forced close`. From
	// half of it until a quarter its messages are held back, as by Session.Pause. Key: limits.outbox_bytes.
	OutboxBytes int64
	// OutboxTotalBytes is how much may wait for all sessions together; what a broadcast shares counts once. Default
	// 512 MiB. Beyond it sessions are closed, those first that have taken nothing for longest. Key: limits.outbox_total_bytes.
	OutboxTotalBytes int64
	// Compressors is how many polling answers and WebSocket messages may be compressed at the same time, each with a
	// compressor of 1.5 MiB. Default 16. What finds none free leaves uncompressed. Key: limits.compressors.
	Compressors int
	// PacketsPerPayload is how many packets one polling body may carry. Default 65 536. Beyond it
	// the session is closed, reason `parse error`. Key: limits.packets_per_payload.
	PacketsPerPayload int
	// Headers is how many header lines a request may have. Default 100. Beyond it: 431.
	// Key: limits.headers.
	Headers int
	// QueryBytes is the length of the query string. Default 4096. Beyond it: 414.
	// Key: limits.query_bytes.
	QueryBytes int
	// HandshakeBytes is how much of a handshake's URL and headers is retained once a namespace has been joined. Default
	// 4096. Of more, HandshakeHeaders stay first, each line whole or not at all; the URL always stays.
	// Key: limits.handshake_bytes.
	HandshakeBytes int
	// HandshakeHeaders are the names of these headers, in any case. Default: what says who the browser is, where it comes
	// from, and its cookies. Key: limits.handshake_headers.
	HandshakeHeaders []string
	// UnfinishedBytes is how much all browsers together may have sent of messages, bodies and events that are not
	// whole yet. Default 256 MiB: as many messages of the largest size at once, and a quarter of the memory of a
	// small machine. Beyond it whoever goes on waits for the others (it is not read further), and whoever has stood
	// still for 5 s is closed, reason `forced close`. Key: limits.unfinished_bytes.
	UnfinishedBytes int64
	// UnfinishedTime is how long one of them may make no progress. Default 30 s. Beyond it the session is
	// closed, reason `forced close`, and a POST answered with 408. Key: limits.unfinished_time.
	UnfinishedTime time.Duration
	// BodyPace is how many bytes a second of a polling body have to arrive, on average from its 10th second
	// on. Default 1024. Beyond it: 408. Key: limits.body_pace.
	BodyPace int
}

// withDefaults returns a copy in which every zero value is replaced.
func (c Config) withDefaults() Config {
	set(&c.Path, "/engine.io/")
	set(&c.Heartbeat.Interval, option.PingInterval.Default)
	set(&c.Heartbeat.Timeout, option.PingTimeout.Default)
	set(&c.Upgrade.Timeout, option.UpgradeTimeout.Default)
	set(&c.MaxPayload, option.MaxPayload.Default)
	set(&c.HTTPCompression.Threshold, option.HTTPCompressionThreshold.Default)
	set(&c.HTTPCompression.Level, option.HTTPCompressionLevel.Default)
	set(&c.PerMessageDeflate.Threshold, option.PerMessageDeflateThreshold.Default)
	set(&c.PerMessageDeflate.Level, option.PerMessageDeflateLevel.Default)
	set(&c.PerMessageDeflate.WindowBits, option.PerMessageDeflateWindowBits.Default)
	if c.HTTPCompression.Enabled == nil {
		on := option.HTTPCompressionEnabled.Default
		c.HTTPCompression.Enabled = &on
	}
	if c.PerMessageDeflate.Enabled == nil {
		on := option.PerMessageDeflateEnabled.Default
		c.PerMessageDeflate.Enabled = &on
	}
	if len(c.Transports) == 0 {
		c.Transports = option.Transports.Default
	}
	c.Cookie = c.Cookie.withDefaults()
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Trace == nil {
		c.Trace = new(Trace)
	}
	c.Limits = c.Limits.withDefaults()
	c.Rates = c.Rates.withDefaults()
	return c
}

func (l Limits) withDefaults() Limits {
	set(&l.Compressors, option.Compressors.Default)
	set(&l.OutboxBytes, option.OutboxBytes.Default)
	set(&l.OutboxTotalBytes, option.OutboxTotalBytes.Default)
	set(&l.PacketsPerPayload, option.PacketsPerPayload.Default)
	set(&l.Headers, option.Headers.Default)
	set(&l.QueryBytes, option.QueryBytes.Default)
	set(&l.HandshakeBytes, option.HandshakeBytes.Default)
	if len(l.HandshakeHeaders) == 0 {
		l.HandshakeHeaders = option.HandshakeHeaders.Default
	}
	l.HandshakeHeaders = slices.Clone(l.HandshakeHeaders)
	for i, name := range l.HandshakeHeaders {
		l.HandshakeHeaders[i] = http.CanonicalHeaderKey(name)
	}
	set(&l.UnfinishedBytes, option.UnfinishedBytes.Default)
	set(&l.UnfinishedTime, option.UnfinishedTime.Default)
	set(&l.BodyPace, option.BodyPace.Default)
	return l
}

// set gives a zero field its default.
func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
