package relay_test

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/relay"
	"github.com/siohub/siohub/hub/internal/request"
)

func TestMain(m *testing.M) { hubtest.Main(m) }

// patience is how long anything is waited for.
const patience = 10 * time.Second

// table is who is where; all hubs of a test share one.
type table struct {
	mu    sync.Mutex
	peers map[string]relay.Peer // by key
}

func (t *table) Locate(key string) (relay.Peer, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, ok := t.peers[key]
	return p, ok
}

func (t *table) All() (all []relay.Peer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.peers {
		if p.Alive {
			all = append(all, p)
		}
	}
	return all
}

func (t *table) set(p relay.Peer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.peers[relay.Key(p.ID)] = p
}

// node is a hub under test: an echo server with what lets it have others beside it.
type node struct {
	*hubtest.Server // for browsers
	id              string
	engine          *engineio.Server
	relay           *relay.Relay
	peers           *http.Server // for other hubs
	address         string       // of peers
	panics          atomic.Int64
	secrets         atomic.Pointer[[][]byte]

	mu       sync.Mutex
	sessions []*engineio.Session
	senders  []request.Sender
	messages []string
	closes   []engineio.Close
	results  map[string]int // kind and result of what was passed on
	refused  map[relay.Refusal]int
	bytes    atomic.Int64
	relayed  atomic.Int64
}

// options change a node before it starts.
type options struct {
	engine   func(*engineio.Config)
	relay    func(*relay.Config)
	receiver func(*relay.ReceiverConfig)
	listen   func(net.Listener) net.Listener // for other hubs
	pipes    bool                            // browsers come by pipes, which no poller watches
}

// cluster is some hubs that know each other.
type cluster struct {
	t     testing.TB
	table *table
	nodes []*node
}

func newCluster(t testing.TB, n int, o options) *cluster {
	t.Helper()
	c := &cluster{t: t, table: &table{peers: make(map[string]relay.Peer)}}
	for i := range n {
		c.add("0123456789abcde"+string(rune('0'+i)), o)
	}
	return c
}

// add starts one more hub.
func (c *cluster) add(id string, o options) *node {
	c.t.Helper()
	n := &node{id: id, results: make(map[string]int), refused: make(map[relay.Refusal]int)}
	n.secrets.Store(&[][]byte{[]byte("a secret of this test that is long enough")})
	trace := n.trace()
	rc := relay.Config{
		Dialer: relay.Dialer{HubID: id, Secrets: func() [][]byte { return *n.secrets.Load() }}, Peers: c.table, Held: 45 * time.Second,
		Requests: 1000, WebSockets: 1000, Logger: slog.New(slog.DiscardHandler), Trace: trace,
	}
	if o.relay != nil {
		o.relay(&rc)
	}
	n.relay = relay.New(rc)
	ec := engineio.Config{
		OnSession: n.onSession, Logger: slog.New(slog.DiscardHandler),
		Trace:  &engineio.Trace{Panic: func(any) { n.panics.Add(1) }},
		Rates:  engineio.Rates{Messages: -1, Bytes: -1, Handshakes: -1, Unjoined: -1},
		Others: engineio.OthersConfig{IDSuffix: relay.Key(id), Elsewhere: n.relay},
	}
	if o.engine != nil {
		o.engine(&ec)
	}
	n.engine = engineio.New(ec)
	cc := relay.ReceiverConfig{
		HubID: id, Secrets: rc.Secrets, Release: n.engine.ReleasePoll, Logger: rc.Logger, Trace: trace,
		Handler:   http.HandlerFunc(n.serve),
		SessionOf: func(r *http.Request) string { return request.ParseQuery(r.URL.RawQuery).SID },
	}
	if o.receiver != nil {
		o.receiver(&cc)
	}
	n.listen(c.t, relay.NewReceiver(cc), o)
	c.table.set(relay.Peer{ID: id, Address: n.address, Alive: true})
	if o.pipes {
		n.Server = hubtest.Serve(c.t, n.engine, n.engine.ConfigureHTTP)
	} else {
		n.Server = hubtest.ServeTCP(c.t, n.engine, n.engine.ConfigureHTTP)
	}
	c.t.Cleanup(func() { n.stop(c.t) })
	c.nodes = append(c.nodes, n)
	return n
}

