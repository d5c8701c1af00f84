package service

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// How much the hub may send before it was read. They are fixed, because gRPC finds
// out better ones by a ping for each round trip, which at a low rate is a write for
// each event.
const (
	streamWindow = 4 << 20
	connWindow   = 8 << 20
)

// dialFunc gives a connection for one stream, and what ends it. A fresh one is
// made for each attempt, so that the wait between attempts is this package's alone
// and not that of gRPC's channel besides.
type dialFunc func() (grpc.ClientConnInterface, func(), error)

func (s *Service) dial() (grpc.ClientConnInterface, func(), error) {
	transport := insecure.NewCredentials()
	if s.opts.TLS != nil {
		transport = credentials.NewTLS(s.opts.TLS.Clone())
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithUserAgent("siohub-service-go"),
		grpc.WithInitialWindowSize(streamWindow),
		grpc.WithInitialConnWindowSize(connWindow),
	}
	if s.opts.Token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearer(s.opts.Token)))
	}
	conn, err := grpc.NewClient(s.opts.Hub, append(options, s.opts.DialOptions...)...)
	if err != nil {
		return nil, nil, &ConfigError{Field: "Options.Hub", Problem: err.Error()}
	}
	return conn, func() { conn.Close() }, nil
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
