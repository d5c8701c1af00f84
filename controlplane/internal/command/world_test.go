package command

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/internal/virtualtime"
)

// world is a hub that lets everybody in, and an executor in front of it.
type world struct {
	t        *testing.T
	hub      *hub.Hub
	browsers *hubtest.Server
	x        *Executor
	control  *Control
	services *services
	revoked  []Revocation
	caller   *Caller // of both roads; Stream is set for the stream
	trace    *recorder

	mu     sync.Mutex // guards events
	events []*hub.Event
}

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newWorld(t)) })
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, services: &services{}, caller: &Caller{Identity: "id", Group: "g", Instance: "i"}, trace: newRecorder()}
	var err error
	w.hub, err = hub.New(hub.Config{Application: (*application)(w), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w.x = New(Config{
		Trace: w.trace, HubID: "hub-1", Services: w.services,
		Handshake: func(h *hub.Handshake) *hubv1.Handshake { return &hubv1.Handshake{Url: h.URL()} },
		Revoked:   func(r Revocation) { w.revoked = append(w.revoked, r) },
	})
	w.x.Bind(w.hub)
	w.control = NewControl(w.x, func(context.Context) *Caller { return w.caller })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := w.hub.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if n := w.x.Held(); n != 0 {
			t.Errorf("%d bytes are held at the end", n)
		}
	})
	w.browsers = hubtest.Serve(t, w.hub, nil)
	w.browsers.Path = "/socket.io/"
	return w
}

// application lets everybody in, as the client's auth says.
type application world

func (*application) Knows(string) bool { return true }

func (a *application) Connect(attempt *hub.ConnectAttempt) {
	var who struct {
		User  string
		Rooms []string
	}
	_ = json.Unmarshal(attempt.Auth(), &who)
	if err := attempt.Accept(hub.Acceptance{User: who.User, Rooms: who.Rooms}); err != nil {
		a.t.Error(err)
	}
}

func (*application) Connected(*hub.Socket)                    {}
func (*application) Disconnected(*hub.Socket, hub.Disconnect) {}

func (a *application) Event(e *hub.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.events = append(a.events, e)
}

// browser has joined a namespace.
type browser struct {
	*hubtest.Browser
	id string
}

func (w *world) join(namespace, user string, rooms ...string) *browser {
	w.t.Helper()
	b := &browser{Browser: w.browsers.Open(hubtest.Options{Transport: hubtest.WebSocket})}
	auth, _ := json.Marshal(map[string]any{"user": user, "rooms": rooms})
	b.Send("40" + namespace + "," + string(auth))
	var connect struct{ SID string }
	p := b.Next()
	if json.Unmarshal([]byte(strings.TrimPrefix(p, "40"+namespace+",")), &connect) != nil || connect.SID == "" {
		w.t.Fatalf("no CONNECT: %s", p)
	}
	b.id = connect.SID
	synctest.Wait()
	return b
}

// event waits for an event of a browser.
func (w *world) event() *hub.Event {
	w.t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.events) == 0 {
		w.t.Fatal("no event")
	}
	e := w.events[0]
	w.events = w.events[1:]
	return e
}

// road is a way for a command to the hub. Every rule holds on both. It returns all
// results, the last one last.
type road func(w *world, c *hubv1.Command) []*hubv1.Result

var roads = map[string]road{"stream": (*world).onStream, "unary": (*world).unary}

// eachRoad runs a test over both.
func eachRoad(t *testing.T, f func(t *testing.T, w *world, give road)) {
	t.Helper()
	for name, give := range roads {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) { f(t, w, give) })
		})
	}
}

// onStream gives a command as a stream does, and waits for its last result.
func (w *world) onStream(c *hubv1.Command) []*hubv1.Result {
	w.t.Helper()
	to := w.start(c)
	for range 10_000 {
		if synctest.Wait(); to.over() {
			break
		}
		virtualtime.Pass(100 * time.Millisecond)
	}
	return to.all()
}

// start gives a command as a stream does.
func (w *world) start(c *hubv1.Command) *taker {
	c = proto.CloneOf(c)
	if c.CommandId == 0 {
		c.CommandId = 1
	}
	caller := *w.caller
	caller.Stream = true
	to := &taker{}
	r := Request{Command: c, Caller: &caller}
	if result := w.x.Now(r); result != nil {
		to.Give(result)
	} else {
		w.x.Run(r, to)
	}
	return to
}

// unary gives a command in a call.
func (w *world) unary(c *hubv1.Command) []*hubv1.Result {
	w.t.Helper()
	resp, err := w.control.Execute(w.t.Context(), &hubv1.ExecuteRequest{Commands: []*hubv1.Command{c}})
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.Results
}

// taker takes results.
type taker struct {
	mu      sync.Mutex
	results []*hubv1.Result
	full    bool // nothing with `more` is taken
	pages   *Pages
}

func (a *taker) Give(r *hubv1.Result) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.full && r.More {
		return false
	}
	a.results = append(a.results, r)
	return true
}

func (a *taker) Pull(p *Pages) {
	if a.full {
		a.pages = p
		return
	}
	for r := p.Next(); r != nil; r = p.Next() {
		a.Give(r)
	}
}

func (a *taker) all() []*hubv1.Result {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.results
}

func (a *taker) over() bool {
	all := a.all()
	return len(all) > 0 && !all[len(all)-1].More
}

// recorder is a Trace that a test looks at.
type recorder struct {
	mu       sync.Mutex
	commands map[string]int
	bounds   map[Bound]int
}

func newRecorder() *recorder {
	return &recorder{commands: make(map[string]int), bounds: make(map[Bound]int)}
}

func (r *recorder) Command(op, code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commands[op+" "+code]++
}

func (r *recorder) Done(*hubv1.Command, *hubv1.Result) {}

func (r *recorder) Bound(b Bound) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bounds[b]++
}

func (r *recorder) bound(b Bound) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bounds[b]
}

func (r *recorder) command(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.commands[what]
}

// serverStream is the server's end of a streaming call.
type serverStream[T any] struct {
	grpc.ServerStream
	ctx  context.Context
	sent []*T
}

func (s *serverStream[T]) Context() context.Context { return s.ctx }
func (s *serverStream[T]) Send(m *T) error          { s.sent = append(s.sent, m); return nil }
