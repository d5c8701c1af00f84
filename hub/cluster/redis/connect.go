package redis

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/internal/rawio"
)

// Timeouts of the connections: local traffic never waits for them, but what was published does.
const (
	dialTimeout  = 3 * time.Second
	replyTimeout = 3 * time.Second
)

// The kinds of address that Config.URL has behind redis or rediss.
const (
	kindSingle   = ""
	kindSentinel = "sentinel"
	kindCluster  = "cluster"
)

// address is what Config.URL says.
type address struct {
	kind      string
	encrypted bool
	path      string // of a socket; empty: TCP
	verify    bool   // the server's certificate
	options   redis.UniversalOptions
}

const schemes = "redis, rediss, unix, redis+sentinel, redis+cluster, rediss+sentinel, rediss+cluster"

// parseURL reads Config.URL. The error names no part of it that may be secret.
func parseURL(text string) (*address, error) {
	scheme, _, ok := strings.Cut(text, "://")
	u, err := url.Parse(text)
	if !ok || err != nil {
		return nil, errors.New("is no URL, such as redis://localhost:6379") // the error would repeat it
	}
	a := &address{verify: true}
	if _, has := u.User.Password(); has || u.Query().Has("password") {
		return nil, errors.New("a password must not stand in it: use cluster.password_file or the environment")
	}
	if scheme == "unix" {
		a.path = u.Path
		if a.path == "" {
			return nil, errors.New("has no path, such as unix:///run/redis.sock")
		}
	} else {
		plain, kind, plus := strings.Cut(scheme, "+")
		a.kind, a.encrypted = kind, plain == "rediss"
		if plain != "redis" && plain != "rediss" || plus != (kind == kindSentinel || kind == kindCluster) {
			return nil, fmt.Errorf("%q is none of %s", scheme, schemes)
		}
		if err := a.host(u); err != nil {
			return nil, err
		}
	}
	a.options.Username = u.User.Username()
	if a.kind == kindSentinel && a.options.Username != "" {
		return nil, errors.New("a user with Sentinel is either cluster.username or cluster.sentinel_username, and must not stand in it")
	}
	return a, a.parameters(u.Query())
}

// host takes host, port and number of the database.
func (a *address) host(u *url.URL) error {
	port := u.Port()
	if port == "" {
		port = "6379"
		if a.kind == kindSentinel {
			port = "26379"
		}
	}
	host := u.Hostname()
	if host == "" {
		host = "localhost"
	}
	a.options.Addrs = []string{net.JoinHostPort(host, port)}
	if db := strings.Trim(u.Path, "/"); db != "" {
		return a.database(db)
	}
	return nil
}

func (a *address) database(text string) (err error) {
	a.options.DB, err = strconv.Atoi(text)
	switch {
	case err != nil || a.options.DB < 0:
		return fmt.Errorf("%q is no number of a database", text)
	case a.kind == kindCluster && a.options.DB != 0:
		return errors.New("a Redis Cluster has no databases but 0")
	}
	return nil
}

const parameters = "addr, db, dial_timeout, master_name, pool_size, read_timeout, skip_verify, write_timeout"

