package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/siohub/siohub/service"
)

// lifecycle is a service that tells of lives. What it is told of a disconnected it settles when it may.
type lifecycle struct {
	svc  *service.Service
	root *service.Namespace
	told chan string
	// settle is taken from for each disconnected.
	settle chan bool
}

func newLifecycle(t *testing.T, w World, decide service.ConnectHandler, options ...service.NamespaceOption) *lifecycle {
	t.Helper()
	w.Recover(t)
	l := &lifecycle{told: make(chan string, 10), settle: make(chan bool, 10)}
	l.svc, l.root = newServiceWith(w, decide)
	ids := map[string]bool{}
	l.root.Set(options...).OnConnected(func(_ context.Context, c *service.Connected) error {
		if ids[c.DedupeID] {
			t.Error("a dedupe id that was there before")
		}
		ids[c.DedupeID] = true
		l.told <- fmt.Sprintf("connected, recovered %v, rooms %v, data %s", c.Recovered, c.Rooms, c.Socket.Data())
		return nil
	}).OnDisconnect(func(ctx context.Context, d *service.Disconnect) error {
		l.told <- fmt.Sprintf("disconnected, recoverable %v", !d.RecoverableUntil.IsZero())
		select {
		case <-l.settle:
		case <-ctx.Done():
		}
		return nil
	})
	return l
}

// loses breaks a browser's connection, and waits until the hub has noticed.
func (l *lifecycle) loses(t *testing.T, b Browser) {
	t.Helper()
	b.Lose()
	ctx := patient(t)
	for there := 1; there > 0; { // each question is a round trip
		n, err := l.svc.In("/").All().CountSockets(ctx)
		if err != nil {
			t.Fatal(err)
		}
		there = n
	}
}

// returns lets a browser come back.
func returns(t *testing.T, b Browser, auth string, recovered bool) Browser {
	t.Helper()
	again, err := b.Return(t, auth)
	if err != nil {
		t.Fatal("return: ", err)
	}
	if again.Recovered() != recovered || recovered != (again.ID() == b.ID()) {
		t.Fatalf("recovered %v as %s, want %v of %s", again.Recovered(), again.ID(), recovered, b.ID())
	}
	return again
}

