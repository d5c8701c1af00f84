package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/rawio"
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
	// rediss+sentinel and rediss+cluster use TLS. A password must not stand in it, as URLs are flags and stand in logs. Other
	// parameters are those of go-redis, such as dial_timeout.
	URL string
	// Username and Password are those of Redis; the user is `default` when empty. Sentinel's are SentinelUsername and
	// SentinelPassword. Keys: cluster.username, cluster.password_file, cluster.sentinel_username,
	// cluster.sentinel_password_file.
	Username, Password                 string
	SentinelUsername, SentinelPassword string
	// TLS is used where the URL asks for it. Nil: the machine's authorities, and no certificate of this hub.
	TLS *tls.Config

	// Prefix begins the names of all channels, as `key` and `channelPrefix` of the adapters do. Default: socket.io. Key:
	// cluster.prefix.
	Prefix string
	// StaticSubscriptions is `subscriptionMode: "static"` of the sharded adapter: all servers have to agree. Otherwise it is
	// `dynamic`, in which a room has a channel of its own. Key: cluster.subscription_mode.
	StaticSubscriptions bool

	// Stream is the name of the stream; of several, which have a hyphen and a number behind it, StreamCount is how many there
	// are. Defaults: socket.io, 1. Keys: cluster.stream, cluster.stream_count.
	Stream      string
	StreamCount int
	// StreamLength is about how many entries a stream keeps: what a hub misses while it is away is lost beyond that.
	// Default: 10 000. Key: cluster.stream_length.
	StreamLength int64

	// Event are the limits of events, as browsers have them.
	Event siopacket.Limits
}

// withDefaults returns a copy in which what is zero has its default.
func (c Config) withDefaults() Config {
	c.Settings = c.Settings.WithDefaults()
	if c.Prefix == "" {
		c.Prefix = "socket.io"
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
	return c
}

// validate names the first key that cannot be. It takes a config with its defaults.
func (c Config) validate() error {
	switch {
	case c.Engine != Classic && c.Engine != Sharded && c.Engine != Streams:
		return fmt.Errorf("cluster.engine: %q is none of %s, %s, %s", c.Engine, Classic, Sharded, Streams)
	case c.URL == "":
		return errors.New("cluster.url: required, such as redis://localhost:6379")
	case len(c.Prefix) > 256:
		return fmt.Errorf("cluster.prefix: has %d bytes, 256 are allowed", len(c.Prefix))
	case len(c.Stream) > 256:
		return fmt.Errorf("cluster.stream: has %d bytes, 256 are allowed", len(c.Stream))
	case c.StreamCount < 1 || c.StreamCount > 64:
		return fmt.Errorf("cluster.stream_count: %d is not between 1 and 64", c.StreamCount)
	case c.StreamLength < 100 || c.StreamLength > 100_000_000:
		return fmt.Errorf("cluster.stream_length: %d is not between 100 and 100000000", c.StreamLength)
	}
	return c.Settings.Validate()
}

// connect makes the clients. It connects nowhere yet.
func (c Config) connect() (*nodes, error) {
	scheme, rest, ok := strings.Cut(c.URL, "://")
	u, err := url.Parse(c.URL)
	if !ok || err != nil {
		return nil, errors.New("cluster.url: is no URL, such as redis://localhost:6379") // the error would repeat it
	}
	if _, has := u.User.Password(); has {
		return nil, errors.New("cluster.url: a password must not stand in it: use cluster.password_file or the environment")
	}
	plain, kind, _ := strings.Cut(scheme, "+")
	if scheme != "unix" && plain != "redis" && plain != "rediss" || kind != "" && kind != "sentinel" && kind != "cluster" {
		return nil, fmt.Errorf("cluster.url: %q is none of redis, rediss, unix, redis+sentinel, redis+cluster, rediss+sentinel, rediss+cluster", scheme)
	}
	n := &nodes{}
	switch kind {
	case "sentinel":
		err = c.sentinel(n, plain+"://"+rest)
	case "cluster":
		err = c.cluster(n, plain+"://"+rest)
	default:
		err = c.single(n)
	}
	if err != nil {
		return nil, fmt.Errorf("cluster.url: %w", err)
	}
	return n, nil
}

// Timeouts of the connections: local traffic never waits for them, but what was published does.
const (
	dialTimeout  = 3 * time.Second
	replyTimeout = 3 * time.Second
)

func (c Config) single(n *nodes) error {
	o, err := redis.ParseURL(c.URL)
	if err != nil {
		return err
	}
	o.Username, o.Password = either(c.Username, o.Username), c.Password
	o.TLSConfig = c.tls(o.TLSConfig)
	o.MaxRetries, o.Protocol, o.DialTimeout = -1, 2, dialTimeout
	o.ReadTimeout, o.WriteTimeout = replyTimeout, replyTimeout
	o.DisableIdentity, o.DialerRetries = true, 1 // retries are ours
	o.Dialer = rawDialer(o.TLSConfig)
	n.client = redis.NewClient(o)
	return nil
}

func (c Config) sentinel(n *nodes, to string) error {
	o, err := redis.ParseFailoverURL(to)
	if err != nil {
		return err
	}
	if o.MasterName == "" {
		return errors.New("master_name is required with sentinel")
	}
	o.Username, o.Password = either(c.Username, o.Username), c.Password
	o.SentinelUsername, o.SentinelPassword = c.SentinelUsername, c.SentinelPassword
	o.TLSConfig = c.tls(o.TLSConfig)
	o.MaxRetries, o.Protocol, o.DialTimeout = -1, 2, dialTimeout
	o.ReadTimeout, o.WriteTimeout = replyTimeout, replyTimeout
	o.DisableIdentity, o.DialerRetries = true, 1 // retries are ours
	o.Dialer = rawDialer(o.TLSConfig)
	n.client = redis.NewFailoverClient(o)
	return nil
}

func (c Config) cluster(n *nodes, to string) error {
	o, err := redis.ParseClusterURL(to)
	if err != nil {
		return err
	}
	o.Username, o.Password = either(c.Username, o.Username), c.Password
	o.TLSConfig = c.tls(o.TLSConfig)
	o.MaxRetries, o.Protocol, o.DialTimeout = -1, 2, dialTimeout
	o.ReadTimeout, o.WriteTimeout = replyTimeout, replyTimeout
	o.DisableIdentity, o.DialerRetries = true, 1 // retries are ours
	o.Dialer = rawDialer(o.TLSConfig)
	n.cluster = redis.NewClusterClient(o)
	return nil
}

// rawDialer connects as the library does, and reads and writes raw (package rawio): a hub wakes up for each message of others, and
// that is most of what one costs that nobody here wants. Nil, which is the library's own, with TLS.
func rawDialer(secure *tls.Config) func(ctx context.Context, network, address string) (net.Conn, error) {
	if secure != nil {
		return nil
	}
	dial := redis.NewDialer(&redis.Options{DialTimeout: dialTimeout})
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return rawio.Wrap(conn), nil
	}
}

// tls is how TLS is spoken, where the URL asks for it.
func (c Config) tls(asked *tls.Config) *tls.Config {
	if asked == nil || c.TLS == nil {
		return asked
	}
	own := c.TLS.Clone()
	own.ServerName = either(own.ServerName, asked.ServerName)
	return own
}

func either(one, other string) string {
	if one != "" {
		return one
	}
	return other
}
