package service_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
)

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestCall_BothWays(t *testing.T) {
	svc := open(service.Options{})
	svc.Namespace("/").
		OnCall("sum", func(_ context.Context, c *service.Call) error {
			var a, b int
			if err := c.Bind(&a, &b); err != nil {
				return err
			}
			return c.Reply(a+b, c.Group)
		}).
		OnCall("quiet", func(context.Context, *service.Call) error { return nil }).
		OnCall("fail", func(context.Context, *service.Call) error { return errors.New("broken") })
	h := servicetest.New(t, svc)
	if got, err := h.Call(t.Context(), "billing", "/", "sum", []any{1, 2}); err != nil || string(got.Args) != `[3,"billing"]` {
		t.Errorf("%s, %v", got.Args, err)
	}
	if _, err := h.Call(t.Context(), "", "/", "quiet", nil); !errors.Is(err, servicetest.ErrNoReply) {
		t.Error(err)
	}
	var failed *servicetest.NackError
	if _, err := h.Call(t.Context(), "", "/", "fail", nil); !errors.As(err, &failed) || failed.Message != "broken" {
		t.Error(err)
	}
	if _, err := h.Call(t.Context(), "", "/", "unknown", nil); !errors.As(err, &failed) {
		t.Error(err)
	}

	h.Callee("shop", "shop-1", "/", func(name string, _ service.Payload) (service.Payload, error) {
		return service.NewPayload(name, 7)
	})
	h.Callee("shop", "shop-2", "/", func(string, service.Payload) (service.Payload, error) {
		return service.Payload{}, errors.New("closed")
	})
	answers, err := svc.Callee("shop", "/").Call(t.Context(), "price", "apple")
	if err != nil || answers.Expected != 2 || answers.Answered != 1 || answers.Failed != 1 || len(answers.Answers) != 2 {
		t.Fatalf("%+v, %v", answers, err)
	}
	var name string
	var price int
	if first := answers.Answers[0]; first.InstanceID != "shop-1" || first.Bind(&name, &price) != nil || name != "price" || price != 7 {
		t.Errorf("%+v", first)
	}
	if second := answers.Answers[1]; second.Err == nil || second.Bind(&name) == nil {
		t.Errorf("%+v", second)
	}
	if r, err := svc.Callee("", "/").Tell(t.Context(), "news"); err != nil || r.Matched != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, err := range []error{
		func() error { _, err := svc.Callee("", "").Call(t.Context(), "x"); return err }(),
		func() error { _, err := svc.Callee("", "/").Call(t.Context(), ""); return err }(),
		func() error { _, err := svc.Callee("\xff", "/").Call(t.Context(), "x"); return err }(),
		func() error { _, err := svc.Callee("", "/").Timeout(time.Hour).Call(t.Context(), "x"); return err }(),
	} {
		var status *service.StatusError
		if !errors.As(err, &status) {
			t.Error(err)
		}
	}
}

func TestTraceContext_ComesInAndGoesOn(t *testing.T) {
	svc := open(service.Options{})
	seen := make(chan string, 1)
	svc.Namespace("/").On("x", func(ctx context.Context, _ *service.Event) error {
		parent, _ := service.TraceContext(ctx)
		seen <- parent
		return nil
	}).OnCall("y", func(ctx context.Context, c *service.Call) error {
		parent, _ := service.TraceContext(ctx)
		return c.Reply(parent)
	})
	h := servicetest.New(t, svc)
	connect(t, h, "/", servicetest.Traced(trace)).Emit("x")
	if got := <-seen; got != trace {
		t.Error(got)
	}
	if got, err := h.Call(t.Context(), "", "/", "y", nil, servicetest.Traceparent(trace)); err != nil || string(got.Args) != `["`+trace+`"]` {
		t.Errorf("%s, %v", got.Args, err)
	}
	ctx := service.WithTraceContext(t.Context(), trace, "a=b")
	if parent, state := service.TraceContext(ctx); parent != trace || state != "a=b" {
		t.Error(parent, state)
	}
	if parent, state := service.TraceContext(service.WithTraceContext(ctx, strings.Repeat("x", 129), "\xff")); parent != "" || state != "" {
		t.Error(parent, state)
	}
	if err := svc.Emit(ctx, "x"); err != nil {
		t.Error(err)
	}
}