// A browser that comes back has what it had and gets what it has missed, and its service sees a second life behind the
// first one.
func recoveredLivesAlternate(t *testing.T, w World) {
	asked := make(chan string, 10)
	l := newLifecycle(t, w, func(ctx context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		if r := c.Recovery; r != nil {
			asked <- fmt.Sprint(c.SocketID, " ", r.User, r.Rooms, !r.DisconnectTime.IsZero())
		}
		return enter(ctx, c)
	})
	w.Run(t, l.svc)
	if !l.svc.Capable("recovery") {
		t.Error("the capability is missing")
	}
	b := join(t, w, `{"user":"ann","rooms":["red"],"data":1}`)
	next(t, l.told, "connected, recovered false, rooms [red], data 1")
	l.loses(t, b)
	next(t, l.told, "disconnected, recoverable true")
	ctx := patient(t)
	for _, target := range []service.Target{l.svc.To("red"), l.svc.In("/").Users("ann"), l.svc.In("/").Sockets(b.ID())} {
		if r, err := target.EmitResult(ctx, "missed"); err != nil || r.Stored != 1 || r.Matched != 0 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if r, err := l.svc.To("blue").EmitResult(ctx, "not for it"); err != nil || r.Stored != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := l.svc.To("red").Volatile().EmitResult(ctx, "volatile"); err != nil || r.Stored != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	again := returns(t, b, `{"user":"ann","rooms":["blue"]}`, true)
	next(t, asked, b.ID()+" ann[red] true")
	hears(t, again, "missed []", "missed []", "missed []")
	silent(t, l.told, l.svc) // its first life is not settled yet
	l.settle <- true
	next(t, l.told, "connected, recovered true, rooms [blue red], data 1")
	l.settle <- true
	again.Leave()
	next(t, l.told, "disconnected, recoverable false")
}

// Within the grace the service hears neither that a browser was away nor that it is back.
func graceCancelsOut(t *testing.T, w World) {
	l := newLifecycle(t, w, enter, service.DisconnectGrace(Patience))
	changes := make(chan string, 10)
	l.root.On("data", func(_ context.Context, e *service.Event) error { return e.Reply(e.Socket.Data(), e.Socket.Rooms()) })
	l.root.OnRoomsChanged(func(_ context.Context, c *service.RoomsChanged) error {
		changes <- fmt.Sprint(c.Joined, c.Left, c.Socket.Rooms())
		return nil
	})
	w.Run(t, l.svc)
	b := join(t, w, `{"user":"ann","rooms":["red"],"data":1}`)
	next(t, l.told, "connected, recovered false, rooms [red], data 1")
	for range 2 {
		l.loses(t, b)
		b = returns(t, b, `{"user":"ann"}`, true)
		called(t, b, "data", `[]`, `[1,["red"]]`)
	}
	silent(t, l.told, l.svc)
	l.loses(t, b)
	ctx := patient(t)
	if r, err := l.svc.In("/").Users("ann").Join(ctx, "blue"); err != nil || r.Stored != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := l.svc.In("/").Users("ann").Leave(ctx, "red"); err != nil || r.Stored != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := l.svc.In("/").Users("ann").SetData(ctx, 2); err != nil || r.Stored != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	b = returns(t, b, `{"user":"ann"}`, true)
	next(t, changes, "[blue] [red] [blue]") // with no event
	if _, err := l.svc.In("/").Users("ann").Join(ctx, "green"); err != nil {
		t.Error(err)
	}
	next(t, changes, "[green] [] [blue green]")
	called(t, b, "data", `[]`, `[2,["blue","green"]]`)
	for room, want := range map[string]int{"blue": 1, "red": 0} {
		if n, err := l.svc.To(room).CountSockets(ctx); err != nil || n != want {
			t.Errorf("%d in %s, %v", n, room, err)
		}
	}
	silent(t, l.told, l.svc)
}

// Only the user whose session it is comes back to it, and only if it is let in.
func recoveryIsDecided(t *testing.T, w World) {
	l := newLifecycle(t, w, func(ctx context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		if strings.Contains(string(c.Auth), "nobody") {
			return service.Accept{}, service.Deny("who are you?", nil)
		}
		return enter(ctx, c)
	})
	w.Run(t, l.svc)
	for i, auth := range []string{`{"user":"bob"}`, `{"user":"nobody"}`} {
		b := join(t, w, `{"user":"ann"}`)
		next(t, l.told, "connected, recovered false, rooms [], data ")
		l.loses(t, b)
		next(t, l.told, "disconnected, recoverable true")
		l.settle <- true
		if i == 0 {
			b = returns(t, b, auth, false)
		} else {
			if _, err := b.Return(t, auth); err == nil || !strings.Contains(err.Error(), "who are you?") {
				t.Errorf("got in: %v", err)
			}
			b = returns(t, b, `{"user":"ann"}`, false)
		}
		next(t, l.told, "connected, recovered false, rooms [], data ")
		l.settle <- true
		b.Leave()
		next(t, l.told, "disconnected, recoverable false")
	}
}

// A session that was ended while its browser was away does not come back, and whoever left by itself has none.
func recoveryEnds(t *testing.T, w World) {
	l := newLifecycle(t, w, enter)
	w.Run(t, l.svc)
	ctx := patient(t)
	for name, end := range map[string]func(b Browser) (service.Result, error){
		"disconnect":    func(b Browser) (service.Result, error) { return l.svc.In("/").Sockets(b.ID()).Disconnect(ctx) },
		"revoke user":   func(Browser) (service.Result, error) { return l.svc.RevokeUsers(ctx, "ann") },
		"revoke socket": func(b Browser) (service.Result, error) { return l.svc.RevokeSockets(ctx, b.ID()) },
	} {
		b := join(t, w, `{"user":"ann"}`)
		next(t, l.told, "connected, recovered false, rooms [], data ")
		l.loses(t, b)
		next(t, l.told, "disconnected, recoverable true")
		l.settle <- true
		if r, err := end(b); err != nil || r.Stored != 1 || r.Matched != 0 {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		b = returns(t, b, `{"user":"ann"}`, false)
		next(t, l.told, "connected, recovered false, rooms [], data ")
		if _, err := l.svc.RevokeUsers(ctx, "ann"); err != nil { // connected, it is the same
			t.Error(err)
		}
		next(t, l.told, "disconnected, recoverable false")
		l.settle <- true
		if err := b.Gone(ctx); err != nil {
			t.Error(err)
		}
	}
}
