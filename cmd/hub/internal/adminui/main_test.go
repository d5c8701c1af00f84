package adminui

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

func TestMain(m *testing.M) { hubtest.Main(m) }

// world is a hub with a UI in front of an application that lets everybody in and writes down what it hears.
type world struct {
	t    *testing.T
	ui   *UI
	hub  *hub.Hub
	http *hubtest.Server

	mu       sync.Mutex // guards the fields below
	heard    []string   // by the application
	counts   map[string]int
	compares int
}

func (w *world) hear(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, fmt.Sprintf(format, args...))
}

func (w *world) count(what string, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what] += n
}

func (w *world) counted(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counts[what]
}

func (w *world) Knows(string) bool { return true }
func (w *world) Connect(a *hub.ConnectAttempt) {
	w.hear("connect %s", a.Namespace())
	_ = a.Accept(hub.Acceptance{Data: []byte(`{"name":"<b>"}`)})
}
func (w *world) Connected(s *hub.Socket) { w.hear("connected %s", s.Namespace()) }
func (w *world) Event(e *hub.Event) {
	w.hear("event %s %s%s", e.Socket.Namespace(), e.Name, e.Args)
	if e.WantsAck {
		_ = e.Reply(nil, e.Args, e.Attachments)
	}
}
func (w *world) Disconnected(s *hub.Socket, d hub.Disconnect) {
	w.hear("disconnected %s %s", s.Namespace(), d.Reason)
}
func (w *world) RoomsChanged(s *hub.Socket, _ hub.RoomsChange) { w.hear("rooms %s", s.Namespace()) }
func (w *world) Upgraded(s *hub.Socket)                        { w.hear("upgraded %s", s.Namespace()) }
func (w *world) RoomOccupied(namespace, _ string)              { w.hear("occupied %s", namespace) }
func (w *world) RoomVacated(namespace, _ string)               { w.hear("vacated %s", namespace) }
func (w *world) UserPresent(namespace, _ string)               { w.hear("present %s", namespace) }
func (w *world) UserAbsent(namespace, _ string)                { w.hear("absent %s", namespace) }
func (w *world) AttemptGone(a *hub.ConnectAttempt)             { w.hear("gone %s", a.Namespace()) }
func (w *world) ConnectFailed(f hub.ConnectFailure)            { w.hear("failed %s", f.Namespace) }
func (w *world) EventDropped(s *hub.Socket, _ string, _ hub.DropReason) {
	w.hear("dropped %s", s.Namespace())
}

// trace counts what happens.
func (w *world) trace() Trace {
	return Trace{
		Login:   func(result string) { w.count("login "+result, 1) },
		Pages:   func(n int) { w.mu.Lock(); defer w.mu.Unlock(); w.counts["pages"] = n },
		Dropped: func(event string, n int) { w.count("dropped "+event, n) },
		Acted:   func(action, result string) { w.count(action+" "+result, 1) },
	}
}

// start starts a world. change may say how it is otherwise.
func start(t *testing.T, change func(*Options, *hub.Config)) *world {
	t.Helper()
	w := &world{t: t, counts: map[string]int{}}
	o := Options{
		Namespace: "/admin", Username: "admin", Password: &Password{hash: []byte("secret")}, Development: true,
		ServerID: "one", Hostname: "host", PID: 7, Started: time.Now(), Traffic: func() Traffic { return Traffic{} },
		Logger: slog.New(slog.DiscardHandler), Trace: w.trace(),
	}
	c := hub.Config{Client: hub.ClientFiles{Disabled: true}, Logger: o.Logger}
	if change != nil {
		change(&o, &c)
	}
	w.ui = New(w, o)
	w.ui.guard.compare = func(hash, password []byte) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.compares++
		if string(hash) != string(password) {
			return errors.New("wrong")
		}
		return nil
	}
	c.Application = w.ui
	h, err := hub.New(c)
	if err != nil {
		t.Fatal(err)
	}
	w.hub = h
	w.ui.Bind(h)
	w.http = hubtest.Serve(t, h, h.ConfigureHTTP)
	w.http.Path = "/socket.io/"
	if err := h.Cluster().Open(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.ui.Run(ctx) })
	t.Cleanup(func() {
		_ = h.Shutdown(context.Background())
		cancel()
		running.Wait()
	})
	return w
}

// inBubble runs a test in virtual time.
func inBubble(t *testing.T, change func(*Options, *hub.Config), test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, start(t, change)) })
}

// browser is one in / with the id of its socket.
func (w *world) browser() (*hubtest.Browser, string) {
	w.t.Helper()
	b := w.http.Open(hubtest.Options{Transport: hubtest.WebSocket, Query: "token=geheim&room=lobby"})
	b.Send("40")
	return b, idOf(w.t, b.Next(), "40")
}

func idOf(t *testing.T, packet, prefix string) string {
	t.Helper()
	var connect struct{ SID string }
	rest, ok := strings.CutPrefix(packet, prefix)
	if !ok || json.Unmarshal([]byte(rest), &connect) != nil || connect.SID == "" {
		t.Fatalf("got %q", packet)
	}
	return connect.SID
}

// knock opens a connection and asks for the admin namespace.
func (w *world) knock(auth string) *hubtest.Browser {
	w.t.Helper()
	b := w.http.Open(hubtest.Options{Transport: hubtest.WebSocket})
	b.Send("40/admin," + auth)
	return b
}

const rightPassword = `{"username":"admin","password":"secret"}`

// admin is a page that has logged in.
type admin struct {
	*hubtest.Browser
	t       *testing.T
	id      string
	session string
}

func (w *world) login() *admin {
	w.t.Helper()
	a := &admin{Browser: w.knock(rightPassword), t: w.t}
	a.id = idOf(w.t, a.Next(), "40/admin,")
	_ = json.Unmarshal(a.wait("session")[0], &a.session)
	return a
}

// next is the next event, with its name.
func (a *admin) next() (event string, args []json.RawMessage) {
	a.t.Helper()
	packet := a.Next()
	rest, ok := strings.CutPrefix(packet, "42/admin,")
	if !ok {
		a.t.Fatalf("got %q", packet)
	}
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(rest), &all); err != nil || len(all) == 0 || json.Unmarshal(all[0], &event) != nil {
		a.t.Fatalf("got %q: %v", packet, err)
	}
	return event, all[1:]
}

// wait is what the next event of a name brings; others are left out.
func (a *admin) wait(event string) []json.RawMessage {
	a.t.Helper()
	for {
		if name, args := a.next(); name == event {
			return args
		}
	}
}

// waitFor waits for an event of a name that has all these texts in its arguments.
func (a *admin) waitFor(event string, texts ...string) string {
	a.t.Helper()
	for {
		all := string(encode(a.wait(event)))
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(all, text) }) {
			return all
		}
	}
}

// say sends an event to the hub.
func (a *admin) say(args ...any) { a.Send("42/admin," + string(encode(args))) }

// wantHeard fails unless the application has heard just that about namespaces that start so.
func (w *world) wantNotHeard(namespace string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.heard {
		if strings.Contains(line, namespace) {
			w.t.Errorf("the application has heard %q", line)
		}
	}
}
