package service_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
)

// quiet is a service without log, whose backoff does not hold up a test.
func quiet(group string) *service.Service { return newService(group, service.Options{}) }

func newService(group string, opts service.Options) *service.Service {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	opts.Backoff = service.Backoff{Min: time.Millisecond, Max: time.Millisecond}
	return service.New(group, opts)
}

func connect(t *testing.T, h *servicetest.Hub, namespace string, options ...servicetest.ConnectOption) *servicetest.Client {
	t.Helper()
	c, err := h.Connect(namespace, options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const exact = `{"b":1,"a":9007199254740993,"c":"<&>\u2028"}`

func TestEvent_ReplyIsByteExact(t *testing.T) {
	svc := quiet("chat")
	svc.Namespace("/").AllowAnyone().On("echo", func(_ context.Context, e *service.Event) error {
		var raw json.RawMessage
		var file []byte
		if err := e.Bind(&raw, &file); err != nil {
			return err
		}
		return e.Reply(raw, file, map[string]any{"again": raw})
	}).On("unseen", func(_ context.Context, e *service.Event) error { return e.Reply(e.Payload()) })
	alice := connect(t, servicetest.New(t, svc), "/")

	got, err := alice.EmitWithAck(t.Context(), "echo", json.RawMessage(exact), []byte{0, 255})
	if err != nil {
		t.Fatal(err)
	}
	if want := `[` + exact + `,{"_placeholder":true,"num":0},{"again":` + exact + `}]`; string(got.Args) != want {
		t.Errorf("got  %s\nwant %s", got.Args, want)
	}
	if !bytes.Equal(got.Attachments[0], []byte{0, 255}) {
		t.Errorf("attachment %v", got.Attachments)
	}
	got, err = alice.EmitWithAck(t.Context(), "unseen", []byte("x"), json.RawMessage(exact))
	if want := `[{"_placeholder":true,"num":0},` + exact + `]`; err != nil || string(got.Args) != want {
		t.Errorf("got %s, %v", got.Args, err)
	}
}

func TestConnect_AcceptDenyUndecided(t *testing.T) {
	svc := quiet("chat")
	chat := svc.Namespace("/chat")
	chat.OnConnect(func(ctx context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		var auth struct{ Name string }
		if err := c.BindAuth(&auth); err != nil {
			return service.Accept{}, err
		}
		switch auth.Name {
		case "":
			return service.Accept{}, service.Deny("who are you?", map[string]any{"code": "<NO>"})
		case "panic":
			panic("no")
		case "broken":
			return service.Accept{Data: func() {}}, nil
		}
		if cookie, err := c.Handshake.Cookie("session"); err != nil || cookie.Value != "s" {
			t.Errorf("cookie %v, %v", cookie, err)
		}
		c.Emit("welcome", auth.Name)
		return service.Accept{User: auth.Name, Rooms: []string{"lobby"}, Data: json.RawMessage(exact)}, nil
	})
	chat.OnConnected(func(ctx context.Context, c *service.Connected) error {
		return c.Socket.Emit(ctx, "connected", c.Socket.Data(), c.Rooms, c.Late)
	})
	h := servicetest.New(t, svc)

	_, err := h.Connect("/chat")
	var denied *servicetest.ConnectError
	if !errors.As(err, &denied) || denied.Message != "who are you?" || string(denied.Data) != `{"code":"<NO>"}` {
		t.Errorf("denied: %v", err)
	}
	for _, auth := range []any{[]int{1}, map[string]any{"name": "panic"}, map[string]any{"name": "broken"}} {
		if _, err := h.Connect("/chat", servicetest.Auth(auth)); !errors.Is(err, servicetest.ErrUndecided) {
			t.Errorf("%v: %v", auth, err)
		}
	}
	if _, err := h.Connect("/elsewhere"); !errors.Is(err, servicetest.ErrInvalidNamespace) {
		t.Errorf("elsewhere: %v", err)
	}

	alice := connect(t, h, "/chat", servicetest.Auth(map[string]any{"name": "alice"}), servicetest.Header("cookie", "session=s"))
	h.Wait()
	want := []string{`welcome ["alice"]`, `connected [` + exact + `,["lobby"],false]`}
	if diff := cmp.Diff(want, alice.Received()); diff != "" {
		t.Error(diff)
	}
	if alice.User() != "alice" {
		t.Error(alice.User())
	}
}

func TestHandlers_OneAtATimeForEachSocket(t *testing.T) {
	const sockets, events = 8, 50
	svc := quiet("chat")
	type state struct {
		running atomic.Int32
		order   []int
	}
	var mu sync.Mutex
	states := map[string]*state{}
	var together, most atomic.Int32
	svc.Namespace("/").AllowAnyone().On("n", func(_ context.Context, e *service.Event) error {
		mu.Lock()
		s := states[e.Socket.ID()]
		if s == nil {
			s = &state{}
			states[e.Socket.ID()] = s
		}
		mu.Unlock()
		if s.running.Add(1) > 1 {
			t.Error("two handlers of one socket")
		}
		most.Store(max(most.Load(), together.Add(1)))
		defer together.Add(-1)
		defer s.running.Add(-1)
		var n int
		if err := e.Bind(&n); err != nil {
			return err
		}
		s.order = append(s.order, n)
		return nil
	})
	h := servicetest.New(t, svc)
	var clients []*servicetest.Client
	for range sockets {
		clients = append(clients, connect(t, h, "/"))
	}
	for n := range events {
		for _, c := range clients {
			c.Emit("n", n)
		}
	}
	h.Wait()
	for _, c := range clients {
		for n, got := range states[c.ID()].order {
			if n != got {
				t.Fatalf("order %v", states[c.ID()].order)
			}
		}
		if len(states[c.ID()].order) != events {
			t.Errorf("%d events", len(states[c.ID()].order))
		}
	}
}

// A handler that blocks holds up its socket, and nobody else.
func TestHandlers_SocketsRunInParallel(t *testing.T) {
	svc := quiet("chat")
	release := make(chan struct{})
	svc.Namespace("/").AllowAnyone().
		On("block", func(context.Context, *service.Event) error { <-release; return nil }).
		On("quick", func(_ context.Context, e *service.Event) error { return e.Reply("done") })
	h := servicetest.New(t, svc)
	var blocked []*servicetest.Client
	for range 20 {
		c := connect(t, h, "/")
		c.Emit("block")
		blocked = append(blocked, c)
	}
	if _, err := connect(t, h, "/").EmitWithAck(t.Context(), "quick"); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := blocked[0].EmitWithAck(ctx, "quick"); err == nil {
		t.Error("an event overtook the one before it")
	}
	close(release)
	h.Wait()
}

func TestHandlers_WorkersBoundWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := newService("chat", service.Options{Workers: 3})
		var running, most atomic.Int32
		svc.Namespace("/").AllowAnyone().On("slow", func(context.Context, *service.Event) error {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			running.Add(-1)
			return nil
		})
		h := servicetest.New(t, svc)
		began := time.Now()
		for range 10 {
			connect(t, h, "/").Emit("slow")
		}
		h.Wait()
		if most.Load() != 3 || time.Since(began) != 4*time.Second {
			t.Errorf("%d at a time, %v", most.Load(), time.Since(began))
		}
	})
}