// parameters takes those of the query.
func (a *address) parameters(query url.Values) (err error) {
	o := &a.options
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout = dialTimeout, replyTimeout, replyTimeout
	for name, values := range query {
		last := values[len(values)-1]
		switch name {
		case "addr":
			err = a.more(values)
		case "db":
			err = a.database(last)
		case "master_name":
			o.MasterName = last
		case "dial_timeout":
			o.DialTimeout, err = timeoutFrom(name, last)
		case "read_timeout":
			o.ReadTimeout, err = timeoutFrom(name, last)
		case "write_timeout":
			o.WriteTimeout, err = timeoutFrom(name, last)
		case "pool_size":
			if o.PoolSize, err = strconv.Atoi(last); err != nil || o.PoolSize < 1 || o.PoolSize > 10_000 {
				err = fmt.Errorf("pool_size=%q is not between 1 and 10000", last)
			}
		case "skip_verify":
			var skip bool
			if skip, err = strconv.ParseBool(last); err != nil {
				err = fmt.Errorf("skip_verify=%q is neither true nor false", last)
			}
			a.verify = !skip
		default:
			err = fmt.Errorf("%q is none of its parameters: %s", name, parameters)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case a.kind == kindSentinel && o.MasterName == "":
		return errors.New("master_name is required with sentinel")
	case a.kind != kindSentinel && o.MasterName != "":
		return errors.New("master_name is for redis+sentinel alone")
	case !a.encrypted && !a.verify:
		return errors.New("skip_verify is for rediss alone")
	}
	return nil
}

// more takes further nodes of a cluster, or further Sentinels.
func (a *address) more(addresses []string) error {
	if a.kind == kindSingle {
		return errors.New("addr is for redis+sentinel and redis+cluster alone")
	}
	for _, one := range addresses {
		if host, port, err := net.SplitHostPort(one); err != nil || host == "" || port == "" {
			return fmt.Errorf("addr=%q is not host:port", one)
		}
	}
	a.options.Addrs = append(a.options.Addrs, addresses...)
	return nil
}

// timeoutFrom takes a time with its unit, or in seconds, as go-redis does.
func timeoutFrom(name, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if seconds, e := strconv.Atoi(text); e == nil && seconds < 3600 {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d < 100*time.Millisecond || d > time.Minute {
		return 0, fmt.Errorf("%s=%q is not between 100ms and 1m", name, text)
	}
	return d, nil
}

// connect makes the clients. It connects nowhere yet.
func (c Config) connect() (*nodes, error) {
	a, err := parseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("cluster.url: %w", err)
	}
	o := &a.options
	o.Username, o.Password = either(c.Username, o.Username), c.Password
	o.SentinelUsername, o.SentinelPassword = c.SentinelUsername, c.SentinelPassword
	o.MaxRetries, o.DialerRetries = -1, 1 // retries are ours
	o.Protocol, o.DisableIdentity = 2, true
	o.ContextTimeoutEnabled = true // go-redis gives a command that blocks 10 s more than it may take otherwise
	o.Dialer = c.dialer(a)
	if !a.encrypted && c.TLS != nil {
		return nil, errors.New("cluster.url: is without TLS, which cluster.engine_tls is for: want rediss, rediss+sentinel or rediss+cluster")
	}
	n := &nodes{dialer: o.Dialer}
	switch a.kind {
	case kindCluster:
		n.cluster = redis.NewClusterClient(o.Cluster())
	case kindSentinel:
		n.sentinels = newSentinels(o)
		o.OnConnect = notAReplica
		n.client = redis.NewFailoverClient(o.Failover())
	default:
		n.client = redis.NewClient(o.Simple())
	}
	n.counter = &link{dial: func(ctx context.Context) (net.Conn, error) { return n.dial(ctx, "") }, left: n.left}
	return n, nil
}

// dialer connects, and without TLS reads and writes raw (package rawio): a hub wakes up for each message of others, and that is
// most of what one costs that nobody here wants. Of a certificate without Config.TLS.ServerName it wants the host that it connects to.
func (c Config) dialer(a *address) func(ctx context.Context, network, address string) (net.Conn, error) {
	plain := &net.Dialer{Timeout: a.options.DialTimeout}
	switch {
	case a.path != "":
		return func(ctx context.Context, _, _ string) (net.Conn, error) {
			return plain.DialContext(ctx, "unix", a.path)
		}
	case !a.encrypted:
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := plain.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return rawio.Wrap(conn), nil
		}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	if !a.verify {
		config.InsecureSkipVerify = true // the operator has asked for it
	}
	return (&tls.Dialer{NetDialer: plain, Config: config}).DialContext
}

func either(one, other string) string {
	if one != "" {
		return one
	}
	return other
}