// serve notes who has sent what was passed on.
func (n *node) serve(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.senders = append(n.senders, request.Proxies{}.Sender(r))
	n.mu.Unlock()
	n.engine.ServeHTTP(w, r)
}

func (n *node) listen(t testing.TB, rc *relay.Receiver, o options) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n.address = l.Addr().String()
	if o.listen != nil {
		l = o.listen(l)
	}
	n.peers = new(http.Server)
	n.engine.ConfigureHTTP(n.peers)
	rc.Configure(n.peers)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := n.peers.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		_ = n.peers.Close()
		<-done
	})
}

func (n *node) stop(t testing.TB) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := errors.Join(n.engine.Close(ctx), n.relay.Close(ctx)); err != nil {
		t.Errorf("close: %v", err)
	}
	if n.panics.Load() > 0 {
		t.Error("a panic")
	}
}

func (n *node) trace() *relay.Trace {
	return &relay.Trace{
		PassedOn: func(kind string, result relay.Result) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.results[kind+" "+string(result)]++
		},
		Refused: func(why relay.Refusal) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.refused[why]++
		},
		WebSockets: func(delta int) { n.relayed.Add(int64(delta)) },
		Bytes:      func(bytes int) { n.bytes.Add(int64(bytes)) },
		Panic:      func(any) { n.panics.Add(1) },
	}
}

// result is how often a request had this kind and result.
func (n *node) result(kindAndResult string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.results[kindAndResult]
}

func (n *node) refusals(why relay.Refusal) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.refused[why]
}

func (n *node) onSession(s *engineio.Session) engineio.Handler {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sessions = append(n.sessions, s)
	return &echo{n, s}
}

// session is the last one.
func (n *node) session() *engineio.Session {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sessions[len(n.sessions)-1]
}

func (n *node) closed() []engineio.Close {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]engineio.Close(nil), n.closes...)
}

// echo is the handler of a session.
type echo struct {
	node    *node
	session *engineio.Session
}

func (e *echo) HandleMessage(data []byte, binary bool) {
	e.node.mu.Lock()
	e.node.messages = append(e.node.messages, string(data))
	e.node.mu.Unlock()
	m := engineio.NewTextMessage(append([]byte("4"), data...), false)
	if binary {
		m = engineio.NewBinaryMessage(append([]byte(nil), data...), false)
	}
	_ = e.session.Send(nil, []*engineio.Message{m}, false)
}

func (e *echo) HandleClose(c engineio.Close) {
	e.node.mu.Lock()
	defer e.node.mu.Unlock()
	e.node.closes = append(e.node.closes, c)
}

// front is what balances load without stickiness: each request goes to the next hub.
func (c *cluster) front() *hubtest.Server {
	var next atomic.Int64
	proxy := &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0),
		Rewrite: func(p *httputil.ProxyRequest) {
			n := c.nodes[int(next.Add(1))%len(c.nodes)]
			target, _ := url.Parse(n.URL(""))
			p.Out.URL.Scheme, p.Out.URL.Host = target.Scheme, n.id // see the dialer
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
				for _, n := range c.nodes {
					if n.id+":80" == address {
						return n.DialContext(ctx)
					}
				}
				return nil, errors.New("no such hub: " + address)
			},
			DisableCompression: true,
		},
	}
	c.t.Cleanup(proxy.Transport.(*http.Transport).CloseIdleConnections)
	return hubtest.ServeTCP(c.t, proxy, nil)
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-again.C {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

type relayConfig = relay.Config

var keyOf = relay.Key