func TestHandlers_ConcurrentRunBesideEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := quiet("chat")
		var order []string
		var mu sync.Mutex
		note := func(s string) { mu.Lock(); defer mu.Unlock(); order = append(order, s) }
		svc.Namespace("/").AllowAnyone().
			On("slow", func(context.Context, *service.Event) error {
				time.Sleep(time.Second)
				note("slow")
				return nil
			}, service.Concurrent()).
			On("quick", func(context.Context, *service.Event) error { note("quick"); return nil }).
			OnDisconnect(func(context.Context, *service.Disconnect) error { note("gone"); return nil })
		h := servicetest.New(t, svc)
		c := connect(t, h, "/")
		began := time.Now()
		c.Emit("slow")
		c.Emit("slow")
		c.Emit("quick")
		c.Disconnect()
		h.Wait()
		if diff := cmp.Diff([]string{"quick", "slow", "slow", "gone"}, order); diff != "" {
			t.Error(diff)
		}
		if time.Since(began) != time.Second {
			t.Error(time.Since(began))
		}
	})
}

func TestHandlers_ErrorsAndPanicsAreLoggedOnce(t *testing.T) {
	for name, handler := range map[string]service.Handler{
		"error": func(context.Context, *service.Event) error { return errors.New("broken <thing>") },
		"panic": func(context.Context, *service.Event) error { panic("broken <thing>") },
		"bind":  func(_ context.Context, e *service.Event) error { var n int; return e.Bind(&n) },
		"deny":  func(context.Context, *service.Event) error { return service.Deny("broken <thing>", nil) },
		"exit":  func(context.Context, *service.Event) error { panicExit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var log lockedBuffer
			svc := newService("chat", service.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			svc.Namespace("/").AllowAnyone().On("x", handler).
				On("after", func(_ context.Context, e *service.Event) error { return e.Reply() })
			h := servicetest.New(t, svc)
			alice := connect(t, h, "/")
			var nack *servicetest.NackError
			if _, err := alice.EmitWithAck(t.Context(), "x", "text"); !errors.As(err, &nack) {
				t.Errorf("got %v", err)
			}
			if _, err := alice.EmitWithAck(t.Context(), "after"); err != nil {
				t.Errorf("the socket's next event: %v", err)
			}
			if n := log.count("level=ERROR"); n != 1 {
				t.Errorf("%d errors in the log:\n%s", n, &log)
			}
		})
	}
}

