// Command goapp is the program of docs/kits.md with the Go kit, which `hub conform`
// plays against:
//
//	hub conform -- goapp
//
// With CONFORM_FAULT it is wrong in one way, such as a kit can be that somebody writes
// for another language (faults.go): the test beside it holds that conform finds each.
//
// main.go registers, events.go and hold.go are handlers of events, commands.go and
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

// app is the program: the kit, what happened, and who waits.
type app struct {
	svc  *service.Service
	root *service.Namespace
	log  journal
	keys keys
	fault
}

func main() {
	f, err := newFault(os.Getenv("CONFORM_FAULT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, "goapp:", err)
		os.Exit(2)
	}
	if err := newApp(f).svc.RunUntilSignal(context.Background()); err != nil && !f.exitsWell {
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
	a := &app{svc: service.New("conform", opts), fault: f}
	a.keys.waiting = map[string]chan struct{}{}
	a.root = a.svc.Namespace("/").Set(service.IntroduceOnInstance(), service.TrackRooms(), service.WithHandshake(service.HandshakeFull))
	if f.noLanes {
		a.root.Set(service.Concurrent())
	}
	a.root.OnConnect(a.connect).OnAuthExpiring(a.renew)
	a.root.OnConnected(a.connected).OnDisconnect(a.disconnected).OnReleased(a.released).OnRoomsChanged(a.rooms)
	a.events()
	a.calls()
	a.svc.Namespace("/org/*").OnConnect(a.connectOrg).On("who", a.who)
	return a
}

// events registers what browsers may say.
func (a *app) events() {
	for name, h := range map[string]service.Handler{
		"echo": a.echo, "raw": a.raw, "who": a.who, "silent": a.silent, "fail": a.fail, "reject": a.reject,
		"retry": a.retry, "elsewhere": a.elsewhere, "twice": a.twice, "size": a.size, "bytes": a.bytes, "seq": a.seq,
		"order": a.order, "hold": a.hold, "late": a.late, "later": a.later, "release": a.release,
		"do": a.do, "free": a.free, "bad": a.bad, "bad_reply": a.badReply, "log": a.entries, "p:*": a.prefixed,
	} {
		a.root.On(name, a.wrong(h))
	}
	a.root.On("beside", a.hold, service.Concurrent())
}

// calls registers what other services may call.
func (a *app) calls() {
	a.root.OnCall("sum", func(_ context.Context, c *service.Call) error {
		var x, y float64
		if err := c.Bind(&x, &y); err != nil {
			return err
		}
		return c.Reply(x + y)
	})
	a.root.OnCall("mute", func(context.Context, *service.Call) error { return nil })
	a.root.OnCall("fail", func(_ context.Context, c *service.Call) error {
		var message string
		if err := c.Bind(&message); err != nil {
			return err
		}
		return fmt.Errorf("%s", message)
	})
	a.root.OnCall("hold", func(ctx context.Context, c *service.Call) error {
		var key string
		if err := c.Bind(&key); err != nil {
			return err
		}
		return c.Reply(a.wait(ctx, key), key)
	})
}
