package relay

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Dialer opens connections to other hubs.
type Dialer struct {
	// HubID is this hub's.
	HubID string
	// Secrets are those in force at this moment, the first one that is used first. None: certificates prove, or nothing does.
	Secrets func() [][]byte
	// TLS is that of connections to other hubs at this moment. Nil: without.
	TLS func() *tls.Config
}

// keepAlive finds a hub that is gone without a word, where nothing is on its way to it.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}

// dial opens a connection to another hub and says hello, until the deadline of ctx. It returns the id of who is there, which is that of
// the peer unless that has none.
func (d Dialer) dial(ctx context.Context, p Peer, do string) (conn net.Conn, id string, err error) {
	dialer := net.Dialer{KeepAliveConfig: keepAlive}
	conn, err = dialer.DialContext(ctx, "tcp", p.Address)
	if err != nil {
		return nil, "", err
	}
	raw := conn
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	if config := d.tls(p.Address); config != nil {
		conn = tls.Client(conn, config)
	}
	id, err = introduce(conn, d.Secrets(), d.HubID, p.ID, do)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = raw.Close()
		return nil, "", err
	}
	return conn, id, nil
}

// tls is what a connection to an address has. Nil: nothing.
func (d Dialer) tls(address string) *tls.Config {
	if d.TLS == nil {
		return nil
	}
	config := d.TLS()
	if config == nil {
		return nil
	}
	config = config.Clone()
	if host, _, err := net.SplitHostPort(address); err == nil && config.ServerName == "" {
		config.ServerName = host
	}
	return config
}