func TestRetry_ComesFiveTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := quiet("chat")
		var attempts []int
		var ids []string
		svc.Namespace("/").AllowAnyone().
			On("never", func(_ context.Context, e *service.Event) error {
				attempts, ids = append(attempts, e.Attempt), append(ids, e.DedupeID())
				return service.RetryAfter(errors.New("database away"), time.Second)
			}).
			On("second", func(_ context.Context, e *service.Event) error {
				if e.Attempt < 2 {
					return service.Retry(nil)
				}
				return e.Reply(e.Attempt)
			})
		h := servicetest.New(t, svc)
		alice := connect(t, h, "/")
		began := time.Now()
		_, err := alice.EmitWithAck(t.Context(), "never")
		var nack *servicetest.NackError
		if !errors.As(err, &nack) || nack.Message != "service: try again: database away" {
			t.Errorf("got %v", err)
		}
		if diff := cmp.Diff([]int{1, 2, 3, 4, 5}, attempts); diff != "" || time.Since(began) != 4*time.Second {
			t.Error(diff, time.Since(began))
		}
		if ids[0] != ids[4] || len(ids[0]) != 16 {
			t.Errorf("dedupe ids %q", ids)
		}
		if got, err := alice.EmitWithAck(t.Context(), "second"); err != nil || string(got.Args) != "[2]" {
			t.Errorf("%s, %v", got.Args, err)
		}
	})
}

