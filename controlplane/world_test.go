package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/virtualtime"
)

// world is a hub with its control plane, browsers on one side, services on the
// other, all in memory.
type world struct {
	t        *testing.T
	srv      *Server
	hub      *hub.Hub
	browsers *hubtest.Server
	conn     *grpc.ClientConn
	listener *bufconn.Listener
	log      *strings.Builder
	panics   atomic.Int32
}

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, config Config, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newWorld(t, config)) })
}

func newWorld(t *testing.T, config Config) *world {
	t.Helper()
	return newWorldOn(t, config, hub.Config{})
}

// newWorldOn is newWorld with a hub of that configuration.
func newWorldOn(t *testing.T, config Config, below hub.Config) *world {
	t.Helper()
	w := &world{t: t, log: &strings.Builder{}}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Trace == nil {
		config.Trace = &trace.Hooks{}
	}
	config.Trace.PanicRecovered = func(string) { w.panics.Add(1) }
	var err error
	if w.srv, err = New(config); err != nil {
		t.Fatal(err)
	}
	below.Application, below.Logger = w.srv, config.Logger
	if w.hub, err = hub.New(below); err != nil {
		t.Fatal(err)
	}
	w.srv.Bind(w.hub)
	server := w.srv.GRPC()
	w.listener = bufconn.Listen(1 << 20)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(w.listener)
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := w.hub.Shutdown(ctx); err != nil {
			t.Errorf("hub: %v", err)
		}
		if err := w.srv.Shutdown(ctx); err != nil {
			t.Errorf("control plane: %v", err)
		}
		<-served
		if n := w.panics.Load(); n != 0 {
			t.Errorf("%d panics", n)
		}
		w.leftovers()
	})
	w.browsers = hubtest.Serve(t, w.hub, nil)
	w.browsers.Path = "/socket.io/"
	w.browsers.Timeout = 2 * time.Minute
	w.conn = w.dial()
	return w
}

// dial opens a connection of its own for a service.
func (w *world) dial(opts ...grpc.DialOption) *grpc.ClientConn {
	return controlplanetest.Dial(w.t, w.listener.DialContext, opts...)
}

// leftovers fails the test if something that was taken was not given back.
func (w *world) leftovers() {
	s := w.srv.Status()
	if s.Undecided != 0 || w.srv.commands.Held() != 0 {
		w.t.Errorf("left over: %d attempts, %d bytes of acks", s.Undecided, w.srv.commands.Held())
	}
}

// attach attaches an instance on a connection of its own.
func (w *world) attach(group, id string, subs ...*hubv1.Subscription) *controlplanetest.Service {
	w.t.Helper()
	return controlplanetest.Attach(w.t, w.dial(), &hubv1.Hello{Group: group, InstanceId: id, Subscriptions: subs})
}

// chat attaches the usual service: it decides and handles everything in /chat.
func (w *world) chat(id string) *controlplanetest.Service {
	w.t.Helper()
	return w.attach("chat", id, controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat"))
}

// browser is a browser that has opened a session.
type browser struct {
	*hubtest.Browser
	t  *testing.T
	id string // of its socket, once joined
}

func (w *world) browser() *browser {
	w.t.Helper()
	return &browser{Browser: w.browsers.Open(hubtest.Options{Transport: hubtest.WebSocket}), t: w.t}
}

// join lets a browser into /chat, through a service that settles attempt and
// connected.
func (w *world) join(s *controlplanetest.Service) *browser {
	w.t.Helper()
	b := w.browser()
	b.Send("40/chat,")
	s.Accept(s.Attempt())
	b.joined("/chat")
	s.Done(s.Connected())
	synctest.Wait()
	return b
}

// joined waits for the CONNECT packet.
func (b *browser) joined(namespace string) {
	b.t.Helper()
	p := b.Next()
	prefix := "40"
	if namespace != "/" {
		prefix += namespace + ","
	}
	data, ok := strings.CutPrefix(p, prefix)
	var connect struct{ SID string }
	if !ok || json.Unmarshal([]byte(data), &connect) != nil || connect.SID == "" {
		b.t.Fatalf("no CONNECT: %s", p)
	}
	b.id = connect.SID
}

// emit sends an event in /chat; an id below zero asks for no acknowledgement.
func (b *browser) emit(id int, name, args string) {
	b.t.Helper()
	ack := ""
	if id >= 0 {
		ack = fmt.Sprint(id)
	}
	text, _ := json.Marshal(name)
	if args != "" {
		args = "," + args
	}
	b.Send("42/chat," + ack + "[" + string(text) + args + "]")
}

// pass lets virtual time pass, and everything that it leads to.
func (w *world) pass(d time.Duration) {
	virtualtime.Pass(d)
}
