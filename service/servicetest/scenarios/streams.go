package scenarios

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/service"
)

func settleTimeoutRevokes(t *testing.T, w World) {
	svc, root := newService(w)
	causes := make(chan bool, 1)
	root.Set(service.SettleTimeout(time.Second)).On("slow", func(ctx context.Context, e *service.Event) error {
		if e.Attempt > 1 {
			return e.Reply(e.Attempt)
		}
		<-ctx.Done()
		var revoked *service.RevokedError
		cause := context.Cause(ctx)
		causes <- errors.As(cause, &revoked) && revoked.Reason == "TIMEOUT" && errors.Is(cause, service.ErrLeaseLost)
		return e.Reply("too late")
	})
	w.Run(t, svc)
	called(t, join(t, w, ""), "slow", `[]`, `[2]`)
	next(t, causes, true)
}

// A handler that is running when the connection breaks goes on, and its answer arrives.
func cutResumesHandlers(t *testing.T, w World) {
	svc, root := newService(w)
	entered, release := make(chan int, 10), make(chan struct{})
	root.On("slow", func(ctx context.Context, e *service.Event) error {
		entered <- e.Attempt
		<-release
		if err := e.Socket.Emit(ctx, "during"); err != nil {
			return err
		}
		return errors.Join(ctx.Err(), e.Reply("done"))
	}).On("count", reply("counted"))
	w.Run(t, svc)
	b := join(t, w, "")
	answer := make(chan string, 1)
	go func() {
		got, err := b.Call(patient(t), "slow", `[]`)
		answer <- fmt.Sprint(got, err)
	}()
	next(t, entered, 1)
	w.Cut(t)
	w.Cut(t)
	close(release)
	next(t, answer, `["done"]<nil>`)
	hears(t, b, "during []")
	called(t, b, "count", `[]`, `["counted"]`)
	select {
	case attempt := <-entered:
		t.Errorf("delivered again, attempt %d", attempt)
	default:
	}
}

// A command that waits for its result when the connection breaks gets it.
func cutResumesResults(t *testing.T, w World) {
	svc, _ := newService(w)
	w.Run(t, svc)
	b := join(t, w, "")
	ctx := patient(t)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	progress := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				if r, err := svc.In("/").Sockets(b.ID()).SetData(ctx, 1); err != nil || r.Matched != 1 {
					t.Errorf("%+v, %v", r, err)
					return
				}
				select {
				case <-stop:
					return
				case progress <- struct{}{}:
				}
			}
		})
	}
	for n := range 80 {
		if n%8 == 0 {
			w.Cut(t)
		}
		select {
		case <-progress:
		case <-ctx.Done():
			t.Error("no progress")
		}
	}
	close(stop)
	wg.Wait()
}

// Under load cuts lose nothing, repeat nothing and keep the order.
func cutsUnderLoad(t *testing.T, w World) {
	const browsers, events = 8, 100
	svc, root := newService(w)
	var mu sync.Mutex
	seen := map[string]int{}
	progress := make(chan struct{}, browsers*events)
	root.On("n", func(ctx context.Context, e *service.Event) error {
		var n int
		if err := e.Bind(&n); err != nil {
			return err
		}
		mu.Lock()
		if e.Attempt != 1 || seen[e.Socket.ID()] != n {
			t.Errorf("event %d, attempt %d, after %d", n, e.Attempt, seen[e.Socket.ID()])
		}
		seen[e.Socket.ID()] = n + 1
		mu.Unlock()
		progress <- struct{}{}
		if err := e.Socket.Emit(ctx, "got", n); err != nil {
			return err
		}
		return e.Reply(n)
	})
	w.Run(t, svc)
	var wg sync.WaitGroup
	for range browsers {
		b := join(t, w, "")
		wg.Go(func() {
			for n := range events {
				called(t, b, "n", fmt.Sprintf("[%d]", n), fmt.Sprintf("[%d]", n))
				hears(t, b, fmt.Sprintf("got [%d]", n))
			}
		})
	}
	ctx := patient(t)
	for handled := range browsers * events {
		select {
		case <-progress:
		case <-ctx.Done():
			t.Fatalf("%d events were handled", handled)
		}
		if handled%20 == 0 {
			w.Cut(t)
		}
	}
	wg.Wait()
}

// A service that closes answers what it has, and nothing comes twice.
func drainLosesNothing(t *testing.T, w World) {
	svc, root := newService(w)
	entered, release := make(chan struct{}, 1), make(chan struct{})
	root.On("slow", func(ctx context.Context, e *service.Event) error {
		entered <- struct{}{}
		<-release
		if _, err := e.Socket.Target().EmitResult(ctx, "bye"); err != nil {
			return err
		}
		return e.Reply("done")
	})
	w.Run(t, svc)
	b := join(t, w, "")
	closed := make(chan error, 1)
	go func() {
		<-entered
		go func() { closed <- svc.Close(context.Background()) }()
		close(release)
	}()
	called(t, b, "slow", `[]`, `["done"]`)
	hears(t, b, "bye []")
	next(t, closed, nil)
}

// movedSocketsAreIntroduced needs two instances, or a hub that can pretend.
func movedSocketsAreIntroduced(t *testing.T, w World) {
	mover, ok := w.(Mover)
	svc, root := newService(w)
	told := make(chan string, 10)
	root.Set(service.IntroduceOnInstance()).
		OnConnected(func(_ context.Context, c *service.Connected) error {
			told <- fmt.Sprint("connected ", c.Moved)
			return nil
		}).
		OnReleased(func(_ context.Context, r *service.Released) error { told <- "released"; return nil }).
		On("x", func(context.Context, *service.Event) error { told <- "x"; return nil })
	w.Run(t, svc)
	b := join(t, w, "")
	next(t, told, "connected false")
	if !ok {
		return
	}
	mover.MoveAway(b)
	next(t, told, "released")
	mover.MoveBack(b)
	b.Emit("x", "[]")
	next(t, told, "connected true")
	next(t, told, "x")
}

// Mover is a World that can give a browser to another instance, and back.
type Mover interface {
	MoveAway(b Browser)
	MoveBack(b Browser)
}

// After a hub was lost the service hears exactly one disconnect for each socket.
func hubLossDisconnects(t *testing.T, w World) {
	const browsers = 10
	svc, root := newService(w)
	var mu sync.Mutex
	alive := map[string]bool{}
	lost := make(chan string, 2*browsers)
	introduced := make(chan bool, 10)
	svc.OnIntroduced(func(string) { introduced <- true })
	root.Set(service.IntroduceOnAttach()).
		OnConnected(func(_ context.Context, c *service.Connected) error {
			mu.Lock()
			defer mu.Unlock()
			alive[c.Socket.ID()] = true
			return nil
		}).
		OnDisconnect(func(_ context.Context, d *service.Disconnect) error {
			mu.Lock()
			defer mu.Unlock()
			if !alive[d.Socket.ID()] || len(d.DedupeID) != 16 {
				t.Errorf("%s: disconnected twice, or never connected", d.Socket.ID())
			}
			delete(alive, d.Socket.ID())
			lost <- d.Reason
			return nil
		}).
		On("here", reply())
	w.Run(t, svc)
	next(t, introduced, true)
	for range browsers {
		called(t, join(t, w, ""), "here", `[]`, `[]`)
	}
	w.Restart(t)
	for range browsers {
		next(t, lost, "hub lost")
	}
	next(t, introduced, true)
	silent(t, lost, svc)
	called(t, join(t, w, ""), "here", `[]`, `[]`)
}
