package hostile_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/siohub/siohub/service"
)

// The times of a service that is not quick.
const (
	decisionTime = 200 * time.Millisecond
	slowTime     = 200 * time.Millisecond
	pushBytes    = 100_000
)

// serveAsKit is what a process does that TestMain has found to be the service of the
// browsers: it never returns.
func serveAsKit() {
	svc := service.New("kit", service.Options{
		Hub: os.Getenv("HOSTILE_CONTROL"), Token: os.Getenv("HOSTILE_TOKEN"),
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	echo := func(ctx context.Context, e *service.Event) error {
		return e.Socket.Emit(ctx, "message-back", e.Payload())
	}
	svc.Namespace("/kit").AllowAnyone().On("message", echo) // of the bystander
	pushed := bytes.Repeat([]byte("x"), pushBytes)
	svc.Namespace("/open").AllowAnyone().On("message", echo).
		On("slow", takes(slowTime)).On("ms", takes(time.Millisecond)).
		On("push", func(ctx context.Context, e *service.Event) error {
			return e.Socket.Emit(ctx, "pushed", string(pushed))
		})
	svc.Namespace("/many/*").AllowAnyone()
	svc.Namespace("/user").OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{User: "mallory"}, nil
	})
	svc.Namespace("/decided").OnConnect(func(ctx context.Context, _ *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{}, pass(ctx, decisionTime)
	})
	go func() { // as long as the process
		if err := svc.Ready(context.Background()); err != nil {
			panic(err)
		}
		fmt.Println("ready")
	}()
	go func() { panic(svc.Run(context.Background())) }()
	endWithInput(func() {})
}

// takes is a handler that takes its time.
func takes(d time.Duration) service.Handler {
	return func(ctx context.Context, _ *service.Event) error { return pass(ctx, d) }
}

func pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
