// Command goapp is the program of docs/kits.md with the Go kit, which `hub conform`
// plays against:
//
//	hub conform -- goapp
//
// With CONFORM_FAULT it is wrong in one way, such as a kit can be that somebody writes
// for another language (faults.go): the test beside it holds that conform finds each.
//
// main.go registers, decide.go lets in, events.go and hold.go are handlers of events, commands.go and
// bad.go what they ask of the hub, log.go what happened.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/siohub/siohub/service"
)

// app is the program: the kit, what it is asked to ask, what happened, and who waits.
type app struct {
	ask   asker
	log   journal
	waits waits
	fault
}

func main() {
	f, err := newFault(os.Getenv("CONFORM_FAULT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "goapp:", err)
		os.Exit(2)
	}
	if err := newApp(f).ask.svc.RunUntilSignal(context.Background()); err != nil && !f.exitsWell {
		fmt.Fprintln(os.Stderr, "goapp:", err)
		os.Exit(1)
	}
}

func newApp(f fault) *app {
	opts := service.Options{
		InstanceID: os.Getenv("CONFORM_INSTANCE"), Version: "goapp", CloseTimeout: 5 * time.Second,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	f.change(&opts)
	svc := service.New("conform", opts)
	root := svc.Namespace("/").Set(service.IntroduceOnInstance(), service.TrackRooms(), service.WithHandshake(service.HandshakeFull))
	a := &app{ask: asker{svc: svc, root: root}, fault: f}
	a.waits.log, a.waits.keys.waiting = &a.log, map[string]chan struct{}{}
	if f.noLanes {
		root.Set(service.Concurrent())
	}
	root.OnConnect(a.connect).OnAuthExpiring(a.renew)
	root.OnConnected(a.log.connected).OnDisconnect(a.log.disconnected).OnReleased(a.log.released).OnRoomsChanged(a.log.rooms)
	a.events()
	a.calls()
	svc.Namespace("/org/*").OnConnect(connectOrg).On("who", who)
	return a
}

// events registers what browsers may say.
func (a *app) events() {
	for name, h := range map[string]service.Handler{
		"echo": echo, "raw": a.raw, "who": who, "silent": silent, "fail": fail, "reject": reject,
		"retry": retry, "elsewhere": elsewhere, "twice": twice, "size": size, "bytes": binary, "seq": seq,
		"order": a.order, "hold": a.waits.hold, "late": a.late, "later": a.waits.later, "release": a.waits.release,
		"do": a.ask.do, "free": a.free, "bad": a.ask.bad, "bad_reply": badReply, "log": a.log.read, "p:*": prefixed,
	} {
		a.ask.root.On(name, a.wrong(h))
	}
	a.ask.root.On("beside", a.waits.hold, service.Concurrent())
}

// calls registers what other services may call.
func (a *app) calls() {
	a.ask.root.OnCall("sum", func(_ context.Context, c *service.Call) error {
		var x, y float64
		if err := c.Bind(&x, &y); err != nil {
			return err
		}
		return c.Reply(x + y)
	})
	a.ask.root.OnCall("mute", func(context.Context, *service.Call) error { return nil })
	a.ask.root.OnCall("fail", func(_ context.Context, c *service.Call) error {
		var message string
		if err := c.Bind(&message); err != nil {
			return err
		}
		return fmt.Errorf("%s", message)
	})
	a.ask.root.OnCall("hold", func(ctx context.Context, c *service.Call) error {
		var key string
		if err := c.Bind(&key); err != nil {
			return err
		}
		return c.Reply(a.waits.wait(ctx, key), key)
	})
}
