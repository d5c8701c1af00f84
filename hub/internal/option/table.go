package option

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/internal/deflate"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// The parser's own limits.
var packet = siopacket.DefaultLimits()

// What the option Parser may be.
const (
	ParserJSON    = "json"
	ParserMsgpack = "msgpack"
	ParserBoth    = "both"
)

// What the option RecoveryPersist may be.
const (
	PersistOnStop   = "on_stop"
	PersistOnChange = "on_change"
)

// The options of Socket.IO, as the reference has them.
var (
	Path           = add("path", "/socket.io/", "a path that starts with /, without ? and #", isPath)
	PingInterval   = duration("ping_interval", 25*time.Second, 10*time.Millisecond, time.Hour)
	PingTimeout    = duration("ping_timeout", 20*time.Second, 10*time.Millisecond, time.Hour)
	UpgradeTimeout = duration("upgrade_timeout", 10*time.Second, 10*time.Millisecond, time.Hour)
	ConnectTimeout = duration("connect_timeout", 45*time.Second, 10*time.Millisecond, time.Hour)
	MaxPayload     = bytes[int64]("max_payload", 1_000_000, 1024, 64<<20)
	Parser         = add("parser", ParserJSON, "one of json, msgpack, both", func(s string) bool {
		return slices.Contains([]string{ParserJSON, ParserMsgpack, ParserBoth}, s)
	})
	Transports = add("transports", []string{"polling", "websocket"}, "one or more of polling, websocket, webtransport", areTransports)

	HTTPCompressionEnabled     = yesNo("http_compression.enabled", true)
	HTTPCompressionThreshold   = bytes("http_compression.threshold", 1024, 1, 64<<20)
	PerMessageDeflateEnabled   = yesNo("per_message_deflate.enabled", false)
	PerMessageDeflateThreshold = bytes("per_message_deflate.threshold", 1024, 1, 64<<20)

	// Levels are those of zlib. Polling answers have its default, as in the reference; a WebSocket's messages, which are
	// more and smaller, the fastest.
	HTTPCompressionLevel   = count("http_compression.level", 6, 1, 9)
	PerMessageDeflateLevel = count("per_message_deflate.level", 1, 1, 9)
	// PerMessageDeflateWindowBits is the power of two that the window is.
	PerMessageDeflateWindowBits = count("per_message_deflate.window_bits", deflate.MaxWindowBits, deflate.MinWindowBits, deflate.MaxWindowBits)
)

// Switches that are fields of hub.Config turned round or as they are: false there is the default here.
var (
	_ = yesNo("add_trailing_slash", true)
	_ = yesNo("allow_upgrades", true)
	_ = yesNo("serve_client", true)
	_ = yesNo("allow_eio3", false)
	_ = yesNo("allow_v09", false)
	_ = yesNo("cookie.enabled", false)
	_ = yesNo("cookie.http_only", true)
	_ = yesNo("cookie.secure", false)
	_ = yesNo("cookie.partitioned", false)
	_ = yesNo("cors.credentials", false)
)

// Requests on the listener for browsers.
var (
	// HeaderBytes are those of the request line and the headers together.
	HeaderBytes   = bytes("http.header_bytes", 16<<10, 8<<10, 1<<20)
	HeaderTimeout = duration("http.header_timeout", 10*time.Second, 100*time.Millisecond, 10*time.Minute)
	IdleTimeout   = duration("http.idle_timeout", 75*time.Second, 100*time.Millisecond, time.Hour)
	// Of connections of QUIC, each with one session at most.
	_ = count("http.webtransport_connections", 5_000, 1, 1_000_000)
	// TrustedProxies may say whom they speak for.
	TrustedProxies = list("http.trusted_proxies", nil, "IP addresses, and networks such as 10.0.0.0/8", isNetwork)
	// ForwardedHeader is where they say it.
	ForwardedHeader = add("http.forwarded_header", ForwardedX, "one of x-forwarded-for, forwarded", func(s string) bool {
		return slices.Contains([]string{ForwardedX, ForwardedStandard}, s)
	})
)

