package service_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
)

func TestRun_RefusesAServiceThatIsNotPutTogether(t *testing.T) {
	nothing := func(context.Context, *service.Event) error { return nil }
	for want, set := range map[string]func(*service.Service){
		`service: namespace "/chat": it is not said who decides`:            func(s *service.Service) { s.Namespace("/chat").On("x", nothing) },
		`service: namespace "/chat": AllowAnyone after OnConnect`:           func(s *service.Service) { s.Namespace("/chat").OnConnect(nil).AllowAnyone() },
		`service: namespace "/chat": the handler given to OnConnect is nil`: func(s *service.Service) { s.Namespace("/chat").OnConnect(nil) },
		`service: namespace "chat": a name begins with a slash`:             func(s *service.Service) { s.Namespace("chat").AllowAnyone() },
		"service: namespace \"/a/*/b\": `*` is allowed":                     func(s *service.Service) { s.Namespace("/a/*/b").AllowAnyone() },
		`service: namespace "/": event "x" has two handlers`:                func(s *service.Service) { s.Namespace("/").AllowAnyone().On("x", nothing).On("x", nothing) },
		`service: namespace "/": event "disconnect" is Socket.IO's own`:     func(s *service.Service) { s.Namespace("/").AllowAnyone().On("disconnect", nothing) },
		`service: namespace "/": event "": a name has`:                      func(s *service.Service) { s.Namespace("/").AllowAnyone().On("", nothing) },
		`service: namespace "/": the handler of event "x" is nil`:           func(s *service.Service) { s.Namespace("/").AllowAnyone().On("x", nil) },
	} {
		svc := quiet("chat")
		set(svc)
		err := svc.Run(t.Context())
		var config *service.ConfigError
		if !errors.As(err, &config) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	for want, opts := range map[string]service.Options{
		"service: Options.Workers: -1 is not allowed: 1 to 1048576":         {Workers: -1},
		"service: Options.AckTimeout: 10m0s is not allowed: 1ns to 5m0s":    {AckTimeout: 10 * time.Minute},
		"service: Options.Token: a token for hub.example:7420 would travel": {Token: "t", Hub: "hub.example:7420"},
		"service: Options.InstanceID: ":                                     {InstanceID: strings.Repeat("x", 129)},
	} {
		if err := service.New("chat", opts).Run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if err := service.New("", service.Options{}).Run(t.Context()); err == nil {
		t.Error("no group was accepted")
	}
}

func TestRun_OnceOnly(t *testing.T) {
	svc := quiet("chat")
	servicetest.New(t, svc)
	if err := svc.Run(t.Context()); !errors.Is(err, service.ErrClosed) {
		t.Error(err)
	}
	closed := quiet("chat")
	if err := closed.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := closed.Run(t.Context()); !errors.Is(err, service.ErrClosed) {
		t.Error(err)
	}
	if err := closed.Emit(t.Context(), "x"); !errors.Is(err, service.ErrClosed) {
		t.Error(err)
	}
}

// What was not settled when the stream broke comes again; what the old try says is
// not heard.
func TestCut_RedeliversAndFences(t *testing.T) {
	svc := open(service.Options{})
	started := make(chan int, 2)
	cause := make(chan error, 3)
	ids := map[string]bool{}
	svc.Namespace("/").On("x", func(ctx context.Context, e *service.Event) error {
		started <- e.Attempt
		ids[e.DedupeID()] = true
		if err := e.Socket.Emit(ctx, "before", e.Attempt); err != nil {
			return err
		}
		if e.Attempt == 1 {
			<-ctx.Done()
			cause <- context.Cause(ctx)
			cause <- e.Socket.Emit(ctx, "late")
			_, err := e.Socket.EmitWithAck(ctx, "late")
			cause <- err
			return e.Reply("late")
		}
		return e.Reply(e.Attempt)
	})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	go func() {
		<-started
		alice.Expect("before")
		h.Drop()
	}()
	got, err := alice.EmitWithAck(t.Context(), "x")
	if err != nil || string(got.Args) != "[2]" {
		t.Errorf("%s %v", got.Args, err)
	}
	for range 3 {
		if err := <-cause; !errors.Is(err, service.ErrLeaseLost) || service.SafeToRetry(err) {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"before [1]", "before [2]"}, alice.Received()); diff != "" {
		t.Error(diff)
	}
	if len(ids) != 1 {
		t.Errorf("%d dedupe ids", len(ids))
	}
}

// The next life of a socket's work waits for a handler of the life before.
func TestCut_NeverTwoHandlersOfOneSocket(t *testing.T) {
	svc := open(service.Options{})
	var running sync.Map
	entered, release := make(chan struct{}, 10), make(chan struct{})
	svc.Namespace("/").On("x", func(ctx context.Context, e *service.Event) error {
		if _, other := running.LoadOrStore(e.Socket.ID(), true); other {
			t.Error("two at once")
		}
		defer running.Delete(e.Socket.ID())
		entered <- struct{}{}
		if e.Attempt == 1 {
			<-release // deaf to its context
		}
		return nil
	})
	h := servicetest.New(t, svc)
	alice, bob := connect(t, h, "/"), connect(t, h, "/")
	alice.Emit("x")
	<-entered
	alice.Emit("x")
	h.Drop()
	bob.Emit("x")
	<-entered // bob's: the new stream works while alice's old handler runs
	close(release)
	h.Wait()
}

func TestCut_AtMostOnceIsNotRepeated(t *testing.T) {
	svc := open(service.Options{})
	var count atomic.Int32
	entered := make(chan struct{}, 10)
	svc.Namespace("/").On("move", func(ctx context.Context, e *service.Event) error {
		count.Add(1)
		entered <- struct{}{}
		<-ctx.Done()
		return nil
	}, service.AtMostOnce())
	h := servicetest.New(t, svc)
	connect(t, h, "/").Emit("move")
	<-entered
	h.Drop()
	h.Wait()
	if count.Load() != 1 {
		t.Error(count.Load())
	}
}

func TestCut_CommandsOutsideWaitForTheStream(t *testing.T) {
	svc := open(service.Options{})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	for n := range 20 {
		h.Drop()
		if _, err := svc.In("/").All().EmitResult(t.Context(), "n", n); err != nil && !errors.Is(err, service.ErrOutcomeUnknown) {
			t.Fatal(err)
		}
	}
	if len(alice.Received()) == 0 {
		t.Error("nothing arrived")
	}
}

func TestCommand_FailsWithoutAHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := newService("chat", service.Options{CommandTimeout: time.Second})
		for _, err := range []error{
			svc.Emit(t.Context(), "x"),
			func() error { _, err := svc.To("x").Join(t.Context(), "y"); return err }(),
			func() error { _, err := svc.To("x").CountSockets(t.Context()); return err }(),
		} {
			if !errors.Is(err, service.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) || !service.SafeToRetry(err) {
				t.Error(err)
			}
		}
		if err := svc.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestIntroduceOnAttach_TellsWhoIsThere(t *testing.T) {
	svc := open(service.Options{})
	var mu sync.Mutex
	var seen []string
	svc.Namespace("/").Set(service.IntroduceOnAttach()).OnConnected(func(_ context.Context, c *service.Connected) error {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, c.Socket.ID())
		if c.Late != (len(seen) > 1) {
			t.Errorf("%d: late %v", len(seen), c.Late)
		}
		return nil
	})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	h.Wait()
	h.Drop()
	if _, err := svc.In("/").All().EmitResult(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	h.Wait()
	if diff := cmp.Diff([]string{alice.ID(), alice.ID()}, seen); diff != "" {
		t.Error(diff)
	}
}

// Close lets a handler finish, and its answer arrives.
func TestClose_FinishesWhatIsInFlight(t *testing.T) {
	svc := open(service.Options{})
	entered, release := make(chan struct{}), make(chan struct{})
	svc.Namespace("/").On("x", func(ctx context.Context, e *service.Event) error {
		close(entered)
		<-release
		if err := e.Socket.Emit(ctx, "bye"); err != nil {
			return err
		}
		return e.Reply("done")
	})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	closed := make(chan error, 1)
	go func() {
		<-entered
		go func() { closed <- svc.Close(context.Background()) }()
		close(release)
	}()
	got, err := alice.EmitWithAck(t.Context(), "x")
	if err != nil || string(got.Args) != `["done"]` {
		t.Errorf("%s %v", got.Args, err)
	}
	alice.Expect("bye")
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err := svc.Emit(t.Context(), "x"); !errors.Is(err, service.ErrClosed) {
		t.Error(err)
	}
}

func TestClose_AbortsWhenItsContextEnds(t *testing.T) {
	svc := open(service.Options{})
	entered, cause := make(chan struct{}), make(chan error, 1)
	svc.Namespace("/").On("x", func(ctx context.Context, e *service.Event) error {
		close(entered)
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return ctx.Err()
	})
	h := servicetest.New(t, svc)
	connect(t, h, "/").Emit("x")
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := svc.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-cause; !errors.Is(err, service.ErrClosed) {
		t.Error(err)
	}
}

func TestRun_EndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := service.New("chat", service.Options{CloseTimeout: time.Second, Logger: slog.New(slog.DiscardHandler)})
		entered := make(chan struct{})
		svc.Namespace("/").AllowAnyone().On("x", func(ctx context.Context, e *service.Event) error {
			close(entered)
			<-ctx.Done()
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		h := servicetest.NewWithContext(ctx, t, svc)
		connect(t, h, "/").Emit("x")
		<-entered
		began := time.Now()
		cancel()
		if err := svc.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if time.Since(began) != time.Second {
			t.Error(time.Since(began))
		}
	})
}

// The window bounds what is handed over before it is settled.
func TestWindow_BoundsWhatIsUnsettled(t *testing.T) {
	svc := open(service.Options{Window: service.Window{Deliveries: 2}})
	var running atomic.Int32
	step := make(chan struct{})
	svc.Namespace("/").On("x", func(context.Context, *service.Event) error {
		if n := running.Add(1); n > 2 {
			t.Errorf("%d in flight", n)
		}
		<-step
		running.Add(-1)
		return nil
	})
	h := servicetest.New(t, svc)
	for range 6 {
		connect(t, h, "/").Emit("x")
		go func() { step <- struct{}{} }()
	}
	h.Wait()
}