func TestStrict_KeepsTheOrderOverRetry(t *testing.T) {
	svc := quiet("chat")
	var order []string
	svc.Namespace("/").AllowAnyone().Set(service.Strict()).On("n", func(_ context.Context, e *service.Event) error {
		var n int
		if err := e.Bind(&n); err != nil {
			return err
		}
		order = append(order, fmt.Sprintf("%d.%d", n, e.Attempt))
		if n == 1 && e.Attempt < 3 {
			return service.Retry(nil)
		}
		return nil
	})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	for n := range 3 {
		alice.Emit("n", n)
	}
	h.Wait()
	if diff := cmp.Diff([]string{"0.1", "1.1", "1.2", "1.3", "2.1"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestReply_KeepsItsPlaceAmongEmits(t *testing.T) {
	svc := quiet("chat")
	var second error
	svc.Namespace("/").AllowAnyone().On("x", func(ctx context.Context, e *service.Event) error {
		if err := e.Socket.Emit(ctx, "before"); err != nil {
			return err
		}
		if err := e.Reply("now"); err != nil {
			return err
		}
		second = e.Reply("again")
		return e.Socket.Emit(ctx, "after")
	})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	got, err := alice.EmitWithAck(t.Context(), "x")
	if err != nil || string(got.Args) != `["now"]` {
		t.Errorf("%s, %v", got.Args, err)
	}
	alice.Expect("before")
	alice.Expect("after")
	if !errors.Is(second, service.ErrAnswered) {
		t.Errorf("second reply: %v", second)
	}
}

func TestReply_IsNothingWhenNobodyWaits(t *testing.T) {
	svc := quiet("chat")
	svc.Namespace("/").AllowAnyone().
		On("x", func(_ context.Context, e *service.Event) error { return errors.Join(e.Reply(1), e.Reply(2)) }).
		On("silent", func(context.Context, *service.Event) error { return nil })
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	alice.Emit("x")
	h.Wait()
	if _, err := alice.EmitWithAck(t.Context(), "silent"); !errors.Is(err, servicetest.ErrNoReply) {
		t.Error(err)
	}
}

func TestNamespaces_PatternsAndPrefixes(t *testing.T) {
	svc := quiet("chat")
	answer := func(text string) service.Handler {
		return func(_ context.Context, e *service.Event) error { return e.Reply(text, e.Name, e.Socket.Namespace()) }
	}
	svc.Namespace("/org/*").AllowAnyone().On("*", answer("any")).On("job:*", answer("job")).On("job:x", answer("x"))
	svc.Namespace("/org/special").AllowAnyone().On("*", answer("special"))
	h := servicetest.New(t, svc)
	seven, special := connect(t, h, "/org/7/deep"), connect(t, h, "/org/special")
	for _, c := range []struct {
		client      *servicetest.Client
		event, want string
	}{
		{seven, "hello", `["any","hello","/org/7/deep"]`},
		{seven, "job:y", `["job","job:y","/org/7/deep"]`},
		{seven, "job:x", `["x","job:x","/org/7/deep"]`},
		{special, "job:x", `["special","job:x","/org/special"]`},
	} {
		if got, err := c.client.EmitWithAck(t.Context(), c.event); err != nil || string(got.Args) != c.want {
			t.Errorf("%s: %s, %v", c.event, got.Args, err)
		}
	}
}

func TestDisconnect_ComesLastAndOnce(t *testing.T) {
	svc := quiet("chat")
	var seen []string
	svc.Namespace("/").OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{User: "u", Rooms: []string{"r"}}, nil
	}).
		On("x", func(context.Context, *service.Event) error { seen = append(seen, "event"); return nil }).
		OnConnected(func(_ context.Context, c *service.Connected) error {
			seen = append(seen, "connected")
			return nil
		}).
		OnDisconnect(func(_ context.Context, d *service.Disconnect) error {
			seen = append(seen, d.Reason)
			if d.CloseCode != 1001 || d.Socket.User() != "u" || len(d.Rooms) != 1 {
				t.Errorf("%+v", d)
			}
			return nil
		})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	alice.Emit("x")
	alice.Lose("transport close", 1001)
	h.Wait()
	if diff := cmp.Diff([]string{"connected", "event", "transport close"}, seen); diff != "" {
		t.Error(diff)
	}
}

// lifecycle alone does not take the namespace's events from other services.
func TestNamespace_LifecycleAlone(t *testing.T) {
	svc := quiet("presence")
	var seen []string
	svc.Namespace("/chat").AuthorizedElsewhere().
		OnConnected(func(_ context.Context, c *service.Connected) error {
			seen = append(seen, "connected "+c.Socket.User())
			return nil
		}).
		OnDisconnect(func(context.Context, *service.Disconnect) error { seen = append(seen, "gone"); return nil })
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/chat", servicetest.AcceptedAs(service.Accept{User: "alice"}))
	if _, err := alice.EmitWithAck(t.Context(), "x"); !errors.Is(err, servicetest.ErrNoReply) {
		t.Errorf("the event reached the service: %v", err)
	}
	alice.Disconnect()
	h.Wait()
	if diff := cmp.Diff([]string{"connected alice", "gone"}, seen); diff != "" {
		t.Error(diff)
	}
}
