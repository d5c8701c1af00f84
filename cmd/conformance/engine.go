package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/siohub/siohub/hub/engineecho"
)

// runEngine serves Engine.IO alone: every message goes back unchanged.
func runEngine(ctx context.Context, s settings, stderr io.Writer) error {
	server, err := engineecho.New(engineecho.Config{
		PingInterval: s.pingInterval,
		PingTimeout:  s.pingTimeout,
		MaxPayload:   s.maxPayload,
		Logger:       logger(s, stderr),
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	srv := &http.Server{Handler: server}
	server.ConfigureHTTP(srv)
	serveHTTP(srv, l, failed)
	fmt.Fprintf(stderr, "conformance: Engine.IO echo on http://%s%s\n", l.Addr(), engineecho.Path)
	err = wait(ctx, failed)

	end, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	return errors.Join(err, server.Close(end), srv.Shutdown(end))
}
