// Command crawl is the application service of the tests of back-pressure: it is slow in
// every way that a service can be.
//
//	crawl HOST:PORT
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/service"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: crawl HOST:PORT")
		os.Exit(2)
	}
	svc := service.New("crawl", service.Options{Hub: os.Args[1], Workers: 64, Trace: &service.Trace{
		Attached: func(string) { fmt.Fprintln(os.Stderr, "crawl attached") },
	}})
	slow(svc.Namespace("/pipelined"))
	strict := svc.Namespace("/strict")
	strict.Set(service.Strict())
	slow(strict)
	decisions(svc)
	if err := svc.RunUntilSignal(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "crawl:", err)
		os.Exit(1)
	}
}

// slow answers each event after a millisecond, asks the browser in the middle of a burst,
// and pushes more than one read takes.
func slow(n *service.Namespace) {
	n.AllowAnyone()
	n.On("slow", func(_ context.Context, e *service.Event) error {
		time.Sleep(time.Millisecond)
		return e.Reply(e.Payload())
	})
	n.On("ask", func(ctx context.Context, e *service.Event) error {
		ack, err := e.Socket.EmitWithAck(ctx, "question", e.Payload())
		if err != nil {
			return err
		}
		return e.Reply(ack.Payload())
	})
	n.On("size", func(_ context.Context, e *service.Event) error {
		var text string
		if err := e.Bind(&text); err != nil {
			return err
		}
		return e.Reply(len(text))
	})
	n.On("push", func(ctx context.Context, e *service.Event) error {
		var count, size int
		if err := e.Bind(&count, &size); err != nil {
			return err
		}
		for i := range count {
			if err := e.Socket.Emit(ctx, "pushed", i, make([]byte, size)); err != nil {
				return err
			}
		}
		return e.Reply(count)
	})
}

// decisions needs its time for each, has ten places, and counts how often it was asked.
func decisions(svc *service.Service) {
	places := make(chan struct{}, 10)
	var asked atomic.Int64
	herd := svc.Namespace("/herd")
	herd.OnConnect(func(ctx context.Context, _ *service.ConnectAttempt) (service.Accept, error) {
		asked.Add(1)
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return service.Accept{}, ctx.Err()
		}
		defer func() { <-places }()
		time.Sleep(100 * time.Millisecond)
		return service.Accept{}, nil
	})
	herd.On("asked", func(_ context.Context, e *service.Event) error { return e.Reply(asked.Load()) })

	// Longer than an instance has before another one is asked.
	var pondered atomic.Int64
	ponder := svc.Namespace("/ponder")
	ponder.OnConnect(func(ctx context.Context, _ *service.ConnectAttempt) (service.Accept, error) {
		pondered.Add(1)
		select {
		case <-time.After(8 * time.Second):
			return service.Accept{}, nil
		case <-ctx.Done():
			return service.Accept{}, ctx.Err()
		}
	})
	// Shorter than that.
	svc.Namespace("/ponder4").OnConnect(func(ctx context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		fmt.Fprintln(os.Stderr, "crawl decides", c.SocketID)
		select {
		case <-time.After(4 * time.Second):
			return service.Accept{}, nil
		case <-ctx.Done():
			return service.Accept{}, ctx.Err()
		}
	})
	// One process says nothing, so that another one has to be asked.
	svc.Namespace("/mute").OnConnect(func(ctx context.Context, _ *service.ConnectAttempt) (service.Accept, error) {
		if os.Getenv("CRAWL_MUTE") == "" {
			return service.Accept{}, nil
		}
		<-ctx.Done()
		return service.Accept{}, ctx.Err()
	})
	ponder.On("asked", func(_ context.Context, e *service.Event) error { return e.Reply(pondered.Load()) })

	// The first decision about each browser fails.
	var failed sync.Map
	once := svc.Namespace("/once")
	once.OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		if _, again := failed.LoadOrStore(c.SocketID, true); !again {
			return service.Accept{}, service.Retry(errors.New("the database is away"))
		}
		return service.Accept{}, nil
	})
}