// What the option ForwardedHeader may be.
const (
	ForwardedX        = "x-forwarded-for" // and X-Forwarded-Proto and -Host with it
	ForwardedStandard = "forwarded"       // RFC 7239
)

// The session cookie.
var (
	CookieName = add("cookie.name", "io", "a cookie name: letters, digits and !#$%&'*+-.^_`|~", IsToken)
	// CookiePath is left out where it is empty.
	CookiePath = add("cookie.path", "/", "a path that starts with /, or empty for none", isCookiePath)
	// CookieDomain is left out where it is empty.
	CookieDomain   = add("cookie.domain", "", "a domain, or empty for none", isCookieDomain)
	CookieSameSite = add("cookie.same_site", "lax", "one of lax, strict, none", func(s string) bool {
		return slices.Contains([]string{"lax", "strict", "none"}, s)
	})
	// CookieMaxAge is left out where it is zero.
	CookieMaxAge = duration("cookie.max_age", 0, 0, 400*24*time.Hour)
)

// Pages of other origins.
var (
	CORSOrigins        = list("cors.origins", nil, "scheme://host or scheme://host:port each, https://*.example.com, file://, or * for every origin", isOriginPattern)
	CORSMethods        = add("cors.methods", []string{"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"}, "one or more HTTP methods", areTokens)
	CORSAllowedHeaders = list("cors.allowed_headers", nil, "header names", IsToken)
	CORSExposedHeaders = list("cors.exposed_headers", nil, "header names", IsToken)
	// CORSMaxAge is left out where it is zero.
	CORSMaxAge = duration("cors.max_age", 0, 0, 24*time.Hour)
)

// The limits towards browsers.
var (
	// Requests that are passed on to one other hub at a time: each polling browser of its sessions has one nearly all the time.
	RelayRequests   = count("cluster.relay.requests", 4096, 1, 1_000_000)
	RelayWebSockets = count("cluster.relay.websockets", 100_000, 1, 10_000_000)
	// MaxSessions of zero means no limit but memory.
	MaxSessions       = count("limits.max_sessions", 200_000, 0, 10_000_000)
	Compressors       = count("limits.compressors", 16, 1, 100_000)
	OutboxBytes       = bytes[int64]("limits.outbox_bytes", 32<<20, 16<<10, 1<<30)
	OutboxTotalBytes  = bytes[int64]("limits.outbox_total_bytes", 512<<20, 1<<20, 1<<40)
	PacketsPerPayload = count("limits.packets_per_payload", 65_536, 1, 1_000_000)
	Headers           = count("limits.headers", 100, 16, 10_000)
	QueryBytes        = bytes("limits.query_bytes", 4096, 256, 64<<10)
	HandshakeBytes    = bytes("limits.handshake_bytes", 4096, 256, 1<<20)
	HandshakeHeaders  = add("limits.handshake_headers", []string{
		"User-Agent", "Origin", "Referer", "Accept-Language", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
		"X-Forwarded-Proto", "X-Real-Ip", "X-Request-Id", "Traceparent", "Tracestate", "Cookie",
	}, "one or more header names", areTokens)
	UnfinishedBytes = bytes[int64]("limits.unfinished_bytes", 256<<20, 1<<20, 1<<40)
	UnfinishedTime  = duration("limits.unfinished_time", 30*time.Second, time.Second, time.Hour)
	BodyPace        = bytes("limits.body_pace", 1024, 1, 1<<30)

	EventBytes     = bytes[int64]("limits.event_bytes", 3<<20, 1024, 63<<20)
	Attachments    = count("limits.attachments", packet.Attachments, 1, 64)
	Depth          = count("limits.depth", packet.Depth, 1, siopacket.MaxDepth)
	Arguments      = count("limits.arguments", packet.Arguments, 1, 1_000_000)
	EventNameBytes = bytes("limits.event_name_bytes", packet.NameBytes, 16, 4096)
	Namespaces     = count("limits.namespaces_per_client", 16, 1, 10_000)
	Rooms          = count("limits.rooms_per_socket", 1024, 1, 1_000_000)
	PendingAcks    = count("limits.pending_acks_per_socket", 256, 1, 1_000_000)
	NamespaceBytes = bytes("limits.namespace_bytes", 256, 16, 4096)
	RoomBytes      = bytes("limits.room_bytes", 256, 16, 4096)
	AuthBytes      = bytes("limits.auth_bytes", packet.AuthBytes, 1, 1<<20)
	DataBytes      = bytes("limits.data_bytes", 64<<10, 1, 16<<20)
	Undecided      = count("limits.undecided", 10_000, 1, 10_000_000)
	UndecidedBytes = bytes[int64]("limits.undecided_bytes", 64<<20, 64<<10, 64<<30)
)

