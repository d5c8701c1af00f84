package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/siohub/siohub/cmd/hub/internal/admin"
	"github.com/siohub/siohub/cmd/hub/internal/adminui"
	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/cmd/hub/internal/descriptors"
	"github.com/siohub/siohub/cmd/hub/internal/metrics"
	"github.com/siohub/siohub/cmd/hub/internal/token"
	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
)

// node is one hub process: the hub, its control plane and the listeners.
// newNode reads tokens, certificates and keys, listen opens the ports, serve runs until it is told to end.
type node struct {
	// Set by newNode.
	config    *config.Config
	logger    *slog.Logger
	hub       *hub.Hub
	control   *controlplane.Server
	adminUI   *adminui.UI // nil: it is off
	access    *admission
	metrics   *metrics.Metrics
	bounds    *bounds
	front     *front // for browsers
	grpc      *grpc.Server
	peers     *peerDoor // for other hubs; nil: there is none
	admin     *http.Server
	health    *http.Server // nil: there is none
	startTime time.Time
	reloader  *reloader // nil: SIGHUP has its ordinary meaning

	// Set by listen.
	controlListener, adminListener, healthListener net.Listener

	// notReady says why browsers and services had better not come; nil when they may.
	notReady atomic.Pointer[string]
}

// extras are what a node gets beside its configuration.
type extras struct {
	// page answers what is not the hub's on the browser listener. Nil answers 404.
	page http.Handler
	// tokens are let in beside those of the configuration.
	tokens []token.Token
	// droppedLines counts lines that the log has lost.
	droppedLines func() uint64
}

// newNode puts the parts together. Keys of issuers are fetched until ctx ends. Its errors are a *config.Error or a
// *hub.ConfigError.
func newNode(ctx context.Context, c *config.Config, extra extras, logger *slog.Logger) (*node, error) {
	n := &node{config: c, logger: logger, startTime: time.Now()}
	n.setNotReady("starting")
	m := metrics.New(hubVersion())
	n.metrics = m
	n.bounds = &bounds{budget: descriptors.Plan(), metrics: m, logger: logger}
	m.DroppedLogLines(extra.droppedLines)
	cc := c.ControlPlane()
	cc.HubVersion = hubVersion()
	if c.AdminUI.Enabled {
		cc.Private = []string{c.AdminUI.Namespace}
	}
	cc.Logger, cc.Trace, cc.Registerer = logger, m.ControlTrace(), m.Registerer()
	var err error
	if n.access, err = openAdmission(ctx, c, extra.tokens, logger, m); err != nil {
		return nil, err
	}
	n.access.configure(&cc, c)
	if n.control, err = controlplane.New(cc); err != nil {
		return nil, err
	}
	app, err := n.withAdminUI(n.control)
	if err != nil {
		return nil, err
	}
	hc := hubConfig(c, app, logger, m.HubTrace())
	n.access.peers.configure(&hc, c.Cluster)
	hc.Cluster.ID, hc.Cluster.ControlAddress = n.control.HubID(), cc.ControlAddress
	if hc.Cluster.Engine, err = newEngine(c, logger, m.ClusterTrace()); err != nil {
		return nil, err
	}
	if n.hub, err = hub.New(hc); err != nil {
		return nil, err
	}
	n.access.peers.bind(n.hub)
	n.control.Bind(n.hub)
	if n.adminUI != nil {
		n.adminUI.Bind(n.hub)
	}
	n.peers = n.newPeerDoor()
	n.grpc = n.control.GRPC(grpc.Creds(n.control.Credentials(n.access.credentials())))
	n.front = n.newFront(extra.page)
	n.admin = newAdminServer(admin.New(admin.Options{Status: n.status, Metrics: m.Handler(), Hosts: adminHosts(c)}), logger)
	if c.Admin.Health != "" {
		n.health = newAdminServer(admin.NewHealth(n.whyNotReady), logger)
	}
	return n, nil
}

func (n *node) setNotReady(why string) { n.notReady.Store(&why) }

// listen opens the ports, or none.
func (n *node) listen() (err error) {
	defer func() {
		if err != nil {
			n.closeListeners()
		}
	}()
	if err = n.front.listen(); err != nil {
		return err
	}
	if n.controlListener, err = listen("control.listen", n.config.Control.Listen); err != nil {
		return err
	}
	n.controlListener = n.bounds.on("control.listen", n.controlListener, n.bounds.budget.Services, "")
	if n.peers != nil {
		if err = n.peers.listen(n.config.Cluster.Listen, n.bounds); err != nil {
			return err
		}
	}
	if n.adminListener, err = listen("admin.listen", n.config.Admin.Listen); err != nil || n.health == nil {
		return err
	}
	n.healthListener, err = listen("health.listen", n.config.Admin.Health)
	return err
}

func listen(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err == nil {
		return l, nil
	}
	var cause *net.OpError
	if errors.As(err, &cause) {
		err = cause.Err // without the address, which stands in the message already
	}
	return nil, fmt.Errorf("cannot listen on %s: %w; choose another address with --%s",
		address, err, config.FlagOf(key))
}

// upkeep starts what goes on beside the listeners; the function that it returns ends
// it.
func (n *node) upkeep() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { tidy(ctx.Done(), n.hub.SessionCount) })
	running.Go(func() { n.access.run(ctx) })
	if n.adminUI != nil {
		running.Go(func() { n.adminUI.Run(ctx) })
	}
	if n.reloader != nil {
		running.Go(func() { n.reloader.run(ctx) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

func (n *node) closeListeners() {
	all := []net.Listener{n.controlListener, n.adminListener, n.healthListener}
	if n.peers != nil {
		all = append(all, n.peers.listener)
	}
	for _, d := range n.front.doors {
		all = append(all, d.listener)
	}
	for _, l := range all {
		if l != nil {
			_ = l.Close() // closed already by its server, or never used
		}
	}
	if n.front.streams != nil {
		_ = n.front.streams.Close()
	}
}

// serve answers until ctx ends, which is an orderly end without an error, or until
// a listener fails.
func (n *node) serve(ctx context.Context) error {
	failed := make(chan error, 7)
	running := 0
	run := func(name string, serve func() error) {
		running++
		go func() { // ends when its server is shut down; serve waits for all of them
			if err := serve(); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, grpc.ErrServerStopped) {
				failed <- fmt.Errorf("%s listener: %w", name, err)
				return
			}
			failed <- nil
		}()
	}
	for _, d := range n.front.doors {
		run(d.key, d.serve)
	}
	if n.front.streams != nil {
		run("webtransport", n.front.streams.Serve)
	}
	run("control", func() error { return n.grpc.Serve(n.controlListener) })
	if n.peers != nil {
		run("cluster", n.peers.serve)
	}
	run("admin", func() error { return n.admin.Serve(n.adminListener) })
	if n.health != nil {
		run("health", func() error { return n.health.Serve(n.healthListener) })
	}
	if err := n.hub.Cluster().Open(); err != nil {
		n.logger.Error("the cluster cannot be entered: this hub is alone", "error", err)
	}
	n.notReady.Store(nil)
	stop := n.upkeep()
	defer stop()

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
		running--
	}
	n.shutdown()
	for ; running > 0; running-- {
		err = errors.Join(err, <-failed)
	}
	return err
}
