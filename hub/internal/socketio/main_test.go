package socketio

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestMain(m *testing.M) { hubtest.Main(m) }

// stage is an Application that writes down what it hears and does what the test says. By default it knows
// every namespace but /unknown and lets everybody in.
type stage struct {
	t      *testing.T
	server *Server
	engine *engineio.Server
	http   *hubtest.Server

	connect func(*Attempt)
	joined  func(*Socket)
	event   func(*Socket, Event)

	mu      sync.Mutex // guards the fields below
	calls   []string
	sockets map[string]*Socket // by namespace, the last one
	changed chan struct{}      // closed with each call
}

// play opens a stage behind hubtest.
func play(t *testing.T, config Config) *stage {
	t.Helper()
	return playOn(t, config, func(*engineio.Config) {})
}

// playOn is play on top of another configuration.
func playOn(t *testing.T, config Config, change func(*engineio.Config)) *stage {
	t.Helper()
	s := &stage{t: t, sockets: map[string]*Socket{}, changed: make(chan struct{})}
	config.Application = s
	config.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	s.server = New(config)
	engine := engineio.Config{
		Path: "/socket.io/", AllowRevision3: true, OnSession: s.server.Open, Logger: config.Logger,
		Trace: &engineio.Trace{Panic: func(value any) { t.Errorf("panic: %v", value) }},
	}
	change(&engine)
	s.engine = engineio.New(engine)
	s.http = hubtest.Serve(t, s.engine, s.engine.ConfigureHTTP)
	s.http.Path = "/socket.io/"
	t.Cleanup(func() {
		if err := s.engine.Close(t.Context()); err != nil && t.Context().Err() == nil {
			t.Error(err)
		}
	})
	return s
}

func (s *stage) log(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stage) Knows(namespace string) bool { return namespace != "/unknown" }

func (s *stage) Connect(a *Attempt) {
	s.log("connect %s %s", a.Namespace(), a.Auth())
	if s.connect != nil {
		s.connect(a)
	} else if err := a.Accept(Acceptance{}); err != nil {
		s.t.Errorf("accept: %v", err)
	}
}

func (s *stage) Connected(socket *Socket) {
	s.mu.Lock()
	s.sockets[socket.Namespace()] = socket
	s.mu.Unlock()
	s.log("connected %s", socket.Namespace())
	if s.joined != nil {
		s.joined(socket)
	}
}

func (s *stage) Event(socket *Socket, e Event) {
	if s.event != nil {
		s.event(socket, e)
	}
	s.log("event %s %s%s %d", socket.Namespace(), e.Name, e.Args, len(e.Attachments))
}

func (s *stage) Disconnected(socket *Socket, d Disconnect) {
	s.log("disconnected %s %s", socket.Namespace(), d.Reason)
}

// heard waits until the application has heard these calls, and no others before.
func (s *stage) heard(want ...string) {
	s.t.Helper()
	timeout := time.NewTimer(5 * time.Second)
	defer timeout.Stop()
	for {
		s.mu.Lock()
		calls, changed := s.calls, s.changed
		s.mu.Unlock()
		if len(calls) >= len(want) {
			for i, w := range want {
				if calls[i] != w {
					s.t.Fatalf("heard %q, want %q\nof %s", calls[i], w, strings.Join(calls, "\n   "))
				}
			}
			s.mu.Lock()
			s.calls = s.calls[len(want):]
			s.mu.Unlock()
			return
		}
		select {
		case <-changed:
		case <-timeout.C:
			s.t.Fatalf("heard only\n   %s\nwant\n   %s", strings.Join(calls, "\n   "), strings.Join(want, "\n   "))
		}
	}
}

// silent fails if the application has heard anything else.
func (s *stage) silent() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.calls) > 0 {
		s.t.Fatalf("heard %q", s.calls)
	}
}

func (s *stage) socket(namespace string) *Socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sockets[namespace]
}

// open opens a session over WebSocket.
func (s *stage) open() *hubtest.Browser {
	s.t.Helper()
	return s.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
}

// join opens a session and joins namespaces.
func (s *stage) join(namespaces ...string) *hubtest.Browser {
	s.t.Helper()
	b := s.open()
	for _, namespace := range namespaces {
		s.enter(b, namespace)
	}
	return b
}

// enter joins one namespace.
func (s *stage) enter(b *hubtest.Browser, namespace string) {
	s.t.Helper()
	head := "40"
	if namespace != "/" {
		head += namespace + ","
	}
	b.Send(head)
	if got := b.Next(); !strings.HasPrefix(got, head+`{"sid":"`) {
		s.t.Fatalf("got %q", got)
	}
	s.heard("connect "+namespace+" ", "connected "+namespace)
}

func to(rooms ...string) cluster.Target { return cluster.Target{Rooms: rooms} }

var everybody = cluster.Target{All: true}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	timeout, again := time.NewTimer(5*time.Second), time.NewTicker(time.Millisecond)
	defer timeout.Stop()
	defer again.Stop()
	for !holds() {
		select {
		case <-again.C:
		case <-timeout.C:
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}
