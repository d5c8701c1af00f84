// Command service answers what hub/loadgen asks, over a hub, with the Go kit:
//
//	hub serve &
//	go run ./bench/service --hub 127.0.0.1:7420
//
// With --drive it also emits by itself, as lines on its input ask for (drive.go).
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"os"

	"github.com/siohub/siohub/service"
)

func main() {
	hub := flag.String("hub", "127.0.0.1:7420", "the hub's control listener")
	driven := flag.Bool("drive", false, "carry out the orders that come as lines of JSON on stdin")
	flag.Parse()
	svc := service.New("bench", service.Options{Hub: *hub})
	for _, namespace := range []string{"/", "/bench/*"} {
		register(svc, svc.Namespace(namespace))
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if *driven {
		go func() {
			defer stop()
			if err := drive(ctx, svc, os.Stdin, os.Stdout); err != nil {
				slog.Error("drive", "error", err)
			}
		}()
	}
	if err := svc.RunUntilSignal(ctx); err != nil {
		slog.Error("run", "error", err)
		os.Exit(1)
	}
}

// register adds the handlers. They answer in the namespace of the socket, as ns may
// be a pattern.
func register(svc *service.Service, ns *service.Namespace) {
	// A decision, though it is always the same: connects are measured with it.
	ns.OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{}, nil
	})
	ns.On("echo", func(_ context.Context, e *service.Event) error {
		return e.Reply(e.Payload())
	})
	ns.On("broadcast", func(ctx context.Context, e *service.Event) error {
		return svc.In(e.Socket.Namespace()).All().Emit(ctx, "broadcast", e.Payload())
	})
	ns.On("join", func(ctx context.Context, e *service.Event) error {
		var room string
		if err := e.Bind(&room); err != nil {
			return err
		}
		if err := e.Socket.Join(ctx, room); err != nil {
			return err
		}
		return e.Reply()
	})
	ns.On("room", func(ctx context.Context, e *service.Event) error {
		var room string
		var data json.RawMessage
		if err := e.Bind(&room, &data); err != nil {
			return err
		}
		return svc.In(e.Socket.Namespace()).To(room).Emit(ctx, "room", data)
	})
}
