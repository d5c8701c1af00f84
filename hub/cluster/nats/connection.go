package nats

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/siohub/siohub/hub/cluster"
)

const (
	// dialTimeout bounds one attempt to connect.
	dialTimeout = 2 * time.Second
	// retryEvery and retryJitter are the time between attempts: hubs are back within 5 s, and not all at the same instant.
	retryEvery, retryJitter = 250 * time.Millisecond, 500 * time.Millisecond
	// pingEvery and pingsOut find a server that says nothing any more: within 6 s.
	pingEvery, pingsOut = 2 * time.Second, 2
	// writeTimeout bounds one write to the server.
	writeTimeout = 10 * time.Second
)

// options are those of the client.
func (c *Cluster) options(self cluster.Self) ([]nats.Option, error) {
	options := []nats.Option{
		nats.Name("siohub hub " + self.ID), nats.NoEcho(), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1), // what cannot be sent now is refused, and not sent later
		nats.ReconnectWait(retryEvery), nats.ReconnectJitter(retryJitter, retryJitter),
		nats.Timeout(dialTimeout), nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(pingsOut), nats.FlusherTimeout(writeTimeout),
		nats.ReconnectOnFlusherError(),
		nats.SetCustomDialer(dialer{c}),
		nats.ConnectHandler(func(*nats.Conn) { c.connected() }),
		nats.ReconnectHandler(func(*nats.Conn) { c.connected() }),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { c.disconnected(err) }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			c.line.Warn("cluster: NATS cannot be reached", "error", plain(err))
		}),
		nats.ErrorHandler(c.failed),
		nats.ClosedHandler(func(*nats.Conn) { c.Down() }),
	}
	more, err := c.credentials()
	if err != nil {
		return nil, err
	}
	return append(options, more...), nil
}

// credentials are the options of files, which are read each time a connection is made.
func (c *Cluster) credentials() (options []nats.Option, err error) {
	f := &c.config
	switch {
	case f.CredentialsFile != "":
		options = append(options, nats.UserCredentials(f.CredentialsFile))
	case f.NkeyFile != "":
		nkey, err := nats.NkeyOptionFromSeed(f.NkeyFile)
		if err != nil {
			return nil, fmt.Errorf("cluster.nkey_file: %w", err)
		}
		options = append(options, nkey)
	case f.TokenFile != "":
		options = append(options, nats.TokenHandler(func() string { return c.secret(f.TokenFile) }))
	case f.PasswordFile != "":
		urls, user := apart(f.URL)
		c.urls = urls
		options = append(options, nats.UserInfoHandler(func() (string, string) { return user, c.secret(f.PasswordFile) }))
	}
	if f.CAFile == "" && f.CertFile == "" {
		return options, nil
	}
	var cert nats.TLSCertHandler
	var roots nats.RootCAsHandler
	if f.CertFile != "" {
		cert = func() (tls.Certificate, error) { return tls.LoadX509KeyPair(f.CertFile, f.KeyFile) }
		if _, err := cert(); err != nil {
			return nil, fmt.Errorf("cluster.engine_tls.cert: %w", err)
		}
	}
	if f.CAFile != "" {
		roots = func() (*x509.CertPool, error) { return authorities(f.CAFile) }
		if _, err := roots(); err != nil {
			return nil, err
		}
	}
	return append(options, nats.ClientTLSConfig(cert, roots)), nil
}

func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cluster.engine_tls.ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("cluster.engine_tls.ca: no certificate in it")
	}
	return pool, nil
}

// secret reads a file that may be changed at any time.
func (c *Cluster) secret(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		c.line.Warn("cluster: a secret cannot be read", "error", err)
	}
	return string(bytes.TrimSpace(b))
}

// apart takes the user out of a list of URLs, as the client believes a user without a password to be a token, and what is in
// a URL more than what a file says.
func apart(list string) (urls, user string) {
	var all []string
	for one := range strings.SplitSeq(list, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil {
			continue // validate has parsed all
		}
		if user == "" && u.User != nil {
			user = u.User.Username()
		}
		u.User = nil
		all = append(all, u.String())
	}
	return strings.Join(all, ","), user
}

// dialer keeps the latest connection, for hangUp.
type dialer struct{ c *Cluster }

func (d dialer) Dial(network, address string) (net.Conn, error) {
	conn, err := net.DialTimeout(network, address, dialTimeout)
	if err != nil {
		return nil, err
	}
	d.c.mu.Lock()
	d.c.raw = conn
	d.c.mu.Unlock()
	return conn, nil
}

// connected says so to the mesh, once this hub hears what is for all.
func (c *Cluster) connected() {
	c.turn.Lock()
	defer c.turn.Unlock()
	c.mu.Lock()
	ready := c.ready
	c.mu.Unlock()
	if !ready || !c.conn.IsConnected() {
		return // Open, or the next handler, comes here again
	}
	if n := c.conn.MaxPayload(); n > 0 {
		c.largest.Store(n)
	}
	c.config.Logger.Info("cluster: connected to NATS", "server", c.conn.ConnectedUrlRedacted())
	c.Up()
	if c.reconnected != nil {
		c.reconnected()
	}
}

func (c *Cluster) disconnected(err error) {
	c.turn.Lock()
	defer c.turn.Unlock()
	c.Down()
	c.config.Logger.Warn("cluster: the connection to NATS has ended; it is tried again", "error", err)
}

// failed takes what goes wrong while there is a connection.
func (c *Cluster) failed(_ *nats.Conn, sub *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrSlowConsumer) && sub != nil {
		c.overrun(c.subs.dropped(sub))
		return
	}
	c.line.Warn("cluster: NATS has refused something", "error", err)
}
