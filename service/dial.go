package service

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/siohub/siohub/internal/rawcreds"
)

// How much the hub may send before it was read. They are fixed, because gRPC finds
// out better ones by a ping for each round trip, which at a low rate is a write for
// each event.
const (
	streamWindow = 4 << 20
	connWindow   = 8 << 20
)

// dialHub is the dialFunc of Run.
func dialHub(l *link) (grpcConn, func(), error) {
	s := l.svc
	transport := insecure.NewCredentials()
	if s.opts.TLS != nil {
		config := s.opts.TLS.Clone()
		if config.ServerName == "" {
			config.ServerName = l.serverName
		}
		transport = credentials.NewTLS(config)
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(rawcreds.Wrap(transport)),
		grpc.WithUserAgent("siohub-service-go"),
		grpc.WithInitialWindowSize(streamWindow),
		grpc.WithInitialConnWindowSize(connWindow),
	}
	token, err := l.credential.next()
	if err != nil {
		return nil, nil, err
	}
	if token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer(token)))
	}
	conn, err := grpc.NewClient(l.address, append(options, s.opts.DialOptions...)...)
	if err != nil {
		return nil, nil, &ConfigError{Field: "Options.Hub", Problem: err.Error()}
	}
	return conn, func() { conn.Close() }, nil
}

// credential gives the token for each connection to one address. One that the hub there
// has refused is not shown again.
type credential struct {
	source func() (string, error) // nil: there is one token for ever
	fixed  string

	mu      sync.Mutex // guards the fields below
	last    string     // that was given out
	refused string     // empty: none was
}

// next is the token for the next connection. Empty means none.
func (c *credential) next() (string, error) {
	token := c.fixed
	if c.source != nil {
		var err error
		if token, err = c.source(); err != nil {
			return "", err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.source != nil && token == c.refused && token != "" {
		return "", &StatusError{Code: codes.Unauthenticated, Reason: "TOKEN_REFUSED", Message: "the token that the hub refused has not changed"}
	}
	c.last = token
	return token, nil
}

// mayDiffer reports whether the error is that the hub refused the last token, and there may
// be another one.
func (c *credential) mayDiffer(err error) bool {
	var status *StatusError
	if !errors.As(err, &status) || status.Code != codes.Unauthenticated {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused = c.last
	return c.source != nil
}

// bearer sends a token with each call. Options.validate has refused the roads on
// which it would be seen, so that TLS need not be asked for again.
type bearer string

// GetRequestMetadata is credentials.PerRPCCredentials.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity is credentials.PerRPCCredentials.
func (bearer) RequireTransportSecurity() bool { return false }

// String keeps the token out of logs.
func (bearer) String() string { return "***" }

// GoString keeps the token out of logs.
func (bearer) GoString() string { return "***" }
