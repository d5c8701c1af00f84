package main

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"

	"github.com/siohub/siohub/cmd/hub/internal/descriptors"
)

// door is a listener for browsers with its server.
type door struct {
	key    string // listen, listen_tls or challengesKey
	server *http.Server
	tls    bool

	// Set by open.
	listener net.Listener
	bound    *descriptors.Listener // the listener, as it is full or not
}

// newDoors returns the listeners for browsers that are configured.
func (n *node) newDoors(page http.Handler) (doors []*door) {
	if n.config.Listen != "" {
		doors = append(doors, &door{key: "listen", server: n.newWebServer(n.webHandler(page))})
	}
	if n.config.TLS.Listen != "" {
		d := &door{key: "listen_tls", server: n.newWebServer(n.webHandler(page)), tls: true}
		d.server.TLSConfig = n.webTLS()
		d.server.Protocols.SetHTTP2(true)
		d.server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: streamBuffer, MaxReceiveBufferPerStream: streamBuffer}
		doors = append(doors, d)
	}
	if n.config.TLS.ACME.ListenHTTP != "" {
		doors = append(doors, &door{key: challengesKey, server: n.newChallengeServer(n.access.issued.Challenges())})
	}
	return doors
}

// challengesKey is the listener on which an authority looks for what it has asked for (HTTP-01). Browsers may come to it as well.
const challengesKey = "tls.acme.listen_http"

// webTLS is the TLS of listen_tls: by certificates that an authority issues, or by those in files.
func (n *node) webTLS() *tls.Config {
	if n.access.issued != nil {
		return n.access.issued.Config()
	}
	return n.access.web.Config()
}

const (
	// maxStreams is how many requests one connection of HTTP/2 may have at a time: a browser has two for each session.
	maxStreams = 100
	// streamBuffer is how much one connection of HTTP/2 may send ahead of what is read, the least that net/http takes.
	streamBuffer = 64 << 10
)

// webProtocols are those of listen_tls. A browser opens a connection of HTTP/1.1 for a WebSocket.
var webProtocols = []string{"h2", "http/1.1"}

// openDoor opens the port of a listener for browsers. What counts connections of an address comes after the header that says
// whose they are.
func (n *node) openDoor(d *door, address string) error {
	l, err := listen(d.key, address)
	if err != nil {
		return err
	}
	answer := noRoom
	if d.tls {
		answer = "" // it could not be read
	}
	d.bound = n.bound(d.key, l, n.budget.Browsers, answer)
	d.listener = d.bound
	if slices.Contains(n.config.HTTP.ProxyProtocol, d.key) {
		d.listener = n.hub.ProxyListener(d.listener)
	}
	if d.tls {
		d.listener = n.hub.TLSListener(d.listener)
	} else {
		d.listener = n.hub.Listener(d.listener)
	}
	return nil
}

// serve answers until the server is shut down.
func (d *door) serve() error {
	if d.tls {
		return d.server.ServeTLS(d.listener, "", "")
	}
	return d.server.Serve(d.listener)
}

// url is where browsers find the door.
func (d *door) url(path string) string {
	scheme := "http://"
	if d.tls {
		scheme = "https://"
	}
	return scheme + dialable(d.listener.Addr()) + path
}

// shutdownDoors closes the listeners for browsers at once and then waits for requests, and for what has come by
// WebTransport.
func (n *node) shutdownDoors(ctx context.Context) error {
	var servers []interface{ Shutdown(context.Context) error }
	for _, d := range n.doors {
		servers = append(servers, d.server)
	}
	if n.streams != nil {
		servers = append(servers, n.streams)
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
