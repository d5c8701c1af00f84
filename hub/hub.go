package hub

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/federation"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// Hub serves Socket.IO to browsers. It is an http.Handler for its path; all methods may be called at
// the same time.
type Hub struct {
	// set at construction
	engine  *engineio.Server
	sockets *socketio.Server
	client  *clientHandler // nil: no client files
	oldest  *oldestClients
	checks  *checks
	id      string
	// federation is the other hubs. Nil: there are none.
	federation *federation.Federation
	relay      *relaying // nil: requests are not passed on
}

// New returns a hub that is ready to serve. A setting that cannot be is a *ConfigError.
func New(config Config) (*Hub, error) {
	config = config.WithDefaults()
	if config.Application == nil {
		return nil, &ConfigError{Key: "application", Value: "nil", Allowed: "an Application"}
	}
	if problems := config.Problems(); len(problems) > 0 {
		return nil, problems[0]
	}
	client, err := newClientHandler(config)
	if err != nil {
		return nil, err
	}
	json := siopacket.NewJSON(config.Limits.packet())
	if config.Cluster.ID == "" {
		config.Cluster.ID = newID()
	}
	h := &Hub{id: config.Cluster.ID, client: client, checks: &checks{json: json, limits: config.Limits, limitReached: config.Trace.LimitReached}}
	// What other servers say is carried out until the hub has ended: who leaves it has to have heard it.
	others := foreign{&checks{json: json, limits: config.Limits, limitReached: config.Trace.LimitReached}}
	sessions := config.sessions(others)
	sockets := config.sockets(json, &bridge{config.Application, h.checks})
	sockets.Elsewhere = config.elsewhere(sessions, others)
	h.sockets = socketio.New(sockets)
	engine := config.engine(h.sockets)
	h.relay = newRelaying(&config, h, &engine)
	h.engine = engineio.New(engine)
	h.oldest = newOldestClients(&config, json, h.engine)
	h.federation = h.federate(config, sessions, others)
	return h, nil
}

// ServeHTTP answers the requests of browsers, for the hub's path only; any other gets 404.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if name, ok := h.client.takes(r); ok {
		h.engine.Decorate(w, r)
		h.client.serve(w, r, name)
		return
	}
	if h.oldest.takes(r) {
		h.oldest.server.ServeHTTP(w, r)
		return
	}
	h.engine.ServeHTTP(w, r)
}

// ConfigureHTTP sets the limits on an http.Server that the hub relies on: 16 KiB of headers, 10 s for
// them, an idle and a write timeout; and that ServeHTTP answers `OPTIONS *` as well. Call it before the server starts.
func (h *Hub) ConfigureHTTP(s *http.Server) { h.engine.ConfigureHTTP(s) }

// Listener bounds the connections of each address on a listener for browsers, as Rates says. It takes nothing from the one
// below but its connections, and closes it with itself; TLS goes on top of it. Loopback, private addresses and
// Config.Proxies are exempt.
func (h *Hub) Listener(below net.Listener) net.Listener { return h.engine.Listener(below) }

// TLSListener is Listener for one on which TLS goes: who is refused there is closed without an answer, which could not be read.
func (h *Hub) TLSListener(below net.Listener) net.Listener { return h.engine.TLSListener(below) }

// WebTransport is one WebTransport session with its first bidirectional stream, as a server of HTTP/3 has it.
type WebTransport = engineio.WebTransport

// ServeWebTransport answers a request for a WebTransport session under the hub's path, and returns when it is known what comes of it.
// accept answers with 200 and returns the session with its first bidirectional stream, or an error where there is none within
// patience.
func (h *Hub) ServeWebTransport(w http.ResponseWriter, r *http.Request, accept func(patience time.Duration) (WebTransport, error)) {
	h.engine.ServeWebTransport(w, r, accept)
}

// EnterPeer counts a connection of QUIC by its address, which has been verified, as Listener does others: it is to be accepted
// after wait, and leave called when it has ended. False: it is to be refused. Both may be called at the same time.
func (h *Hub) EnterPeer(address netip.Addr) (wait time.Duration, leave func(), ok bool) {
	return h.engine.EnterPeer(address)
}

// ProxyListener returns a listener whose connections begin with a header of the PROXY protocol, version 1 or 2, and come
// from the addresses in it. One whose peer is none of Config.Proxies, or that sends no such header within 5 s, is closed. Listener
// and TLSListener go on top of it. It belongs to the caller, with the one below, and has a goroutine from the first Accept
// until it is closed.
func (h *Hub) ProxyListener(below net.Listener) net.Listener { return h.engine.ProxyListener(below) }

// Drain prepares an orderly end: browsers that come are sent elsewhere (503), and those that are here
// leave in waves and in random order over the time of spread, so that they do not come back all at once
// to the other hubs. Few of them leave sooner: at least 100 a second. Zero means all at once. Each socket leaves with
// reason `server shutting down`, after what was emitted to it before. Drain returns when all
// have gone, a second after the last one was told, or with the cause of ctx. Shutdown has to follow.
func (h *Hub) Drain(ctx context.Context, spread time.Duration) error {
	h.sockets.Share()
	relayed := h.relay.drain(ctx, spread)
	err := h.engine.Drain(ctx, spread)
	relayed()
	return err
}

// Shutdown ends every session, each socket with reason `server shutting down`, and returns when the
// application has heard every Disconnected and the hub's goroutines have ended, or with the cause of
// ctx. Browsers see a lost transport and come back by themselves. It may be called more than once.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.checks.closed.Store(true)
	h.sockets.Share()
	released := h.relay.release(ctx)
	err := h.engine.Close(ctx)
	released()
	if err = errors.Join(err, h.relay.close(ctx)); err != nil {
		return err
	}
	if err := h.sockets.Wait(ctx); err != nil {
		return err
	}
	return h.federation.Close(ctx)
}

// Stats counts what the hub holds at this moment.
type Stats struct {
	// Sessions counts open sessions.
	Sessions int
	// Attempts counts connect attempts without a decision.
	Attempts int
	// Sockets counts the sockets of each namespace that has any.
	Sockets map[string]int
	// Away counts the sessions of each namespace whose browsers are away and may come back.
	Away map[string]int
	// Recovery is what is kept for them.
	Recovery RecoveryStats
}

// Namespaces are those that have sockets, or sessions that are away, in no order.
func (h *Hub) Namespaces() []string { return h.sockets.Namespaces() }

// RecoveryStats are what is kept for browsers that are away.
type RecoveryStats struct {
	// Away counts sessions, SessionBytes is what they hold, LogBytes what is kept of what was emitted.
	Away                   int
	SessionBytes, LogBytes int64
}

// Recovers reports whether browsers may take up the sessions that they had.
func (h *Hub) Recovers() bool { return h.sockets.Recovers() }

// Stats counts what the hub holds at this moment.
func (h *Hub) Stats() Stats {
	return Stats{
		Sessions: h.engine.SessionCount(),
		Attempts: h.sockets.Attempts(),
		Sockets:  h.sockets.Sockets(),
		Away:     h.sockets.Away(),
		Recovery: RecoveryStats(h.sockets.Kept()),
	}
}
