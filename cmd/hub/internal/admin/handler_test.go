package admin

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func example() Status {
	return Status{
		Version: "v1.2.3", HubID: "h1", StartTime: start, Ready: true,
		Browsers: Browsers{Sessions: 3, Attempts: 1, Sockets: map[string]int{"/chat": 2, "/": 1}},
		Services: []Service{
			{Name: "chat", Unbound: 1, Parked: Parked{Events: 2, Bytes: 90, Lifecycle: 1}, Instances: []Instance{
				{ID: "chat-7", Version: "v2", Attached: true, AttachTime: start.Add(time.Minute), Sockets: 2, Deliveries: 1, WindowDeliveries: 1024},
				{ID: "chat-8", Attached: false, SuspendTime: start.Add(2 * time.Minute)},
				{
					ID: "chat-9", Attached: true, AttachTime: start.Add(time.Minute), Paused: true, Draining: true, Weight: 9, KeepsSockets: true,
					Deliveries: 3, WindowDeliveries: 8, Attempts: 1, WindowAttempts: 2, OldestUnsettledSeconds: 31.26,
				},
			}},
			{Name: "presence"},
		},
		Routes: []Route{
			{Role: "authorizer", Namespace: "/chat", Group: "chat"},
			{Role: "handler", Namespace: "/chat", Group: "chat", Events: []string{"message", "typing*"}},
			{Role: "handler", Namespace: "/chat", Group: "presence"},
			{Role: "observer", Namespace: "/org/*", Group: "audit", Events: []string{"*"}},
		},
		Parked:  Parked{Events: 2, Bytes: 90, Lifecycle: 1},
		Missing: []string{"no authorizer for /org/*", "evil \x1b[2J\u202e\u2028"},
	}
}

func ask(h http.Handler, method, path string) *http.Response {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, path, nil)
	r.Host = "127.0.0.1:7421"
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestHandler_EveryPathAnswers(t *testing.T) {
	h := New(Options{Status: example, Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "hub_sessions 3\n")
	})})
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ready", "/status": `"version": "v1.2.3"`, "/metrics": "hub_sessions 3",
		"/debug/pprof/": "goroutine", "/debug/pprof/cmdline": "", "/": "/readyz",
	} {
		res := ask(h, "GET", path)
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != 200 || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
	if res := ask(h, "POST", "/status"); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST /status: %d", res.StatusCode)
	}
	if res := ask(h, "GET", "/socket.io/"); res.StatusCode != http.StatusNotFound {
		t.Errorf("another path: %d", res.StatusCode)
	}
}

func TestHandler_ReadyzSaysWhyNot(t *testing.T) {
	h := New(Options{Status: func() Status { return Status{Version: "v1", NotReady: "shutting down"} }})
	res := ask(h, "GET", "/readyz")
	if body, _ := io.ReadAll(res.Body); res.StatusCode != 503 || strings.TrimSpace(string(body)) != "shutting down" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res := ask(h, "GET", "/healthz"); res.StatusCode != 200 {
		t.Errorf("healthz: %d", res.StatusCode)
	}
	if res := ask(h, "GET", "/metrics"); res.StatusCode != 404 {
		t.Errorf("metrics without a handler: %d", res.StatusCode)
	}
}

func TestFetch_GivesWhatTheHandlerSays(t *testing.T) {
	server := httptest.NewServer(New(Options{Status: example}))
	defer server.Close()
	got, raw, err := Fetch(t.Context(), "http://"+server.Listener.Addr().String()+"/") // as a browser shows it
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example(), *got); diff != "" {
		t.Error(diff)
	}
	if !json.Valid(raw) {
		t.Errorf("not JSON: %s", raw)
	}
}

func TestFetch_TellsWhatIsWrong(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if _, _, err := Fetch(t.Context(), server.Listener.Addr().String()); !errors.Is(err, errNotHub) {
		t.Errorf("another server: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	greets, quiet := true, make(chan struct{})
	go func() { // as a control listener greets, and then as a hub that is killed
		defer close(quiet)
		for conn, err := l.Accept(); err == nil; conn, err = l.Accept() {
			if greets {
				_, _ = conn.Write([]byte("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00"))
			}
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_ = conn.Close()
			greets = false
		}
	}()
	if _, _, err := Fetch(t.Context(), l.Addr().String()); !errors.Is(err, errNotHub) {
		t.Errorf("a server that speaks no HTTP/1.1: %v", err)
	}
	if _, _, err := Fetch(t.Context(), l.Addr().String()); err == nil || errors.Is(err, errNotHub) {
		t.Errorf("a server that ends: %v", err)
	}
	_ = l.Close()
	<-quiet
	if _, _, err := Fetch(t.Context(), l.Addr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("nobody: %v", err)
	}
	if _, _, err := Fetch(t.Context(), "::not an address::"); err == nil {
		t.Error("nonsense was taken")
	}
}

func TestPrint_SaysEverythingAndSteersNoTerminal(t *testing.T) {
	var out bytes.Buffer
	s := example()
	if err := s.Print(&out, start.Add(3*time.Minute)); err != nil {
		t.Fatal(err)
	}
	want := `hub v1.2.3, up 3m0s, ready

Browsers
  3 sessions connected, 1 connect attempt undecided
  1 socket in /
  2 sockets in /chat

Services
  chat: 3 instances, 1 socket with none of them, parked 2 events (90 bytes), 1 connect or disconnect
    chat-7 v2: attached 2m0s, 2 sockets, 1 of 1024 deliveries in flight
    chat-8: lost 1m0s ago, waited for, 0 sockets, 0 of 0 deliveries in flight
    chat-9: attached 2m0s, paused, draining, weight 9, keeps its sockets, 0 sockets, 3 of 8 deliveries in flight, 1 of 2 connect attempts, oldest unsettled 31.3s
  presence: 0 instances; ` + "`hub forget presence`" + ` if it is gone for good

Routes
  /chat   authorizer  chat      connect attempts
  /chat   handler     chat      message, typing*
  /chat   handler     presence  no events
  /org/*  observer    audit     *

Parked
  2 events (90 bytes), 1 connect or disconnect

Missing
  no authorizer for /org/*
  evil ` + "\uFFFD[2J\uFFFD\uFFFD\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestPrint_EmptyHub(t *testing.T) {
	var out bytes.Buffer
	s := Status{Version: "v1", StartTime: start, NotReady: "starting"}
	if err := s.Print(&out, start); err != nil {
		t.Fatal(err)
	}
	want := "hub v1, up 0s, not ready: starting\n\nBrowsers\n  0 sessions connected\n\nServices\n  none is attached\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