// An authorizer whose browser has left is told.
func TestConnect_BrowserThatLeavesCancelsTheDecision(t *testing.T) {
	svc := quiet("chat")
	entered, cause := make(chan struct{}), make(chan error, 1)
	svc.Namespace("/").OnConnect(func(ctx context.Context, _ *service.ConnectAttempt) (service.Accept, error) {
		close(entered)
		<-ctx.Done()
		cause <- context.Cause(ctx)
		return service.Accept{}, nil
	})
	h := servicetest.New(t, svc)
	left := make(chan error, 1)
	go func() { _, err := h.Connect("/"); left <- err }()
	<-entered
	h.Abandon()
	if err := <-cause; !errors.Is(err, service.ErrSocketGone) || !errors.Is(err, service.ErrLeaseLost) {
		t.Error(err)
	}
	if err := <-left; !errors.Is(err, servicetest.ErrUndecided) {
		t.Error(err)
	}
}

func TestObserve_TellsOfGaps(t *testing.T) {
	svc := open(service.Options{})
	got := make(chan string, 10)
	svc.Observe("/", func(_ context.Context, o *service.Observation) {
		text := fmt.Sprint(o.Kind, " ", o.Gap)
		if o.Decision != nil {
			text += " " + o.Decision.Outcome
		}
		if o.Event != nil {
			text += " " + o.Event.Name + string(o.Event.Args)
		}
		got <- text
	}, service.ObserveKinds(service.KindDecisions, service.KindEvent, service.KindEmits))
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/")
	h.SkipObservations(3)
	alice.Emit("nobody", 1)
	if err := svc.Emit(t.Context(), "news", 2); err != nil {
		t.Fatal(err)
	}
	var all []string
	for range 3 {
		all = append(all, <-got)
	}
	if diff := cmp.Diff([]string{"KIND_DECISIONS 0 accept", "KIND_EVENT 3 nobody", "KIND_EMITS 0 news"}, all); diff != "" {
		t.Error(diff)
	}
}

// An observer that does not keep up delays nobody, and its gap is exact.
func TestObserve_SlowObserverSkips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc := open(service.Options{Window: service.Window{Observations: 4}})
		release := make(chan struct{})
		var seen, gaps uint64
		svc.Namespace("/").On("*", func(_ context.Context, e *service.Event) error { return e.Reply() })
		svc.Observe("/", func(_ context.Context, o *service.Observation) {
			<-release
			seen++
			gaps += o.Gap
		}, service.ObserveKinds(service.KindEvent))
		h := servicetest.New(t, svc)
		alice := connect(t, h, "/")
		for range 100 {
			if _, err := alice.EmitWithAck(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
		}
		close(release)
		synctest.Wait()
		alice.Emit("x") // brings what is missing
		synctest.Wait()
		if seen > 10 || seen+gaps != 101 {
			t.Errorf("%d seen, %d left out", seen, gaps)
		}
	})
}

func TestUpgrade_IsTold(t *testing.T) {
	svc := open(service.Options{})
	told := make(chan string, 1)
	svc.Namespace("/").OnUpgraded(func(_ context.Context, u *service.Upgraded) error {
		told <- u.Socket.ID() + " " + u.Transport
		return nil
	})
	h := servicetest.New(t, svc)
	alice := connect(t, h, "/", servicetest.Transport("polling"))
	alice.Upgrade()
	if got := <-told; got != alice.ID()+" websocket" {
		t.Error(got)
	}
}

func TestHubDrains_IsTold(t *testing.T) {
	told := make(chan time.Time, 1)
	svc := newService("x", service.Options{Trace: &service.Trace{HubDrains: func(_, _ string, deadline time.Time) { told <- deadline }}})
	svc.Namespace("/").AllowAnyone()
	h := servicetest.New(t, svc)
	deadline := time.Now().Add(time.Minute).Round(time.Millisecond)
	h.Drain("update", deadline)
	if got := <-told; !got.Equal(deadline) {
		t.Error(got)
	}
}

// A goroutine that goes on with a handler's context hears of the attachment's end.
func TestContext_OutlivesItsHandler(t *testing.T) {
	svc := open(service.Options{})
	contexts := make(chan context.Context, 1)
	svc.Namespace("/").On("x", func(ctx context.Context, _ *service.Event) error { contexts <- ctx; return nil })
	h := servicetest.New(t, svc)
	connect(t, h, "/").Emit("x")
	ctx := <-contexts
	child, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	h.Wait()
	h.Cut()
	if ctx.Err() != nil || child.Err() != nil {
		t.Error("cancelled by a cut: ", ctx.Err(), child.Err())
	}
	h.Drop()
	<-ctx.Done()
	<-child.Done()
	if err := context.Cause(child); !errors.Is(err, service.ErrLeaseLost) || !errors.Is(ctx.Err(), context.Canceled) {
		t.Error(err, ctx.Err())
	}
}
