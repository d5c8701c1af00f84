package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/rawcreds"
	"github.com/siohub/siohub/service"
)

// parts are the hub's, in the order in which they are started.
type parts struct {
	control *controlplane.Server
	grpc    *grpc.Server
	hub     *hub.Hub
	admin   *http.Server
	browser *http.Server
}

// runHub serves hub, control plane and service.
func runHub(ctx context.Context, s settings, stderr io.Writer) error {
	log := logger(s, stderr)
	p, err := assemble(s, log)
	if err != nil {
		return err
	}
	failed := make(chan error, 3) // one for each server
	browsers, where, err := p.listen(s, failed)
	if err != nil {
		return errors.Join(err, p.close())
	}
	control, err := net.Listen("tcp", s.controlListen)
	if err != nil {
		return errors.Join(err, browsers.Close(), p.close())
	}
	go func() { // ends with p.close, after which its error is of no interest
		if err := p.grpc.Serve(control); err != nil {
			failed <- err
		}
	}()

	svc := serviceOf(s)(control.Addr().String(), log)
	served := make(chan error, 1)
	serviceCtx, stopService := context.WithCancel(ctx)
	defer stopService()
	go func() { served <- svc.Run(serviceCtx) }()
	if err := svc.Ready(ctx); err != nil {
		stopService()
		return errors.Join(err, <-served, browsers.Close(), p.close())
	}

	// Browsers are let in last, so that nobody finds the namespaces unknown.
	serveHTTP(p.browser, browsers, failed)
	fmt.Fprintf(stderr, "conformance: hub on http://%s/socket.io/, services on %s%s\n",
		browsers.Addr(), control.Addr(), where)
	err = wait(ctx, failed)
	stopService()
	return errors.Join(err, <-served, p.close())
}

// serviceOf is the application that a suite talks to.
func serviceOf(s settings) func(hubAddr string, log *slog.Logger) *service.Service {
	if s.client {
		return newClientService
	}
	return newService
}

// protocolConfig is the hub of the protocol suites.
func protocolConfig(s settings) hub.Config {
	return hub.Config{
		Heartbeat:      hub.Heartbeat{Interval: s.pingInterval, Timeout: s.pingTimeout},
		ConnectTimeout: s.connectTimeout,
		MaxPayload:     s.maxPayload,
		Protocol:       hub.Protocol{Parser: s.parser, AllowEIO3: true},
		Rates:          hub.Rates{Messages: -1, Bytes: -1, Handshakes: -1, Unjoined: -1, UnknownSessions: -1}, // the suites are in a hurry
		CORS:           hub.CORS{Origins: []string{"*"}},
	}
}

// assemble makes the parts and ties them together.
func assemble(s settings, log *slog.Logger) (*parts, error) {
	g := newGauges()
	cc, hc := controlplane.Config{}, clientConfig()
	if !s.client {
		// Services of the hostile suite come for one input: what waits for them after that is given up soon.
		cc.Parking.Age = 2 * time.Second
		cc.StartGrace = -1 // /random is refused at once
		hc = protocolConfig(s)
	}
	cc.Registerer, cc.Logger, cc.Trace = g.registry, log, g.controlTrace()
	control, err := controlplane.New(cc)
	if err != nil {
		return nil, err
	}
	hc.Application, hc.Logger, hc.Trace = control, log, g.hubTrace()
	h, err := hub.New(hc)
	if err != nil {
		return nil, err
	}
	control.Bind(h)
	p := &parts{control: control, grpc: control.GRPC(grpc.Creds(rawcreds.Wrap(insecure.NewCredentials()))), hub: h, browser: &http.Server{Handler: h}}
	h.ConfigureHTTP(p.browser)
	if s.client {
		p.browser.Handler = delayed(h)
	}
	if s.adminListen != "" {
		p.admin = &http.Server{Handler: g.handler(h)}
	}
	return p, nil
}

// listen opens the browsers' port and serves the admin one; where is the admin
// port's part of the ready line.
func (p *parts) listen(s settings, failed chan<- error) (browsers net.Listener, where string, err error) {
	if p.admin != nil {
		l, err := net.Listen("tcp", s.adminListen)
		if err != nil {
			return nil, "", err
		}
		serveHTTP(p.admin, l, failed)
		where = fmt.Sprintf(", metrics on http://%s/metrics", l.Addr())
	}
	browsers, err = net.Listen("tcp", s.addr)
	return browsers, where, err
}

// close ends the parts in order: browsers, then services, then the admin port.
func (p *parts) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	err := errors.Join(p.hub.Shutdown(ctx), p.browser.Shutdown(ctx), p.control.Shutdown(ctx))
	if p.admin != nil {
		err = errors.Join(err, p.admin.Close())
	}
	return err
}
