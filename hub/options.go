package hub

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"slices"

	"github.com/siohub/siohub/hub/internal/option"
	v09 "github.com/siohub/siohub/hub/internal/v09"
)

const allowEIO3Key = "allow_eio3"

// Check says whether a setting may have this value: the error is a *ConfigError, which New returns for a Config that
// has it. The key is that of the configuration file; a key that is none of the hub's is not refused. The value has the
// type of its field in Config, and its own meaning, so that a zero is a zero and not the default.
func Check(key string, value any) error {
	if key == clientDirKey {
		return checkClientDir(value)
	}
	if ok, known := option.Takes(key, value); known && !ok {
		return &ConfigError{Key: key, Value: value, Allowed: option.Allowed(key)}
	}
	return nil
}

// Default is what a setting is when nobody says anything, by its key in the configuration file: of the type that Check
// takes. Nil for a key that is none of the hub's.
func Default(key string) any {
	if key == clientDirKey {
		return ""
	}
	return option.Default(key)
}

// Allowed says in words what Check takes. Empty for a key that is none of the hub's.
func Allowed(key string) string {
	if key == clientDirKey {
		return clientDirAllowed
	}
	return option.Allowed(key)
}

// WithDefaults returns a copy in which every zero value that means a default is replaced by it. New does so first.
func (c Config) WithDefaults() Config {
	set(&c.Path, option.Path)
	set(&c.Heartbeat.Interval, option.PingInterval)
	set(&c.Heartbeat.Timeout, option.PingTimeout)
	set(&c.Upgrade.Timeout, option.UpgradeTimeout)
	set(&c.ConnectTimeout, option.ConnectTimeout)
	set(&c.MaxPayload, option.MaxPayload)
	set(&c.Protocol.Parser, option.Parser)
	set(&c.Proxies.Header, option.ForwardedHeader)
	setList(&c.Protocol.Transports, option.Transports)
	setList(&c.CORS.Methods, option.CORSMethods)
	c.Compress.fill()
	if c.Cookie != nil {
		cookie := *c.Cookie
		set(&cookie.Name, option.CookieName)
		set(&cookie.SameSite, option.CookieSameSite)
		if !cookie.NoPath {
			set(&cookie.Path, option.CookiePath)
		}
		c.Cookie = &cookie
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Trace == nil {
		c.Trace = &Trace{}
	}
	set(&c.Cluster.Relay.Requests, option.RelayRequests)
	set(&c.Cluster.Relay.WebSockets, option.RelayWebSockets)
	c.Limits.fill()
	c.Recovery.fill()
	c.Rates.fill()
	return c
}

func (c *Compress) fill() {
	if c.HTTP.Enabled == nil {
		on := option.HTTPCompressionEnabled.Default
		c.HTTP.Enabled = &on
	}
	if c.Messages.Enabled == nil {
		on := option.PerMessageDeflateEnabled.Default
		c.Messages.Enabled = &on
	}
	set(&c.HTTP.Threshold, option.HTTPCompressionThreshold)
	set(&c.HTTP.Level, option.HTTPCompressionLevel)
	set(&c.Messages.Threshold, option.PerMessageDeflateThreshold)
	set(&c.Messages.Level, option.PerMessageDeflateLevel)
	set(&c.Messages.WindowBits, option.PerMessageDeflateWindowBits)
}

func (l *Limits) fill() {
	set(&l.MaxSessions, option.MaxSessions)
	set(&l.Compressors, option.Compressors)
	set(&l.Outbox.Bytes, option.OutboxBytes)
	set(&l.Outbox.TotalBytes, option.OutboxTotalBytes)
	set(&l.Request.PacketsPerPayload, option.PacketsPerPayload)
	set(&l.Request.Headers, option.Headers)
	set(&l.Request.QueryBytes, option.QueryBytes)
	set(&l.Request.HandshakeBytes, option.HandshakeBytes)
	setList(&l.Request.HandshakeHeaders, option.HandshakeHeaders)
	set(&l.Unfinished.Bytes, option.UnfinishedBytes)
	set(&l.Unfinished.Time, option.UnfinishedTime)
	set(&l.Request.BodyPace, option.BodyPace)
	set(&l.Event.Bytes, option.EventBytes)
	set(&l.Event.Attachments, option.Attachments)
	set(&l.Event.Depth, option.Depth)
	set(&l.Event.Arguments, option.Arguments)
	set(&l.Event.NameBytes, option.EventNameBytes)
	set(&l.NamespacesPerClient, option.Namespaces)
	set(&l.RoomsPerSocket, option.Rooms)
	set(&l.PendingAcksPerSocket, option.PendingAcks)
	set(&l.NamespaceBytes, option.NamespaceBytes)
	set(&l.RoomBytes, option.RoomBytes)
	set(&l.AuthBytes, option.AuthBytes)
	set(&l.DataBytes, option.DataBytes)
	set(&l.Undecided.Attempts, option.Undecided)
	set(&l.Undecided.Bytes, option.UndecidedBytes)
}

func (r *Recovery) fill() {
	set(&r.MaxDuration, option.RecoveryMaxDuration)
	set(&r.Sessions, option.RecoverySessions)
	set(&r.SessionBytes, option.RecoverySessionBytes)
	set(&r.LogBytes, option.RecoveryLogBytes)
	set(&r.TotalBytes, option.RecoveryTotalBytes)
	set(&r.Persist, option.RecoveryPersist)
}

func (r *Rates) fill() {
	set(&r.Messages, option.RateMessages)
	set(&r.Bytes, option.RateBytes)
	set(&r.Ahead, option.RateAhead)
	set(&r.UserMessages, option.RateUserMessages)
	set(&r.UserBytes, option.RateUserBytes)
	set(&r.Handshakes, option.RateHandshakes)
	set(&r.HandshakeBurst, option.RateHandshakeBurst)
	set(&r.Connections, option.RateConnections)
	set(&r.ConnectionBurst, option.RateConnectionBurst)
	set(&r.OpenConnections, option.RateOpenConnections)
	set(&r.Unjoined, option.RateUnjoined)
	set(&r.UnknownSessions, option.RateUnknownSessions)
	set(&r.MemoryPercent, option.RateMemoryPercent)
}

// set gives a zero field its default.
func set[T comparable](field *T, o option.Option[T]) {
	var zero T
	if *field == zero {
		*field = o.Default
	}
}

func setList(field *[]string, o option.Option[[]string]) {
	if len(*field) == 0 {
		*field = slices.Clone(o.Default)
	}
}

// Problems are all settings that cannot be; New returns the first. The defaults are filled in before.
func (c Config) Problems() []*ConfigError {
	c = c.WithDefaults()
	var problems []*ConfigError
	check := func(err error) {
		if wrong, ok := err.(*ConfigError); ok { //nolint:errorlint // Check wraps nothing
			problems = append(problems, wrong)
		}
	}
	check(Check(option.Path.Key, c.Path))
	check(Check(option.PingInterval.Key, c.Heartbeat.Interval))
	check(Check(option.PingTimeout.Key, c.Heartbeat.Timeout))
	check(Check(option.UpgradeTimeout.Key, c.Upgrade.Timeout))
	check(Check(option.ConnectTimeout.Key, c.ConnectTimeout))
	check(Check(option.MaxPayload.Key, c.MaxPayload))
	check(Check(option.Parser.Key, c.Protocol.Parser))
	if c.Protocol.AllowEIO3 && c.Protocol.Parser == option.ParserMsgpack {
		// Their msgpack is another one: CONNECT, DISCONNECT and errors are JSON in it.
		check(&ConfigError{Key: allowEIO3Key, Value: true, Allowed: "false while parser is msgpack, or parser json or both"})
	}
	if c.Protocol.AllowV09 && c.Protocol.Parser == option.ParserMsgpack {
		check(&ConfigError{Key: v09.Key, Value: true, Allowed: "false while parser is msgpack, or parser json or both"})
	}
	if id, err := hex.DecodeString(c.Cluster.ID); err != nil || c.Cluster.ID != "" && len(id) != idBytes {
		check(&ConfigError{Key: "cluster.id", Value: c.Cluster.ID, Allowed: "16 hexadecimal digits, or empty"})
	}
	check(Check(option.Transports.Key, c.Protocol.Transports))
	c.Compress.problems(check)
	check(Check(option.TrustedProxies.Key, c.Proxies.Trusted))
	check(Check(option.ForwardedHeader.Key, c.Proxies.Header))
	check(Check(clientDirKey, c.Client.Dir))
	c.Handshakes.problems(check)
	c.Cookie.problems(check)
	c.CORS.problems(check)
	check(Check(option.RelayRequests.Key, c.Cluster.Relay.Requests))
	check(Check(option.RelayWebSockets.Key, c.Cluster.Relay.WebSockets))
	c.Limits.problems(check)
	c.Limits.Event.unreachable(c.MaxPayload, check)
	c.Recovery.problems(check)
	c.Rates.problems(check)
	return problems
}

func (c *Cookie) problems(check func(error)) {
	if c == nil {
		return
	}
	check(Check(option.CookieName.Key, c.Name))
	if !c.NoPath {
		check(Check(option.CookiePath.Key, c.Path))
	}
	check(Check(option.CookieDomain.Key, c.Domain))
	check(Check(option.CookieSameSite.Key, c.SameSite))
	check(Check(option.CookieMaxAge.Key, c.MaxAge))
	// Browsers throw such a cookie away.
	if c.SameSite == "none" && !c.Secure {
		check(&ConfigError{Key: option.CookieSameSite.Key, Value: c.SameSite, Allowed: "cookie.secure: true with it, or lax or strict"})
	}
	if c.Partitioned && !c.Secure {
		check(&ConfigError{Key: "cookie.partitioned", Value: true, Allowed: "cookie.secure: true with it"})
	}
}

func (c *Compress) problems(check func(error)) {
	check(Check(option.HTTPCompressionThreshold.Key, c.HTTP.Threshold))
	check(Check(option.HTTPCompressionLevel.Key, c.HTTP.Level))
	check(Check(option.PerMessageDeflateThreshold.Key, c.Messages.Threshold))
	check(Check(option.PerMessageDeflateLevel.Key, c.Messages.Level))
	check(Check(option.PerMessageDeflateWindowBits.Key, c.Messages.WindowBits))
}

func (c *CORS) problems(check func(error)) {
	check(Check(option.CORSOrigins.Key, c.Origins))
	check(Check(option.CORSMethods.Key, c.Methods))
	check(Check(option.CORSAllowedHeaders.Key, c.AllowedHeaders))
	check(Check(option.CORSExposedHeaders.Key, c.ExposedHeaders))
	check(Check(option.CORSMaxAge.Key, c.MaxAge))
	if c.Credentials && slices.Contains(c.Origins, "*") {
		check(&ConfigError{Key: "cors.credentials", Value: true, Allowed: "false while cors.origins has *, or a list of exact origins"})
	}
}

func (l *Limits) problems(check func(error)) {
	check(Check(option.MaxSessions.Key, max(l.MaxSessions, 0))) // negative means none, as a configured 0 does
	check(Check(option.Compressors.Key, l.Compressors))
	check(Check(option.OutboxBytes.Key, l.Outbox.Bytes))
	check(Check(option.OutboxTotalBytes.Key, l.Outbox.TotalBytes))
	check(Check(option.PacketsPerPayload.Key, l.Request.PacketsPerPayload))
	check(Check(option.Headers.Key, l.Request.Headers))
	check(Check(option.QueryBytes.Key, l.Request.QueryBytes))
	check(Check(option.HandshakeBytes.Key, l.Request.HandshakeBytes))
	check(Check(option.HandshakeHeaders.Key, l.Request.HandshakeHeaders))
	check(Check(option.UnfinishedBytes.Key, l.Unfinished.Bytes))
	check(Check(option.UnfinishedTime.Key, l.Unfinished.Time))
	check(Check(option.BodyPace.Key, l.Request.BodyPace))
	check(Check(option.EventBytes.Key, l.Event.Bytes))
	check(Check(option.Attachments.Key, l.Event.Attachments))
	check(Check(option.Depth.Key, l.Event.Depth))
	check(Check(option.Arguments.Key, l.Event.Arguments))
	check(Check(option.EventNameBytes.Key, l.Event.NameBytes))
	check(Check(option.Namespaces.Key, l.NamespacesPerClient))
	check(Check(option.Rooms.Key, l.RoomsPerSocket))
	check(Check(option.PendingAcks.Key, l.PendingAcksPerSocket))
	check(Check(option.NamespaceBytes.Key, l.NamespaceBytes))
	check(Check(option.RoomBytes.Key, l.RoomBytes))
	check(Check(option.AuthBytes.Key, l.AuthBytes))
	check(Check(option.DataBytes.Key, l.DataBytes))
	check(Check(option.Undecided.Key, l.Undecided.Attempts))
	check(Check(option.UndecidedBytes.Key, l.Undecided.Bytes))
}

// unreachable refuses a size that no event can have. The default is right beside any payload.
func (e *EventLimits) unreachable(payload int64, check func(error)) {
	most := payload * int64(1+max(e.Attachments, 0))
	if e.Bytes <= option.EventBytes.Default || e.Bytes <= most || Check(option.EventBytes.Key, e.Bytes) != nil {
		return
	}
	check(&ConfigError{Key: option.EventBytes.Key, Value: e.Bytes, Allowed: fmt.Sprintf(
		"at most %d: what %s (%d) and %s (%d) let in", most, option.MaxPayload.Key, payload, option.Attachments.Key, e.Attachments)})
}

func (r *Recovery) problems(check func(error)) {
	check(Check(option.RecoveryMaxDuration.Key, r.MaxDuration))
	check(Check(option.RecoverySessions.Key, r.Sessions))
	check(Check(option.RecoverySessionBytes.Key, r.SessionBytes))
	check(Check(option.RecoveryLogBytes.Key, r.LogBytes))
	check(Check(option.RecoveryTotalBytes.Key, r.TotalBytes))
	check(Check(option.RecoveryPersist.Key, r.Persist))
}

// A negative rate means none, as a configured 0 does.
func (r *Rates) problems(check func(error)) {
	check(Check(option.RateMessages.Key, max(r.Messages, 0)))
	check(Check(option.RateBytes.Key, max(r.Bytes, 0)))
	check(Check(option.RateAhead.Key, r.Ahead))
	check(Check(option.RateUserMessages.Key, max(r.UserMessages, 0)))
	check(Check(option.RateUserBytes.Key, max(r.UserBytes, 0)))
	check(Check(option.RateHandshakes.Key, max(r.Handshakes, 0)))
	check(Check(option.RateHandshakeBurst.Key, r.HandshakeBurst))
	check(Check(option.RateConnections.Key, max(r.Connections, 0)))
	check(Check(option.RateConnectionBurst.Key, r.ConnectionBurst))
	check(Check(option.RateOpenConnections.Key, max(r.OpenConnections, 0)))
	check(Check(option.RateUnjoined.Key, max(r.Unjoined, 0)))
	check(Check(option.RateUnknownSessions.Key, max(r.UnknownSessions, 0)))
	check(Check(option.RateMemoryPercent.Key, max(r.MemoryPercent, 0)))
}
