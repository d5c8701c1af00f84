package relay

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/internal/sampledlog"
)

const component = "cluster"

const (
	// connectTime bounds a connection to another hub until it may be used: a hub that is gone without a word is told of by
	// nothing else until membership notices.
	connectTime = 2 * time.Second
	// downTime is how long a hub is left alone that did not answer to connect in connectTime.
	downTime = time.Second
	// idleTime is how long a connection to another hub is kept that has no request.
	idleTime = 30 * time.Second
	// answerSlack is what another hub may take for an answer beyond what it holds one.
	answerSlack = 10 * time.Second
	// giveUpTime is how long a browser may not take anything of what is sent to it.
	giveUpTime = 20 * time.Second
	// headerSlack is how much larger the headers of a request are that is passed on.
	headerSlack = 1 << 10
)

// Config says how a Relay behaves. Every field but TLS, Keep and Trace is required.
type Config struct {
	Dialer
	// Peers says where the others are.
	Peers Peers
	// Held is how long another hub holds a request at most.
	Held time.Duration
	// Requests bounds those that are passed on to one hub at a time, WebSockets those to all hubs.
	Requests, WebSockets int
	// Keep takes over what the connection of a browser counts for; leave is called once the browser has gone. Nil: it counts for nothing.
	Keep   func(net.Conn) (leave func())
	Logger *slog.Logger
	Trace  *Trace
}

// The keys of the bounds.
const (
	requestsKey   = "cluster.relay.requests"
	webSocketsKey = "cluster.relay.websockets"
)

// Relay passes requests on to the hubs that have their sessions. It is an engineio.Elsewhere; its methods may be called at the
// same time.
type Relay struct {
	config     Config
	key        string // of this hub
	trace      *Trace
	failing    *sampledlog.Line
	busy       *sampledlog.Line
	links      *links
	webSockets *webSockets
}

// New returns a relay.
func New(config Config) *Relay {
	log := config.Logger.With("component", component)
	trace := config.Trace.withDefaults()
	return &Relay{
		config: config, key: Key(config.HubID), trace: trace,
		failing: sampledlog.New(log, sampledlog.Second), busy: sampledlog.New(log, sampledlog.Second),
		links: newLinks(&config), webSockets: newWebSockets(&config, trace, log),
	}
}

var _ engineio.Elsewhere = (*Relay)(nil)

// Has implements engineio.Elsewhere.
func (r *Relay) Has(sid string) bool {
	key, ok := KeyOf(sid)
	elsewhere := ok && key != r.key
	r.trace.Request(elsewhere)
	return elsewhere
}

// Serve implements engineio.Elsewhere.
func (r *Relay) Serve(w http.ResponseWriter, req *http.Request, sid string, from request.Sender) engineio.Outcome {
	kind := kindOf(req)
	result := r.serve(w, req, sid, from, kind)
	r.trace.PassedOn(kind, result)
	switch result {
	case ResultAnswered, ResultGone:
		return engineio.Answered
	case ResultBusy:
		return engineio.Busy
	}
	return engineio.Unknown
}

// The kinds of requests.
const (
	kindGet       = "get"
	kindPost      = "post"
	kindWebSocket = "websocket"
	kindOther     = "other"
)

func kindOf(r *http.Request) string {
	switch {
	case strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		return kindWebSocket
	case r.Method == http.MethodGet:
		return kindGet
	case r.Method == http.MethodPost:
		return kindPost
	}
	return kindOther
}

func (r *Relay) serve(w http.ResponseWriter, req *http.Request, sid string, from request.Sender, kind string) Result {
	key, _ := KeyOf(sid)
	peer, ok := r.find(req.Context(), key)
	if !ok || !peer.Alive || peer.ID == r.config.HubID {
		return ResultUnknown
	}
	l := r.links.to(peer)
	if l == nil || l.isDown() {
		return ResultUnreachable
	}
	if kind == kindWebSocket {
		return r.serveWebSocket(w, req, l, from)
	}
	return r.servePolling(w, req, l, from)
}

// find looks for a hub, where that may take a moment as well.
func (r *Relay) find(ctx context.Context, key string) (Peer, bool) {
	if f, ok := r.config.Peers.(Finder); ok {
		return f.Find(ctx, key)
	}
	return r.config.Peers.Locate(key)
}

// full says that a bound is reached.
func (r *Relay) full(key string) Result {
	r.trace.LimitReached(key)
	r.busy.Warn("requests for sessions of other hubs are refused: too many at a time", "option", key)
	return ResultBusy
}

// failed says that another hub could not be asked.
func (r *Relay) failed(l *link, err error) {
	r.failing.Warn("another hub cannot be asked for its session", "hub", l.peer.ID, "address", l.peer.Address, "err", err)
}

// Refresh makes what follows use the secrets and certificates of this moment.
func (r *Relay) Refresh() { r.links.refresh() }

// Requests is how many are being passed on, but for those of WebSockets.
func (r *Relay) Requests() int { return r.links.requests() }

// WebSockets is how many are relayed, or about to be.
func (r *Relay) WebSockets() int { return int(r.webSockets.count.Load()) }

// Drain cuts the WebSockets that are relayed, in random order and in waves over the time of spread, or less when they are few. It
// returns when all are, or with the cause of ctx.
func (r *Relay) Drain(ctx context.Context, spread time.Duration) error {
	return r.webSockets.drain(ctx, spread)
}

// releaseEvery is how often other hubs are told to answer polls: one that was on its way is held by the next time.
const releaseEvery = 250 * time.Millisecond

// Release tells the other hubs that this one ends, so that they answer the polls that have come by it, and browsers come
// again by another. It returns when ctx ends.
func (r *Relay) Release(ctx context.Context) {
	tick := time.NewTicker(releaseEvery)
	defer tick.Stop()
	for {
		for _, p := range r.config.Peers.All() {
			if r.links.busy(p) {
				r.tell(ctx, p)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// tell makes another hub answer the polls that have come by this one.
func (r *Relay) tell(ctx context.Context, p Peer) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	conn, _, err := r.config.dial(ctx, p, doRelease)
	if err != nil {
		r.failing.Warn("another hub is not told that this one ends", "hub", p.ID, "address", p.Address, "err", err)
		return
	}
	_ = conn.Close()
}

// Close cuts the WebSockets that are relayed, and refuses new ones. It returns when nothing of the relay runs, or with the cause
// of ctx. It may be called more than once, when no request is being served any more.
func (r *Relay) Close(ctx context.Context) error {
	r.links.close()
	return r.webSockets.close(ctx)
}
