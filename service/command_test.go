package service_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
)

// open is a service whose namespace `/` lets everybody in; `user` in auth becomes
// the user.
func open(opts service.Options) *service.Service {
	svc := newService("open", opts)
	svc.Namespace("/").OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		var auth struct{ User string }
		err := c.BindAuth(&auth)
		return service.Accept{User: auth.User}, err
	})
	return svc
}

func as(user string) servicetest.ConnectOption {
	return servicetest.Auth(map[string]string{"user": user})
}

func TestEmit_Targets(t *testing.T) {
	svc := open(service.Options{})
	h := servicetest.New(t, svc)
	ctx := t.Context()
	clients := map[string]*servicetest.Client{}
	for _, name := range []string{"a", "b", "c"} {
		clients[name] = connect(t, h, "/", as("user-"+name))
	}
	root := svc.In("/")
	for _, join := range []struct{ who, room string }{{"a", "r"}, {"b", "r"}, {"b", "s"}, {"c", "s"}} {
		if _, err := root.Users("user-"+join.who).Join(ctx, join.room); err != nil {
			t.Fatal(err)
		}
	}
	id := func(name string) string { return clients[name].ID() }
	for i, c := range []struct {
		target service.Target
		want   string
	}{
		{svc.To("r"), "a b"},
		{svc.To("r", "s"), "a b c"},
		{svc.To("r").To("s").Except("r"), "c"},
		{root.All(), "a b c"},
		{root.All().Except("s"), "a"},
		{root.All().ExceptSockets(id("a")).ExceptUsers("user-c"), "b"},
		{root.Sockets(id("a"), id("c")), "a c"},
		{root.Users("user-b"), "b"},
		{svc.To(id("b")), "b"},
		{svc.To("nobody"), ""},
		{svc.In("/elsewhere").All(), ""},
	} {
		event := fmt.Sprint("e", i)
		result, err := c.target.EmitResult(ctx, event)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for name, client := range clients {
			if slices.Contains(client.Received(), event+" []") {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want || result.Matched != len(got) {
			t.Errorf("%d: %v and %+v, want %s", i, got, result, c.want)
		}
	}
}

// A Target that was extended leaves the one it came from alone.
func TestTarget_IsAValue(t *testing.T) {
	svc := open(service.Options{})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	base := svc.To("a").To("b")
	one, two := base.To("c"), base.To(alice.ID())
	for _, target := range []service.Target{base, one} {
		if r, err := target.EmitResult(t.Context(), "x"); err != nil || r.Matched != 0 {
			t.Errorf("%+v %v", r, err)
		}
	}
	if r, err := two.EmitResult(t.Context(), "x"); err != nil || r.Matched != 1 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestEmit_RefusesWhatCannotWork(t *testing.T) {
	svc := open(service.Options{})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	var status *service.StatusError
	for name, err := range map[string]error{
		"empty target":    svc.In("/").Emit(t.Context(), "x"),
		"no rooms":        svc.To().Emit(t.Context(), "x"),
		"no slash":        svc.In("chat").All().Emit(t.Context(), "x"),
		"reserved":        svc.Emit(t.Context(), "disconnect"),
		"no name":         svc.Emit(t.Context(), ""),
		"name not UTF-8":  svc.Emit(t.Context(), "\xff"),
		"room not UTF-8":  svc.To("\xff").Emit(t.Context(), "x"),
		"key not UTF-8":   svc.To("x").IdempotencyKey("\xff").Emit(t.Context(), "x"),
		"key too long":    svc.To("x").IdempotencyKey(strings.Repeat("k", 129)).Emit(t.Context(), "x"),
		"namespace bytes": svc.In("/\xff").All().Emit(t.Context(), "x"),
	} {
		if !errors.As(err, &status) || status.Code != codes.InvalidArgument || service.SafeToRetry(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := svc.Emit(t.Context(), "x", make(chan int)); err == nil {
		t.Error("a channel was sent")
	}
	if err := svc.Emit(t.Context(), "x", make([]byte, 5<<20)); !errors.Is(err, service.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := svc.In("/").Sockets(alice.ID()).Join(t.Context(), "ok", "\x01x"); !errors.As(err, &status) || status.Field != "update_rooms.join[1]" {
		t.Errorf("reserved room: %v", err)
	}
	if h.Wait(); len(alice.Received()) != 0 {
		t.Error(alice.Received())
	}
}

func TestSocket_RoomsDataDisconnect(t *testing.T) {
	svc := open(service.Options{})
	svc.Namespace("/").
		On("rooms", func(ctx context.Context, e *service.Event) error {
			if err := e.Socket.Join(ctx, "r", "s"); err != nil {
				return err
			}
			if err := e.Socket.Leave(ctx, "s"); err != nil {
				return err
			}
			return e.Socket.To("r").Emit(ctx, "to others in r")
		}).
		On("data", func(ctx context.Context, e *service.Event) error {
			first := e.Socket.CompareAndSetData(ctx, map[string]int{"n": 1})
			second := e.Socket.CompareAndSetData(ctx, map[string]int{"n": 2})
			return e.Reply(first == nil, fmt.Sprint(second))
		}).
		On("read", func(ctx context.Context, e *service.Event) error {
			var data struct{ N int }
			err := e.Socket.BindData(&data)
			return errors.Join(err, e.Reply(data.N, e.Socket.DataVersion()))
		}).
		On("leave", func(ctx context.Context, e *service.Event) error { return e.Socket.Disconnect(ctx) })
	h := servicetest.New(t, svc)
	alice, bob := connect(t, h, "/"), connect(t, h, "/")
	for _, c := range []*servicetest.Client{alice, bob} {
		if c.Emit("rooms"); c == alice {
			h.Wait()
		}
	}
	alice.Expect("to others in r")
	if diff := cmp.Diff([]string{"r"}, alice.Rooms()); diff != "" {
		t.Error(diff)
	}
	got, err := alice.EmitWithAck(t.Context(), "data")
	if err != nil || !strings.Contains(string(got.Args), "FailedPrecondition") {
		t.Errorf("%s %v", got.Args, err)
	}
	if got, err := alice.EmitWithAck(t.Context(), "read"); err != nil || string(got.Args) != "[1,1]" {
		t.Errorf("%s %v", got.Args, err)
	}
	alice.Emit("leave")
	h.Wait()
	if alice.Gone() != "server namespace disconnect" {
		t.Error(alice.Gone())
	}
	if len(bob.Received()) != 0 {
		t.Error(bob.Received())
	}
}

func TestQueries(t *testing.T) {
	svc := open(service.Options{})
	h := servicetest.New(t, svc)
	ctx := t.Context()
	alice, bob := connect(t, h, "/", as("alice"), servicetest.Query("v", "1")), connect(t, h, "/")
	for _, c := range []*servicetest.Client{alice, bob} {
		if _, err := svc.In("/").Sockets(c.ID()).Join(ctx, "room-1"); err != nil {
			t.Fatal(err)
		}
	}
	sockets, err := svc.In("/").Users("alice").FetchSockets(ctx)
	if err != nil || len(sockets) != 1 {
		t.Fatal(sockets, err)
	}
	if s := sockets[0]; s.Socket.ID() != alice.ID() || s.Socket.User() != "alice" || s.Handshake.Query().Get("v") != "1" || s.Rooms[0] != "room-1" {
		t.Errorf("%+v", s)
	}
	if err := sockets[0].Socket.Emit(ctx, "x"); err != nil {
		t.Error(err)
	}
	alice.Expect("x")
	if n, err := svc.To("room-1").CountSockets(ctx); n != 2 || err != nil {
		t.Error(n, err)
	}
	rooms, err := svc.In("/").ListRooms(ctx, "room")
	if diff := cmp.Diff([]service.Room{{Name: "room-1", Sockets: 2}}, rooms); diff != "" || err != nil {
		t.Error(diff, err)
	}
	var status *service.StatusError
	if _, err := svc.In("/").CountSockets(ctx); !errors.As(err, &status) || status.Code != codes.InvalidArgument {
		t.Error(err)
	}
}

// The browser answers in the middle of its own event: a handler that waits for it
// does not wait behind itself.
func TestAck_InsideAHandler(t *testing.T) {
	svc := open(service.Options{Workers: 1})
	svc.Namespace("/").On("start", func(ctx context.Context, e *service.Event) error {
		ack, err := e.Socket.EmitWithAck(ctx, "question", "sure?", []byte("x"))
		if err != nil {
			return err
		}
		var answer string
		var file []byte
		if err := ack.Bind(&answer, &file); err != nil {
			return err
		}
		return e.Reply(answer, file)
	})
	alice := connect(t, servicetest.New(t, svc), "/")
	alice.Answer("question", "yes", []byte("y"))
	got, err := alice.EmitWithAck(t.Context(), "start")
	if err != nil || string(got.Args) != `["yes",{"_placeholder":true,"num":0}]` || string(got.Attachments[0]) != "y" {
		t.Errorf("%s %v", got.Args, err)
	}
}

func TestAck_TimeoutsAndGoneSockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := open(service.Options{AckTimeout: 3 * time.Second})
		h := servicetest.New(t, svc)
		ctx := t.Context()
		alice, bob, carol := connect(t, h, "/"), connect(t, h, "/"), connect(t, h, "/")
		alice.Answer("q", 1)
		go func() {
			carol.Expect("q")
			carol.Disconnect()
		}()
		began := time.Now()
		acks, err := svc.EmitWithAck(ctx, "q")
		if !errors.Is(err, service.ErrAckTimeout) || !time.Now().Equal(began.Add(3*time.Second)) {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if acks == nil || acks.Expected != 3 || acks.Acked != 1 || acks.TimedOut != 1 || acks.Disconnected != 1 || acks.Acks[0].SocketID != alice.ID() {
			t.Errorf("%+v", acks)
		}

		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		acks, err = svc.In("/").Sockets(bob.ID()).EmitWithAck(short, "q")
		if !errors.Is(err, service.ErrAckTimeout) || acks == nil {
			t.Errorf("the context's deadline: %v %v", acks, err)
		}
		if acks, err := svc.To("nobody").EmitWithAck(ctx, "q"); err != nil || acks.Expected != 0 {
			t.Errorf("nobody: %+v %v", acks, err)
		}
		sockets, err := svc.In("/").All().FetchSockets(ctx)
		if err != nil {
			t.Fatal(err)
		}
		bob.Disconnect()
		for _, s := range sockets {
			_, err := s.Socket.EmitWithAck(ctx, "q")
			if s.Socket.ID() == alice.ID() && err != nil || s.Socket.ID() == bob.ID() && !errors.Is(err, service.ErrSocketGone) {
				t.Errorf("%s: %v", s.Socket.ID(), err)
			}
		}
		if _, err := svc.In("/").All().Timeout(time.Hour).EmitWithAck(ctx, "q"); err == nil {
			t.Error("an hour was allowed")
		}
	})
}

func TestEmitEachAck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := open(service.Options{})
		h := servicetest.New(t, svc)
		var want []string
		for i := range 3 {
			c := connect(t, h, "/")
			if i < 2 {
				c.Answer("q", i)
				want = append(want, c.ID())
			}
		}
		var got []string
		var last error
		for ack, err := range svc.In("/").All().Timeout(time.Second).EmitEachAck(t.Context(), "q") {
			if last = err; err == nil {
				got = append(got, ack.SocketID)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" || !errors.Is(last, service.ErrAckTimeout) {
			t.Error(diff, last)
		}
		for range svc.In("/").All().EmitEachAck(t.Context(), "q") {
			break
		}
	})
}

func TestIdempotencyKey_RepeatsTheResult(t *testing.T) {
	svc := open(service.Options{})
	alice := connect(t, servicetest.New(t, svc), "/")
	target := svc.In("/").Sockets(alice.ID()).IdempotencyKey("k")
	first, err := target.EmitResult(t.Context(), "x")
	if err != nil || first.Duplicate {
		t.Error(first, err)
	}
	second, err := target.EmitResult(t.Context(), "x")
	if err != nil || !second.Duplicate || second.Matched != 1 || len(alice.Received()) != 1 {
		t.Error(second, err, alice.Received())
	}
}

// Many goroutines emit at once: nothing is lost, and each one's order is kept.
func TestEmit_FromManyGoroutines(t *testing.T) {
	svc := open(service.Options{})
	alice := connect(t, servicetest.New(t, svc), "/")
	const goroutines, emits = 16, 200
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for n := range emits {
				if err := svc.Emit(t.Context(), "n", g, n); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := svc.In("/").All().EmitResult(t.Context(), "end"); err != nil {
		t.Fatal(err)
	}
	next := map[int]int{}
	for range goroutines * emits {
		var g, n int
		if err := alice.Expect("n").Bind(&g, &n); err != nil {
			t.Fatal(err)
		}
		if next[g] != n {
			t.Fatalf("goroutine %d: %d after %d", g, n, next[g])
		}
		next[g]++
	}
	alice.Expect("end")
}
