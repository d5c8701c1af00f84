package hub

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/relay"
	"github.com/siohub/siohub/hub/internal/request"
	v09 "github.com/siohub/siohub/hub/internal/v09"
)

// Relay lets browsers meet any hub of a cluster, without sticky sessions: a request for a session of another hub is passed on
// to it, and those that others pass on are taken by the server that Hub.ConfigurePeerHTTP makes. Where the others are Peers says, or else
// Addresses, or else the engine, where ClusterConfig.PeerAddress tells them of this one; with none of them nothing is passed on. The
// functions may be called at the same time and must not block.
type Relay struct {
	// Peers says where the other hubs are, by the id of each.
	Peers PeerHubs
	// Addresses are those of the listeners of all hubs, this one's among them or not. Each is asked every two seconds who is there.
	// Key: cluster.peers.
	Addresses []string
	// Secrets are those that hubs prove themselves with at this moment: the first is used, each is taken, and Hub.RefreshPeers says
	// that they have changed. Nil, or none: certificates prove who comes, or nothing does. Key: cluster.secret_file.
	Secrets func() [][]byte
	// TLS is that of connections to other hubs at this moment; the host of Peer.Address has to be in their certificates. Nil, or nil
	// from it: none. Key: cluster.tls.
	TLS func() *tls.Config
	// Certificates says that who comes as another hub has to show a certificate, which the TLS of that listener has verified. Key: cluster.tls.ca.
	Certificates bool
	// Requests bounds those that are passed on to one hub at a time; beyond it 503. Default 4096. Key: cluster.relay.requests.
	Requests int
	// WebSockets bounds those that are relayed to all other hubs; beyond it 503. Default 100000. Key: cluster.relay.websockets.
	WebSockets int
}

// PeerHub is another hub: its id, the address of its listener for other hubs, and whether it is there.
type PeerHub = relay.Peer

// PeerHubs says where other hubs are: addresses come from nowhere else.
type PeerHubs = relay.Peers

// SessionKey is what the ids of a hub's sessions end with, by which PeerHubs.Locate finds it.
func SessionKey(hubID string) string { return relay.Key(hubID) }

// relaying is a hub's part in a cluster where any hub may be met. A nil one is that of a hub that is alone.
type relaying struct {
	static   *relay.Static // nil: there are no Relay.Addresses
	relay    *relay.Relay
	receiver *relay.Receiver
}

// newRelaying changes the configuration of the engine accordingly. The hub's own parts are used later.
func newRelaying(c *Config, h *Hub, engine *engineio.Config) *relaying {
	o := &c.Cluster.Relay
	secrets := o.Secrets
	if secrets == nil {
		secrets = func() [][]byte { return nil }
	}
	trace, dialer := c.Trace.relay(), relay.Dialer{HubID: h.id, Secrets: secrets, TLS: o.TLS}
	var static *relay.Static
	others := o.Peers
	switch {
	case others != nil:
	case len(o.Addresses) > 0:
		static = relay.NewStatic(dialer, o.Addresses, c.Logger)
		static.Start()
		others = static
	case c.Cluster.Engine != nil && c.Cluster.PeerAddress != "":
		others = relay.NewTable(membersOf(c.Cluster.Engine))
	default:
		return nil
	}
	r := &relaying{
		static: static,
		relay: relay.New(relay.Config{
			Dialer: dialer, Peers: others, Held: max(c.Heartbeat.Interval+c.Heartbeat.Timeout, engineio.PostHold),
			Requests: o.Requests, WebSockets: o.WebSockets, Logger: c.Logger, Trace: trace,
			Keep: func(conn net.Conn) func() { return h.engine.Keep(conn) },
		}),
		receiver: relay.NewReceiver(relay.ReceiverConfig{
			HubID: h.id, Secrets: secrets, Certificates: o.Certificates, Handler: h,
			Release: h.releasePoll, SessionOf: sessionOf(v09.Prefix(c.Path)), Logger: c.Logger, Trace: trace,
		}),
	}
	engine.Others = engineio.OthersConfig{IDSuffix: relay.Key(h.id), Elsewhere: r.relay}
	return r
}

// membersOf returns what tells the other hubs of an engine.
func membersOf(engine cluster.Cluster) func() []relay.Peer {
	return func() (all []relay.Peer) {
		for _, m := range engine.Members() {
			if m.Peer != "" {
				all = append(all, relay.Peer{ID: m.ID, Address: m.Peer, Alive: true})
			}
		}
		return all
	}
}

// releasePoll answers a poll that waits, of whatever client it is.
func (h *Hub) releasePoll(sid string) {
	h.engine.ReleasePoll(sid)
	if h.oldest.server != nil {
		h.oldest.server.ReleasePoll(sid)
	}
}

// sessionOf returns what finds the session id of a request.
func sessionOf(oldest string) func(*http.Request) string {
	return func(r *http.Request) string {
		if strings.HasPrefix(r.URL.Path, oldest+"/") {
			return v09.SessionOf(r.URL.Path, oldest)
		}
		return request.ParseQuery(r.URL.RawQuery).SID
	}
}

// ConfigurePeerHTTP makes an http.Server the one for other hubs, after ConfigureHTTP and with room for what they add to the headers of
// browsers. Whoever cannot prove to be a hub gets 401. Where nothing is passed on it answers nobody. Call it before the server starts.
func (h *Hub) ConfigurePeerHTTP(s *http.Server) {
	if h.relay == nil {
		s.Handler = http.NotFoundHandler()
		return
	}
	h.relay.receiver.Configure(s)
}

// RefreshPeers says that Relay.Secrets or TLS has changed. Requests that are under way go on.
func (h *Hub) RefreshPeers() {
	if h.relay != nil {
		h.relay.relay.Refresh()
	}
}

// RelayStats count what is passed on to other hubs at this moment: requests, held polls among them, and WebSockets.
type RelayStats struct{ Requests, WebSockets int }

// Relaying counts what is passed on to other hubs at this moment.
func (h *Hub) Relaying() RelayStats {
	if h.relay == nil {
		return RelayStats{}
	}
	return RelayStats{Requests: h.relay.relay.Requests(), WebSockets: h.relay.relay.WebSockets()}
}

// drain lets relayed WebSockets leave; the function that it returns waits for that.
func (r *relaying) drain(ctx context.Context, spread time.Duration) (wait func()) {
	if r == nil {
		return func() {}
	}
	var running sync.WaitGroup
	running.Go(func() { _ = r.relay.Drain(ctx, spread) })
	return running.Wait
}

// release has the polls answered that other hubs hold for this one's browsers, until the function that it returns is called.
func (r *relaying) release(ctx context.Context) (done func()) {
	if r == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { r.relay.Release(ctx) })
	return func() {
		cancel()
		running.Wait()
	}
}

func (r *relaying) close(ctx context.Context) error {
	if r == nil {
		return nil
	}
	err := r.relay.Close(ctx)
	if r.static != nil {
		r.static.Close()
	}
	return err
}
