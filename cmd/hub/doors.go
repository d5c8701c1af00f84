package main

import (
	"crypto/tls"
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
func (f *front) newDoors(page http.Handler) (doors []*door) {
	if f.config.Listen != "" {
		doors = append(doors, &door{key: "listen", server: f.newWebServer(f.webHandler(page))})
	}
	if f.config.TLS.Listen != "" {
		d := &door{key: "listen_tls", server: f.newWebServer(f.webHandler(page)), tls: true}
		d.server.TLSConfig = f.webTLS()
		d.server.Protocols.SetHTTP2(true)
		d.server.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: streamBuffer, MaxReceiveBufferPerStream: streamBuffer}
		doors = append(doors, d)
	}
	if f.config.TLS.ACME.ListenHTTP != "" {
		doors = append(doors, &door{key: challengesKey, server: f.newChallengeServer(f.access.issued.Challenges())})
	}
	return doors
}

// challengesKey is the listener on which an authority looks for what it has asked for (HTTP-01). Browsers may come to it as well.
const challengesKey = "tls.acme.listen_http"

// webTLS is the TLS of listen_tls: by certificates that an authority issues, or by those in files.
func (f *front) webTLS() *tls.Config {
	if f.access.issued != nil {
		return f.access.issued.Config()
	}
	return f.access.web.Config()
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
func (f *front) openDoor(d *door, address string) error {
	l, err := listen(d.key, address)
	if err != nil {
		return err
	}
	answer := noRoom
	if d.tls {
		answer = "" // it could not be read
	}
	d.bound = f.bounds.on(d.key, l, f.bounds.budget.Browsers, answer)
	d.listener = d.bound
	if slices.Contains(f.config.HTTP.ProxyProtocol, d.key) {
		d.listener = f.hub.ProxyListener(d.listener)
	}
	if d.tls {
		d.listener = f.hub.TLSListener(d.listener)
	} else {
		d.listener = f.hub.Listener(d.listener)
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
