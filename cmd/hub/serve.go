package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/descriptors"
)

// serveCmd runs the hub.
type serveCmd struct{ options }

// Help is shown by `hub serve --help`.
func (serveCmd) Help() string {
	return `Opens three ports: for browsers, for services, for operators; and others if asked to (listen_tls, tls.acme.listen_http, cluster.listen, health.listen). SIGTERM or Ctrl-C ends it in order; a second one at once. SIGHUP reads the configuration, tokens and certificates again.`
}

// Run implements `hub serve`.
func (c *serveCmd) Run(a *app) error {
	loaded, err := c.load(a)
	if err != nil {
		return err
	}
	stderr := a.log(loaded.Config.Log)
	defer stderr.Flush(flushTime)
	signals, stop := hangups()
	defer stop()
	logger, levels := newLogger(stderr, loaded)
	n, err := newNode(a.ctx, loaded.Config, extras{droppedLines: stderr.Dropped}, logger)
	if err != nil {
		return err
	}
	n.reloader = &reloader{
		load: func() (*config.Loaded, error) { return c.load(a) }, levels: levels, access: n.access, logger: logger,
		inForce: loaded.Config, signals: signals,
	}
	if err := n.listen(); err != nil {
		return err
	}
	n.warn()
	warnOfDescriptors(n.config, n.bounds.budget, logger)
	warnOfAdminUI(n.config, logger)
	warnOfMemory(n.config, memoryLimit(), logger)
	n.announce(stderr)
	return n.serve(a.ctx)
}

// warn says what an operator should know about a configuration that is allowed.
func (n *node) warn() {
	c := n.config
	if (c.Insecure || !config.IsLoopback(c.Control.Listen)) && !c.Control.Guarded() {
		n.logger.Warn("services need no token: whoever reaches the control listener reads and writes everything",
			"address", n.controlListener.Addr().String(), "option", "control.tokens_file")
	}
	if !config.IsLoopback(c.Admin.Listen) {
		n.logger.Warn("other machines reach the admin listener: it shows profiles and has no password",
			"address", n.adminListener.Addr().String(), "option", "admin.listen")
	}
}

// warnOfDescriptors says that the system lets in fewer browsers than the configuration.
func warnOfDescriptors(c *config.Config, b descriptors.Budget, logger *slog.Logger) {
	if most := c.Limits.MaxSessions; b.Limit > 0 && (most == 0 || most > b.Browsers) {
		logger.Warn("more browsers are allowed than there are file descriptors for them: raise the limit (ulimit -n, LimitNOFILE) or lower limits.max_sessions",
			"max_sessions", most, "descriptors", b.Limit, "for_browsers", b.Browsers)
	}
}

// announce says that the ports are open, and which: one line, the same at every
// log level, for people and for programs that wait for it.
func (n *node) announce(w io.Writer) {
	places := []any{"browsers", n.front.doors[0].url(n.config.SocketIO.Path), "services", dialable(n.controlListener.Addr()), "admin", "http://" + dialable(n.adminListener.Addr())}
	for _, d := range n.front.doors[1:] {
		if d.tls {
			places = append(places, "browsers_tls", d.url(n.config.SocketIO.Path))
		} else {
			places = append(places, "challenges", d.url("/"))
		}
	}
	if n.front.streams != nil {
		places = append(places, "webtransport", n.front.tlsDoor().url(n.config.SocketIO.Path))
	}
	if n.peers != nil {
		places = append(places, "hubs", dialable(n.peers.listener.Addr()))
	}
	if n.healthListener != nil {
		places = append(places, "health", "http://"+dialable(n.healthListener.Addr()))
	}
	places = append(places, "version", hubVersion())
	if n.config.Log.Format == "json" {
		slog.New(slog.NewJSONHandler(w, nil)).Info("hub ready", places...)
		return
	}
	line := "hub ready"
	for i := 0; i < len(places); i += 2 {
		line += fmt.Sprintf(" %v=%v", places[i], places[i+1])
	}
	_, _ = fmt.Fprintln(w, line)
}

// dialable turns the address of a listener on all interfaces into one that works
// when it is pasted.
func dialable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return address.String()
	}
	return fmt.Sprintf("localhost:%d", tcp.Port)
}
