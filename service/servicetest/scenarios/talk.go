package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/siohub/siohub/service"
)

func connectDecides(t *testing.T, w World) {
	svc, _ := newService(w)
	svc.Namespace("/guarded").OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		var auth struct{ Name string }
		if err := c.BindAuth(&auth); err != nil || auth.Name == "" {
			return service.Accept{}, service.Deny("who are you?", nil)
		}
		c.Emit("welcome", auth.Name)
		return service.Accept{User: auth.Name}, nil
	})
	w.Run(t, svc)
	if _, err := w.Connect(t, "/guarded", ""); err == nil || !strings.Contains(err.Error(), "who are you?") {
		t.Errorf("got in: %v", err)
	}
	alice, err := w.Connect(t, "/guarded", `{"name":"alice"}`)
	if err != nil {
		t.Fatal(err)
	}
	hears(t, alice, `welcome ["alice"]`)
}

func eventsAreAnswered(t *testing.T, w World) {
	svc, root := newService(w)
	root.On("echo", func(_ context.Context, e *service.Event) error { return e.Reply(e.Payload()) }).
		On("job:*", func(_ context.Context, e *service.Event) error { return e.Reply(e.Name) })
	w.Run(t, svc)
	b := join(t, w, "")
	called(t, b, "echo", `[{"b":1,"a":9007199254740993}]`, `[{"b":1,"a":9007199254740993}]`)
	called(t, b, "job:start", `[]`, `["job:start"]`)
}

func emitsBeforeReply(t *testing.T, w World) {
	svc, root := newService(w)
	root.On("go", func(ctx context.Context, e *service.Event) error {
		if err := e.Socket.Emit(ctx, "before"); err != nil {
			return err
		}
		if err := e.Reply("reply"); err != nil {
			return err
		}
		return e.Socket.Emit(ctx, "after")
	})
	w.Run(t, svc)
	b := join(t, w, "")
	called(t, b, "go", `[]`, `["reply"]`)
	hears(t, b, "before []", "after []")
}

func orderPerSocket(t *testing.T, w World) {
	const events = 200
	svc, root := newService(w)
	order := make(chan int, events)
	root.On("n", func(_ context.Context, e *service.Event) error {
		var n int
		err := e.Bind(&n)
		order <- n
		return err
	})
	w.Run(t, svc)
	b := join(t, w, "")
	for n := range events {
		b.Emit("n", fmt.Sprintf("[%d]", n))
	}
	for n := range events {
		next(t, order, n)
	}
}

func strictCoversLifecycle(t *testing.T, w World) {
	svc, root := newService(w)
	var tries atomic.Int32
	order := make(chan string, 10)
	root.Set(service.Strict()).
		OnConnected(func(context.Context, *service.Connected) error {
			if tries.Add(1) == 1 {
				return service.Retry(errors.New("not yet"))
			}
			order <- "connected"
			return nil
		}).
		On("x", func(context.Context, *service.Event) error { order <- "x"; return nil }).
		OnDisconnect(func(context.Context, *service.Disconnect) error { order <- "disconnected"; return nil })
	w.Run(t, svc)
	b := join(t, w, "")
	b.Emit("x", "[]")
	next(t, order, "connected")
	next(t, order, "x")
	b.Leave()
	next(t, order, "disconnected")
}

func rejectHasOneShape(t *testing.T, w World) {
	svc, root := newService(w)
	root.On("plain", func(context.Context, *service.Event) error { return service.Reject("no", nil) }).
		On("data", func(context.Context, *service.Event) error { return service.Reject("no", map[string]int{"left": 3}) })
	w.Run(t, svc)
	b := join(t, w, "")
	called(t, b, "plain", `[]`, `[{"error":{"message":"no"}}]`)
	called(t, b, "data", `[]`, `[{"error":{"message":"no","data":{"left":3}}}]`)
}

