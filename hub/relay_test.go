package hub_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// peers is who is where.
type peers struct {
	mu    sync.Mutex
	known map[string]hub.PeerHub // by key
}

func (p *peers) Locate(key string) (hub.PeerHub, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	peer, ok := p.known[key]
	return peer, ok
}

func (p *peers) All() []hub.PeerHub {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Values(p.known))
}

// add starts one more hub, whose id is a letter sixteen times, and its listener for the others.
func (p *peers) add(t *testing.T, letter string, config hub.Config) *play {
	t.Helper()
	id := strings.Repeat(letter, 16)
	config.Cluster = hub.ClusterConfig{ID: id, Relay: hub.Relay{Peers: p}}
	n, address := openForPeers(t, config)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[hub.SessionKey(id)] = hub.PeerHub{ID: id, Address: address, Alive: true}
	return n
}

// openForPeers starts a hub, and its listener for the others, of whose address it is told.
func openForPeers(t *testing.T, config hub.Config) (n *play, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config.Cluster.PeerAddress = l.Addr().String()
	n = open(t, config)
	server := new(http.Server)
	n.hub.ConfigureHTTP(server)
	n.hub.ConfigurePeerHTTP(server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return n, config.Cluster.PeerAddress
}

// handshake opens a polling session, joins / and returns the query of its requests.
func handshake(t *testing.T, s *hubtest.Server) (query string) {
	t.Helper()
	a := s.Get("EIO=4&transport=polling")
	_, after, _ := strings.Cut(a.Body, `"sid":"`)
	sid, _, ok := strings.Cut(after, `"`)
	if !ok {
		t.Fatalf("%+v", a)
	}
	query = "EIO=4&transport=polling&sid=" + sid
	if a := s.Post(query, "40"); a.Body != "ok" {
		t.Fatalf("%+v", a)
	}
	if a := s.Get(query); !strings.HasPrefix(a.Body, "40{") {
		t.Fatalf("%+v", a)
	}
	return query
}

func TestRelay_SessionsOfAnotherHub(t *testing.T) {
	known := &peers{known: make(map[string]hub.PeerHub)}
	met := known.add(t, "a", hub.Config{Protocol: hub.Protocol{AllowV09: true}})
	owner := known.add(t, "b", hub.Config{Protocol: hub.Protocol{AllowV09: true}})
	owner.event = func(e *hub.Event) {
		if _, err := owner.hub.Emit(nil, all, hub.Message{Event: "echo", Args: e.Args}, hub.EmitOptions{}); err != nil {
			t.Error(err)
		}
	}
	query := handshake(t, owner.http)
	if a := met.http.Post(query, `42["hi",1]`); a.Body != "ok" {
		t.Fatalf("%+v", a)
	}
	if a := met.http.Get(query); a.Body != `42["echo",1]` {
		t.Errorf("%+v", a)
	}
	// Clients 0.9 as well.
	owner.http.Path, met.http.Path = "/socket.io/1/", "/socket.io/1/"
	sid, _, _ := strings.Cut(owner.http.Get("").Body, ":")
	met.http.Path += "xhr-polling/" + sid
	if a := met.http.Get(""); a.Status != http.StatusOK || a.Body != "1::" {
		t.Errorf("%+v", a)
	}
}

// A hub that ends lets go of the polls that others hold for its browsers, who lose nothing by it.
func TestRelay_HubEndsWhilePollsGoThroughIt(t *testing.T) {
	known := &peers{known: make(map[string]hub.PeerHub)}
	met, owner := known.add(t, "a", hub.Config{}), known.add(t, "b", hub.Config{})
	query := handshake(t, owner.http)
	endsWhile(t, met, owner, query, "6")
	if a := owner.http.Post(query, `42["still here"]`); a.Body != "ok" || len(owner.gone) > 0 {
		t.Errorf("%+v, gone %v", a, owner.gone)
	}
}

// The same for clients 0.9.
func TestRelay_HubEndsWhilePollsOfTheOldestGoThroughIt(t *testing.T) {
	known := &peers{known: make(map[string]hub.PeerHub)}
	met, owner := known.add(t, "a", allowed), known.add(t, "b", allowed)
	owner.http.Path, met.http.Path = "/socket.io/1/", "/socket.io/1/"
	sid, _, _ := strings.Cut(owner.http.Get("").Body, ":")
	owner.http.Path += "xhr-polling/" + sid
	met.http.Path = owner.http.Path
	if a := met.http.Get(""); a.Body != "1::" {
		t.Fatalf("%+v", a)
	}
	endsWhile(t, met, owner, "", "8::")
	if a := owner.http.Post("", `5:::{"name":"still here"}`); a.Body != "1" || len(owner.gone) > 0 {
		t.Errorf("%+v, gone %v", a, owner.gone)
	}
}

// endsWhile lets a hub end through which a poll goes, which is to be answered so.
func endsWhile(t *testing.T, met, owner *play, query, want string) {
	t.Helper()
	answers := make(chan hubtest.Answer, 1)
	go func() {
		a, err := met.http.Try(context.Background(), http.MethodGet, query, "", nil)
		if err != nil {
			t.Error(err)
		}
		answers <- a
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// The poll has come to the owner once a second one would be refused.
	owner.waitFor("the poll", func() bool { return owner.hub.Stats().Sessions == 1 && met.hub.Relaying().Requests == 1 })
	if err := errors.Join(met.hub.Drain(ctx, 0), met.hub.Shutdown(ctx)); err != nil {
		t.Fatal(err)
	}
	if a := <-answers; a.Status != http.StatusOK || a.Body != want {
		t.Errorf("%+v", a)
	}
}

// Where the others are the engine says, if nobody else does.
func TestRelay_HubsOfAnEngine(t *testing.T) {
	var l loop
	var hubs []*play
	for range 2 {
		n, _ := openForPeers(t, hub.Config{Cluster: hub.ClusterConfig{Engine: l.end()}})
		if err := n.hub.Cluster().Open(); err != nil {
			t.Fatal(err)
		}
		hubs = append(hubs, n)
	}
	query := handshake(t, hubs[1].http)
	if a := hubs[0].http.Post(query, `42["hi"]`); a.Body != "ok" {
		t.Errorf("%+v", a)
	}
}