// What is kept for browsers that are away.
var (
	_                    = yesNo("recovery.enabled", false)
	RecoveryMaxDuration  = duration("recovery.max_duration", 2*time.Minute, 100*time.Millisecond, time.Hour)
	RecoverySessions     = count("recovery.sessions", 100_000, 1, 10_000_000)
	RecoverySessionBytes = bytes[int64]("recovery.session_bytes", 128<<10, 2<<10, 1<<30)
	RecoveryLogBytes     = bytes[int64]("recovery.log_bytes", 16<<20, 64<<10, 64<<30)
	RecoveryTotalBytes   = bytes[int64]("recovery.total_bytes", 128<<20, 1<<20, 1<<40)
	RecoveryPersist      = add("recovery.persist", PersistOnStop, "one of on_stop, on_change", func(s string) bool {
		return s == PersistOnStop || s == PersistOnChange
	})
)

// The rates of browsers. Zero means no limit.
var (
	RateMessages        = number[int64]("rates.messages", 5000, 0, 1_000_000, "")
	RateBytes           = bytes[int64]("rates.bytes", 8<<20, 0, 1<<40)
	RateAhead           = duration("rates.ahead", 2*time.Second, time.Millisecond, time.Hour)
	RateUserMessages    = number[int64]("rates.user_messages", 20_000, 0, 10_000_000, "")
	RateUserBytes       = bytes[int64]("rates.user_bytes", 32<<20, 0, 1<<40)
	RateHandshakes      = count("rates.handshakes", 100, 0, 1_000_000)
	RateHandshakeBurst  = count("rates.handshake_burst", 2000, 1, 1_000_000)
	RateConnections     = count("rates.connections", 300, 0, 1_000_000)
	RateConnectionBurst = count("rates.connection_burst", 6000, 1, 10_000_000)
	RateOpenConnections = count("rates.open_connections", 20_000, 0, 10_000_000)
	RateUnknownSessions = count("rates.unknown_sessions", 100, 0, 1_000_000)
	RateUnjoined        = count("rates.unjoined", 2000, 0, 1_000_000)
	_                   = yesNo("rates.private_addresses", false)
	RateMemoryPercent   = count("rates.memory_percent", 85, 0, 100)
)

func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.ContainsAny(s, "?#% \t\r\n\x00") && !strings.Contains(s, "//")
}

// areTransports takes a list with at least one member and none twice.
func areTransports(items []string) bool {
	sorted := slices.Sorted(slices.Values(items))
	return len(items) > 0 && len(slices.Compact(sorted)) == len(items) &&
		!slices.ContainsFunc(items, func(s string) bool { return s != "polling" && s != "websocket" && s != "webtransport" })
}

// IsToken reports whether the text is an RFC 9110 token.
func IsToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

func areTokens(items []string) bool {
	return len(items) > 0 && !slices.ContainsFunc(items, func(s string) bool { return !IsToken(s) })
}

// Network reads an address, which is a network of one, or a network.
func Network(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return a.Prefix(a.BitLen())
	}
	n, err := netip.ParsePrefix(s)
	return n.Masked(), err
}

func isNetwork(s string) bool {
	_, err := Network(s)
	return err == nil
}

func isCookiePath(s string) bool {
	return s == "" || strings.HasPrefix(s, "/") && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ';' || r == ',' })
}

func isCookieDomain(s string) bool {
	c := http.Cookie{Name: "x", Domain: s}
	return s == "" || c.Valid() == nil
}