func failuresAreAnswered(t *testing.T, w World) {
	svc, root := newService(w, func(o *service.Options) { o.AnswerFailures = true })
	root.On("fail", func(context.Context, *service.Event) error { return errors.New("secret") }).
		On("panic", func(context.Context, *service.Event) error { panic("secret") })
	w.Run(t, svc)
	b := join(t, w, "")
	called(t, b, "fail", `[]`, `[{"error":{"message":"internal error"}}]`)
	called(t, b, "panic", `[]`, `[{"error":{"message":"internal error"}}]`)
	called(t, b, "nobody", `[]`, `[{"error":{"message":"unhandled event"}}]`)
}

func retryComesAgain(t *testing.T, w World) {
	svc, root := newService(w)
	root.On("x", func(_ context.Context, e *service.Event) error {
		if e.Attempt < 3 {
			return service.Elsewhere(errors.New("not here"))
		}
		return e.Reply(e.Attempt)
	})
	w.Run(t, svc)
	called(t, join(t, w, ""), "x", `[]`, `[3]`)
}

func ackLater(t *testing.T, w World) {
	svc, root := newService(w)
	later := make(chan *service.LaterAck, 2)
	ids := make(chan string, 2)
	root.On("later", func(_ context.Context, e *service.Event) error {
		a, err := e.AckLater()
		later <- a
		return err
	}).On("elsewhere", func(_ context.Context, e *service.Event) error {
		_, err := e.AckLater()
		ids <- e.DedupeID()
		return err
	}).On("sync", reply("done"))
	w.Run(t, svc)
	b := join(t, w, "")
	replied := make(chan error, 1)
	go func() {
		a := <-later
		// The event is settled: the next one is dealt with before the callback runs.
		_, err := b.Call(patient(t), "sync", `[]`)
		replied <- errors.Join(err, a.Reply(patient(t), "at last"))
	}()
	called(t, b, "later", `[]`, `["at last"]`)
	if err := <-replied; err != nil {
		t.Error(err)
	}
	go func() { replied <- svc.Acknowledge(patient(t), <-ids, 1, 2) }()
	called(t, b, "elsewhere", `[]`, `[1,2]`)
	if err := <-replied; err != nil {
		t.Error(err)
	}
	if err := svc.Acknowledge(patient(t), strings.Repeat("x", 16), 1); !errors.Is(err, service.ErrSocketGone) {
		t.Errorf("unknown: %v", err)
	}
}

func ackInsideHandler(t *testing.T, w World) {
	svc, root := newService(w)
	root.On("ask", func(ctx context.Context, e *service.Event) error {
		n, err := svc.To("nobody").EmitWithAck(ctx, "question")
		if err != nil {
			return err
		}
		return e.Reply(n.Expected)
	})
	w.Run(t, svc)
	called(t, join(t, w, ""), "ask", `[]`, `[0]`)
}

func callsAreAnswered(t *testing.T, w World) {
	svc, root := newService(w)
	root.OnCall("sum", func(_ context.Context, c *service.Call) error {
		var a, b int
		if err := c.Bind(&a, &b); err != nil {
			return err
		}
		return c.Reply(a + b)
	}).OnCall("fail", func(context.Context, *service.Call) error { return errors.New("broken") })
	w.Run(t, svc)
	opts := w.Options()
	opts.Logger = svcLogger
	caller := service.New("caller", opts)
	w2, ok := w.(MultiWorld)
	if !ok {
		// One service at a time: it is alone, and calls nobody.
		answers, err := svc.Callee("scenario", "/").Call(patient(t), "sum", 1, 2)
		if err != nil || answers.Expected != 0 {
			t.Errorf("%+v, %v", answers, err)
		}
		return
	}
	w2.Run(t, caller)
	answers, err := caller.Callee("scenario", "/").Call(patient(t), "sum", 1, 2)
	var sum int
	if err != nil || answers.Answered != 1 || answers.Answers[0].Bind(&sum) != nil || sum != 3 {
		t.Errorf("%+v, %v", answers, err)
	}
	answers, err = caller.Callee("", "/").Call(patient(t), "fail")
	if err != nil || answers.Failed != 1 || len(answers.Answers) != 1 || answers.Answers[0].Err == nil {
		t.Errorf("%+v, %v", answers, err)
	}
	if result, err := caller.Callee("", "/").Tell(patient(t), "sum", 1, 2); err != nil || result.Matched != 1 {
		t.Errorf("%+v, %v", result, err)
	}
}
