package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/siohub/siohub/cmd/hub/internal/certs"
	"github.com/siohub/siohub/cmd/hub/internal/clustersecret"
	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/hub"
)

// peerAccess is how hubs prove to each other who they are. A part that is not configured is nil.
type peerAccess struct {
	tls     *certs.Files
	secrets *clustersecret.Secrets
	hub     *hub.Hub // set by bind, before files are watched
}

// open reads the files. Its error is a *config.Error.
func (p *peerAccess) open(c config.Cluster, logger *slog.Logger) (err error) {
	log := logger.With("component", "cluster")
	if t := c.TLS; t.Cert != "" {
		p.tls, err = certs.Open(certs.Options{Cert: t.Cert, Key: t.Key, ClientCA: t.CA, Protocols: []string{"http/1.1"}, Logger: log})
		var file *certs.Error
		if errors.As(err, &file) && file.Setting == "client_ca" {
			file.Setting = "ca"
		}
		if err != nil {
			return accessError("cluster.tls.", err)
		}
	}
	if c.SecretFile != "" {
		p.secrets, err = clustersecret.Open(c.SecretFile, log, func() { p.hub.RefreshPeers() })
		if err != nil {
			return &config.Error{Problems: []*config.Problem{{Key: "cluster.secret_file", Value: c.SecretFile, Allowed: err.Error()}}}
		}
	}
	return nil
}

// configure puts what there is into the hub's configuration.
func (p *peerAccess) configure(h *hub.Config, c config.Cluster) {
	if c.Listen == "" {
		return
	}
	r := &h.Cluster.Relay
	r.Certificates = c.TLS.CA != ""
	if p.secrets != nil {
		r.Secrets = p.secrets.List
	}
	if p.tls != nil {
		r.TLS = func() *tls.Config { return p.tls.Client() }
	}
}

// shared is what all hubs of the cluster know, and nobody else. Nil: there is nothing.
func (p *peerAccess) shared() func() [][]byte {
	if p.secrets == nil {
		return nil
	}
	return p.secrets.List
}

// bind is for the hub that was made.
func (p *peerAccess) bind(h *hub.Hub) { p.hub = h }

const peersKey = "cluster.listen"

// peerDoor is the listener for other hubs with its server.
type peerDoor struct {
	server   *http.Server
	listener net.Listener // set by listen
}

// newPeerDoor returns it. Nil: other hubs do not come here.
func (n *node) newPeerDoor() *peerDoor {
	if n.config.Cluster.Listen == "" {
		return nil
	}
	s := &http.Server{ErrorLog: httpLog(n.logger)}
	n.hub.ConfigureHTTP(s)
	s.MaxHeaderBytes = n.config.HTTP.HeaderBytes - headerSlack
	n.hub.ConfigurePeerHTTP(s)
	if n.access.peers.tls != nil {
		s.TLSConfig = n.access.peers.tls.Config()
	}
	return &peerDoor{server: s}
}

// listen opens the port. Other hubs have as much of the descriptors as browsers.
func (d *peerDoor) listen(address string, b *bounds) error {
	l, err := listen(peersKey, address)
	if err != nil {
		return err
	}
	d.listener = b.on(peersKey, l, b.budget.Browsers, "")
	return nil
}

// serve answers until the server is shut down.
func (d *peerDoor) serve() error {
	if d.server.TLSConfig != nil {
		return d.server.ServeTLS(d.listener, "", "")
	}
	return d.server.Serve(d.listener)
}

// stop ends that. What other hubs still hold for browsers of this one has been answered by then.
func (d *peerDoor) stop(ctx context.Context) error {
	err := d.server.Shutdown(ctx)
	_ = d.server.Close()
	return err
}
