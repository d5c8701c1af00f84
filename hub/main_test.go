package hub_test

import (
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

func TestMain(m *testing.M) { hubtest.Main(m) }

// play is an Application that lets everybody in and does what the test says.
type play struct {
	t    *testing.T
	hub  *hub.Hub
	http *hubtest.Server

	connect func(*hub.ConnectAttempt)
	event   func(*hub.Event)

	mu   sync.Mutex // guards gone
	gone []hub.Disconnect
	left chan struct{} // has a token when somebody has left since it was looked at
}

func (p *play) Knows(namespace string) bool { return namespace != "/unknown" }

func (p *play) Connect(a *hub.ConnectAttempt) {
	if p.connect != nil {
		p.connect(a)
	} else if err := a.Accept(hub.Acceptance{}); err != nil {
		p.t.Error(err)
	}
}

func (p *play) Connected(*hub.Socket) {}

func (p *play) Event(e *hub.Event) {
	if p.event != nil {
		p.event(e)
	}
}

func (p *play) Disconnected(_ *hub.Socket, d hub.Disconnect) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gone = append(p.gone, d)
	select {
	case p.left <- struct{}{}:
	default:
	}
}

// open starts a hub behind hubtest.
func open(t *testing.T, config hub.Config) *play {
	t.Helper()
	p := &play{}
	config.Application = p
	p.start(t, config)
	return p
}

// start starts the hub of a play, which writes no log without a logger.
func (p *play) start(t *testing.T, config hub.Config) {
	t.Helper()
	p.t, p.left = t, make(chan struct{}, 1)
	config.Client.Disabled = true
	if config.Logger == nil {
		config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	h, err := hub.New(config)
	if err != nil {
		t.Fatal(err)
	}
	p.hub = h
	p.http = hubtest.Serve(t, h, h.ConfigureHTTP)
	p.http.Path = "/socket.io/"
	t.Cleanup(func() { _ = h.Shutdown(t.Context()) })
}

// join opens a session, joins / and returns the browser and the id of its socket.
func (p *play) join() (*hubtest.Browser, string) {
	p.t.Helper()
	b := p.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
	b.Send("40")
	got := b.Next()
	if !strings.HasPrefix(got, `40{"sid":"`) {
		p.t.Fatalf("got %q", got)
	}
	return b, got[len(`40{"sid":"`) : len(got)-len(`"}`)]
}

// waitFor waits for what has to happen.
func (p *play) waitFor(what string, happened func() bool) {
	p.t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(5 * time.Second); !happened(); <-again.C {
		if time.Now().After(end) {
			p.t.Fatal("not within 5 s: " + what)
		}
	}
}

var all = hub.Target{Namespace: "/", All: true}
