package redis

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/siohub/siohub/hub/cluster"
)

// The engines. A hub and the Node servers beside it have the same one.
const (
	// Classic is PUB/SUB as `createAdapter` of @socket.io/redis-adapter uses it.
	Classic = "redis"
	// Sharded is PUB/SUB of Redis 7, `createShardedAdapter` of @socket.io/redis-adapter.
	Sharded = "redis-sharded"
	// Streams is `createAdapter` of @socket.io/redis-streams-adapter.
	Streams = "redis-streams"
)

// The modes of Sharded.
const (
	// Dynamic has a channel for each room, but for those of 20 characters, as ids of sockets have.
	Dynamic = "dynamic"
	// Static has one for each namespace.
	Static = "static"
	// DynamicPrivate has one for each room, each socket's own among them.
	DynamicPrivate = "dynamic-private"
)

// Config is how a hub is one of a cluster over Redis. Engine and URL are required.
type Config struct {
	// Settings are what all engines have: cluster.request_timeout, cluster.expiry, cluster.max_message, cluster.queue_bytes.
	cluster.Settings

	// Engine is one of Classic, Sharded and Streams. Key: cluster.engine.
	Engine string
	// URL is where Redis is. Key: cluster.url.
	//
	//	redis://host:6379/0, rediss:// with TLS, unix:///path/to/socket
	//	redis+sentinel://host:26379/0?master_name=mymaster&addr=host2:26379
	//	redis+cluster://host:6379?addr=host2:6379
	//
	// rediss+sentinel and rediss+cluster use TLS. A password must not stand in it, as URLs are flags and stand in logs. Parameters
	// are db, addr, master_name, dial_timeout, read_timeout, write_timeout, pool_size and skip_verify, which believes any
	// certificate.
	URL string
	// Username and Password are those of Redis; the user is `default` when empty. Sentinel's are SentinelUsername and
	// SentinelPassword. Keys: cluster.username, cluster.password_file, cluster.sentinel_username,
	// cluster.sentinel_password_file.
	Username, Password                 string
	SentinelUsername, SentinelPassword string
	// TLS is for a URL that asks for it alone. Nil: the machine's authorities, and no certificate of this hub. Without ServerName a
	// certificate has to be that of the host that was connected to, which Sentinel and Redis Cluster tell.
	TLS *tls.Config

	// Prefix begins the names of all channels, as `key` and `channelPrefix` of the adapters do. Default: socket.io. Key:
	// cluster.prefix.
	Prefix string
	// SubscriptionMode is `subscriptionMode` of the sharded adapter: Dynamic, Static or DynamicPrivate. All servers have to agree.
	// Default: Dynamic. Key: cluster.subscription_mode.
	SubscriptionMode string

	// SpecificResponses is `publishOnSpecificResponseChannel` of Classic: an answer to a Node server goes on that server's own
	// channel, and not to all. Answers are taken on both whatever it says. Key: cluster.specific_responses.
	SpecificResponses bool
	// ShardedPubSub is `useShardedPubSub` of Streams: what is no entry of a stream crosses by the PUB/SUB of Redis 7, as with
	// Sharded. All servers have to agree. Key: cluster.sharded_pubsub.
	ShardedPubSub bool

	// Stream is the name of the stream; of several, which have a hyphen and a number behind it, StreamCount is how many there
	// are. Defaults: socket.io, 1. Keys: cluster.stream, cluster.stream_count.
	Stream      string
	StreamCount int
	// StreamLength is about how many entries a stream keeps: what a hub misses while it is away is lost beyond that.
	// Default: 10 000. Key: cluster.stream_length.
	StreamLength int64
	// SessionPrefix begins the keys of sessions, as `sessionKeyPrefix` does. Default: sio:session:. Key: cluster.session_prefix.
	SessionPrefix string

	// Event bounds what events of Node servers and emitters are like: give it what browsers may send. What is beyond is
	// dropped and counted.
	Event EventLimits
}

// EventLimits bound events. Zero, or less, is the default.
type EventLimits struct {
	// Attachments is how many binary arguments, or parts of them, an event has. Default: 10. Key: limits.attachments.
	Attachments int
	// Depth is how deep its arguments are nested. Default, and most: 512. Key: limits.depth.
	Depth int
	// Arguments is how many it has. Default: 4096. Key: limits.arguments.
	Arguments int
	// NameBytes is the length of its name. Default: 128. Key: limits.event_name_bytes.
	NameBytes int
}

// withDefaults returns a copy in which what is zero has its default.
func (c Config) withDefaults() Config {
	c.Settings = c.Settings.WithDefaults()
	if c.Prefix == "" {
		c.Prefix = "socket.io"
	}
	if c.SubscriptionMode == "" {
		c.SubscriptionMode = Dynamic
	}
	if c.Stream == "" {
		c.Stream = "socket.io"
	}
	if c.StreamCount == 0 {
		c.StreamCount = 1
	}
	if c.StreamLength == 0 {
		c.StreamLength = 10_000
	}
	if c.SessionPrefix == "" {
		c.SessionPrefix = "sio:session:"
	}
	return c
}

// shards reports whether messages are published with SPUBLISH.
func (c *Config) shards() bool { return c.Engine == Sharded || c.Engine == Streams && c.ShardedPubSub }

// validate names the first key that cannot be. It takes a config with its defaults.
func (c Config) validate() error {
	switch {
	case c.Engine != Classic && c.Engine != Sharded && c.Engine != Streams:
		return fmt.Errorf("cluster.engine: %q is none of %s, %s, %s", c.Engine, Classic, Sharded, Streams)
	case c.URL == "":
		return errors.New("cluster.url: required, such as redis://localhost:6379")
	case c.SubscriptionMode != Dynamic && c.SubscriptionMode != Static && c.SubscriptionMode != DynamicPrivate:
		return fmt.Errorf("cluster.subscription_mode: %q is none of %s, %s, %s", c.SubscriptionMode, Dynamic, Static, DynamicPrivate)
	case c.SpecificResponses && c.Engine != Classic:
		return fmt.Errorf("cluster.specific_responses: true is for cluster.engine %s alone", Classic)
	case c.ShardedPubSub && c.Engine != Streams:
		return fmt.Errorf("cluster.sharded_pubsub: true is for cluster.engine %s alone", Streams)
	case len(c.Prefix) > 256:
		return fmt.Errorf("cluster.prefix: has %d bytes, 256 are allowed", len(c.Prefix))
	case len(c.Stream) > 256:
		return fmt.Errorf("cluster.stream: has %d bytes, 256 are allowed", len(c.Stream))
	case len(c.SessionPrefix) > 256:
		return fmt.Errorf("cluster.session_prefix: has %d bytes, 256 are allowed", len(c.SessionPrefix))
	case c.StreamCount < 1 || c.StreamCount > 64:
		return fmt.Errorf("cluster.stream_count: %d is not between 1 and 64", c.StreamCount)
	case c.StreamLength < 100 || c.StreamLength > 100_000_000:
		return fmt.Errorf("cluster.stream_length: %d is not between 100 and 100000000", c.StreamLength)
	}
	return c.Settings.Validate()
}
