package config

import (
	"regexp"
	"slices"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// Engine says what hubs share. The Name is empty for a hub that is alone.
type Engine struct {
	// Name is one of Engines; URL is where it is, Prefix what its channels, or subjects, begin with.
	Name, URL, Prefix string
	// Username, PasswordFile and those of Sentinel are for Redis; the other files for NATS. Empty: none.
	Username, PasswordFile                 string
	SentinelUsername, SentinelPasswordFile string
	CredentialsFile, NkeyFile, TokenFile   string
	// TLS is that towards the engine. Empty: what the machine has.
	TLS EngineTLS

	RequestTimeout, Expiry time.Duration
	MaxMessage             int
	QueueBytes             int64
	// SpecificResponses is of redis, ShardedPubSub of redis-streams.
	SpecificResponses, ShardedPubSub bool
	// SubscriptionMode is of redis-sharded. Stream, StreamCount, StreamLength and SessionPrefix are of redis-streams.
	SubscriptionMode, Stream string
	SessionPrefix            string
	// JetStream is of nats.
	JetStream                 JetStream
	StreamCount, StreamLength int
}

// JetStream is how nats keeps a log, and whether.
type JetStream struct {
	Enabled  bool
	Replicas int
	MaxAge   time.Duration
	MaxBytes int64
}

// EngineTLS has the files of TLS towards the engine, and the name that its certificate has to have. Empty: the host of each address.
type EngineTLS struct {
	CA, Cert, Key, ServerName string
}

// The engines.
const (
	EngineRedis        = "redis"
	EngineRedisSharded = "redis-sharded"
	EngineRedisStreams = "redis-streams"
	EngineNATS         = "nats"
)

const defaultPrefix = "socket.io"

func defaultEngine() Engine {
	return Engine{
		Prefix: defaultPrefix, RequestTimeout: cluster.DefaultRequestTimeout, Expiry: cluster.DefaultExpiry,
		MaxMessage: cluster.DefaultMaxMessage, QueueBytes: cluster.DefaultQueueBytes,
		SubscriptionMode: "dynamic", Stream: defaultPrefix, StreamCount: 1, StreamLength: 10_000, SessionPrefix: "sio:session:",
		JetStream: JetStream{Replicas: 1, MaxAge: 5 * time.Minute, MaxBytes: 256 << 20},
	}
}

// URLs are flags and are printed. Secrets stand before the host, after a colon, or in a parameter; what stands before the host alone
// is a user, or a token of NATS.
var (
	passwordInURL = regexp.MustCompile(`://[^/@,]*:[^/@,]*@|[?&][a-z_]*password=`)
	userInURL     = regexp.MustCompile(`://[^/@,]+@`)
)

// isName takes the name of channels: no longer than names are.
func isName(s string) bool { return s != "" && len(s) <= 256 }

// engines is one of them, or empty for none.
func engines() codec[string] {
	c := choice(EngineRedis, EngineRedisSharded, EngineRedisStreams, EngineNATS)
	one := c.check
	c.allowed += "; empty for none"
	c.check = func(s string) bool { return s == "" || one(s) }
	return c
}

func engineKeys() []Key {
	file := func(what string) codec[string] { return text(what+"; empty for none", nil) }
	bytes := func(least int64) codec[int64] {
		c := sizes()
		c.allowed, c.check = "64KiB or more", func(n int64) bool { return n >= least }
		return c
	}
	e := func(c *Config) *Engine { return &c.Cluster.Engine }
	keys := []Key{
		newKey("cluster.engine", func(c *Config) *string { return &e(c).Name },
			engines(),
			"What hubs, and Node servers with the same adapter, share: Redis PUB/SUB as `@socket.io/redis-adapter` uses it, its sharded form (Redis 7), Redis Streams as `@socket.io/redis-streams-adapter` does, or NATS, for hubs alone. Empty: this hub is alone.").common(),
		newKey("cluster.url", func(c *Config) *string { return &e(c).URL },
			text("a URL such as redis://host:6379, redis+sentinel://host:26379?master_name=m, redis+cluster://host:6379 or nats://host:4222; rediss, tls for TLS", nil),
			"Where the engine is. A password does not belong into it, as URLs are flags: see `cluster.password_file`.").common(),
		newKey("cluster.prefix", func(c *Config) *string { return &e(c).Prefix }, text("1 to 256 bytes", isName),
			"What channels and subjects begin with, as `key` and `channelPrefix` of Node's adapters. Servers with the same prefix are one cluster."),
		newKey("cluster.request_timeout", func(c *Config) *time.Duration { return &e(c).RequestTimeout }, duration(100*time.Millisecond, 10*time.Minute),
			"How long a question to the other hubs waits for its answers. One that is known to be gone is not waited for."),
		newKey("cluster.expiry", func(c *Config) *time.Duration { return &e(c).Expiry }, duration(3*time.Second, 10*time.Minute),
			"A hub of which nothing has been heard for so long is lost: services are told, and make its sockets' `disconnected`."),
		newKey("cluster.max_message", func(c *Config) *int { return &e(c).MaxMessage }, between(64<<10, 256<<20, "64KiB to 256MiB in bytes"),
			"Bytes of one message between hubs, sent or taken."),
		newKey("cluster.queue_bytes", func(c *Config) *int64 { return &e(c).QueueBytes }, bytes(64<<10),
			"Bytes that wait to be written to the engine. While more than half of them wait services are not read further before what goes over it; beyond them a command's result names the hubs that it does not reach."),
		newKey("cluster.username", func(c *Config) *string { return &e(c).Username }, text("any text", nil), "User at Redis. Empty: its default user."),
		newKey("cluster.password_file", func(c *Config) *string { return &e(c).PasswordFile }, file("a file with the password"), "Password at Redis, or of the user in the URL of NATS."),
		newKey("cluster.sentinel_username", func(c *Config) *string { return &e(c).SentinelUsername }, text("any text", nil), "User at Redis Sentinel."),
		newKey("cluster.sentinel_password_file", func(c *Config) *string { return &e(c).SentinelPasswordFile }, file("a file with the password"), "Password at Redis Sentinel."),
		newKey("cluster.credentials_file", func(c *Config) *string { return &e(c).CredentialsFile }, file("a file of NATS with a user's JWT and seed"), "Who this hub is at NATS."),
		newKey("cluster.nkey_file", func(c *Config) *string { return &e(c).NkeyFile }, file("a file with a seed"), "Who this hub is at NATS, by a key alone."),
		newKey("cluster.token_file", func(c *Config) *string { return &e(c).TokenFile }, file("a file with a token"), "Who this hub is at NATS, by a token."),
		newKey("cluster.engine_tls.ca", func(c *Config) *string { return &e(c).TLS.CA }, file("a PEM file with authorities"), "Authorities that the engine's certificate has to come from. Empty: those of the machine."),
		newKey("cluster.engine_tls.cert", func(c *Config) *string { return &e(c).TLS.Cert }, file("a PEM file with the certificate and its chain"), "Certificate of this hub towards the engine."),
		newKey("cluster.engine_tls.key", func(c *Config) *string { return &e(c).TLS.Key }, file("a PEM file with the private key"), "Its private key."),
		newKey("cluster.engine_tls.server_name", func(c *Config) *string { return &e(c).TLS.ServerName }, text("a name of a host; empty for that of each address", nil),
			"Name that the engine's certificate has to have. For Redis Sentinel or a Redis Cluster whose servers tell each other addresses that are in no certificate."),
	}
	return group("Cluster: the engine that hubs share (`docs/cluster.md`)", slices.Concat(keys, redisKeys(), jetStreamKeys())...)
}

// checkEngine checks what belongs together.
func (c *Config) checkEngine(refuse func(bad bool, key string, value any, allowed string)) {
	e := c.Cluster.Engine
	refuse(e.Name != "" && e.URL == "", "cluster.url", "", "want where the engine is, such as redis://localhost:6379")
	refuse(e.Name == "" && e.URL != "", "cluster.engine", "", "want which engine there is at cluster.url")
	refuse(passwordInURL.MatchString(e.URL), "cluster.url", "***", "a password must not stand in it: want cluster.password_file")
	refuse(e.Name == EngineNATS && userInURL.MatchString(e.URL) && e.PasswordFile == "" && !passwordInURL.MatchString(e.URL), "cluster.url", "***",
		"a token must not stand in it: want cluster.token_file, or the cluster.password_file of the user")
	refuse(e.Name == EngineNATS && e.TLS.ServerName != "", "cluster.engine_tls.server_name", e.TLS.ServerName, "is for Redis alone: NATS wants the host of each address")
	refuse(e.TLS.Cert != "" && e.TLS.Key == "", "cluster.engine_tls.key", "", "want the private key of cluster.engine_tls.cert")
	refuse(e.TLS.Key != "" && e.TLS.Cert == "", "cluster.engine_tls.cert", "", "want the certificate of cluster.engine_tls.key")
	refuse(e.QueueBytes < int64(e.MaxMessage), "cluster.queue_bytes", e.QueueBytes, "not less than cluster.max_message")
}
