package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/descriptors"
	"github.com/siohub/siohub/cmd/hub/internal/metrics"
	"github.com/siohub/siohub/cmd/hub/internal/quicserver"
	"github.com/siohub/siohub/hub"
)

// front is where browsers come in: the doors, and WebTransport beside that of listen_tls.
type front struct {
	config  *config.Config
	logger  *slog.Logger
	hub     *hub.Hub
	access  *admission
	metrics *metrics.Metrics
	bounds  *bounds
	doors   []*door
	streams *quicserver.Server // for those that come by WebTransport; nil: none may
}

// newFront returns what is configured. Nothing is open yet.
func (n *node) newFront(page http.Handler) *front {
	f := &front{config: n.config, logger: n.logger, hub: n.hub, access: n.access, metrics: n.metrics, bounds: n.bounds}
	f.doors = f.newDoors(page)
	if n.config.WebTransport() {
		f.streams = f.newStreams()
	}
	return f
}

// listen opens the ports. After an error some may be open.
func (f *front) listen() error {
	addresses := map[string]string{"listen": f.config.Listen, "listen_tls": f.config.TLS.Listen, challengesKey: f.config.TLS.ACME.ListenHTTP}
	for _, d := range f.doors {
		if err := f.openDoor(d, addresses[d.key]); err != nil {
			return err
		}
	}
	return f.openStreams()
}

// full reports whether a door has no descriptor left for another browser.
func (f *front) full() bool {
	for _, d := range f.doors {
		if d.bound.Full() {
			return true
		}
	}
	return false
}

// shutdown closes the listeners at once and then waits for requests, and for what has come by WebTransport.
func (f *front) shutdown(ctx context.Context) error {
	var servers []interface{ Shutdown(context.Context) error }
	for _, d := range f.doors {
		servers = append(servers, d.server)
	}
	if f.streams != nil {
		servers = append(servers, f.streams)
	}
	ended := make(chan error, len(servers))
	for _, s := range servers {
		go func() { ended <- s.Shutdown(ctx) }()
	}
	var err error
	for range servers {
		err = errors.Join(err, <-ended)
	}
	return err
}

// close cuts off what shutdown gave up on.
func (f *front) close() {
	for _, d := range f.doors {
		_ = d.server.Close()
	}
	if f.streams != nil {
		_ = f.streams.Close()
	}
}

// noRoom is what a browser reads for whom there is no descriptor.
const noRoom = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

// bounds keep descriptors back from the connections of listeners.
type bounds struct {
	budget  descriptors.Budget
	metrics *metrics.Metrics
	logger  *slog.Logger
}

// on bounds a listener.
func (b *bounds) on(key string, l net.Listener, most int, answer string) *descriptors.Listener {
	return descriptors.Listen(l, descriptors.Options{
		Name: key, Bound: most, Limit: b.budget.Limit, Answer: answer,
		Refused: func() { b.metrics.ConnectionRefused(key) }, Logger: b.logger,
	})
}
