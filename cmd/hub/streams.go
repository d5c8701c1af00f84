package main

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/siohub/siohub/cmd/hub/internal/quicserver"
	"github.com/siohub/siohub/cmd/hub/internal/silent"
	"github.com/siohub/siohub/hub"
)

// newStreams returns the server for browsers that come by WebTransport, with the limits of the configuration. It has the
// certificate of listen_tls.
func (f *front) newStreams() *quicserver.Server {
	c := f.config
	limitReached := f.metrics.HubTrace().LimitReached
	return quicserver.New(quicserver.Options{
		TLS: f.webTLS(), Handler: f.serveStream, Enter: f.hub.EnterPeer,
		Most: c.HTTP.WebTransportConnections, Full: func() { limitReached("http.webtransport_connections") },
		HeaderBytes: c.HTTP.HeaderBytes, Patience: c.HTTP.HeaderTimeout, Silent: func() { f.metrics.ConnectionWithoutRequest(silent.Silent) },
		Idle: max(leastIdle, c.SocketIO.PingInterval+c.SocketIO.PingTimeout), AheadBytes: c.Limits.Unfinished.Bytes / aheadShare,
		Panicked: f.metrics.HubTrace().Panic, Logger: f.logger.With("component", "webtransport"),
	})
}

// aheadShare is the share of limits.unfinished_bytes that browsers may send ahead of being read.
const aheadShare = 4

// leastIdle is how long a connection of QUIC may be silent in any case: a short heartbeat finds out by itself who has gone.
const leastIdle = 30 * time.Second

// serveStream gives a request to the hub.
func (f *front) serveStream(w http.ResponseWriter, r *http.Request, accept func(time.Duration) (*quicserver.Link, error)) {
	f.hub.ServeWebTransport(w, r, func(patience time.Duration) (hub.WebTransport, error) {
		link, err := accept(patience)
		if err != nil {
			return nil, err // and no interface that holds a nil pointer
		}
		return link, nil
	})
}

// tlsDoor is the door of listen_tls.
func (f *front) tlsDoor() *door {
	return f.doors[slices.IndexFunc(f.doors, func(d *door) bool { return d.key == "listen_tls" })]
}

// openStreams opens the UDP port beside that of listen_tls: browsers ask for both at the same place.
func (f *front) openStreams() error {
	if f.streams == nil {
		return nil
	}
	at := f.tlsDoor().listener.Addr().(*net.TCPAddr)
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: at.IP, Port: at.Port, Zone: at.Zone})
	if err == nil {
		err = f.streams.Listen(socket)
	}
	if err != nil {
		return fmt.Errorf("cannot listen for WebTransport on UDP %s: %w; choose another address with --listen-tls, or leave webtransport out of --transports", at, err)
	}
	return nil
}
