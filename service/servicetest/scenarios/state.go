package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/siohub/siohub/service"
)

func usersAreNoRooms(t *testing.T, w World) {
	svc, _ := newService(w)
	w.Run(t, svc)
	alice := join(t, w, `{"user":"alice","rooms":["user:bob"]}`)
	join(t, w, `{"user":"bob"}`)
	ctx := patient(t)
	if r, err := svc.To("user:bob").EmitResult(ctx, "room"); err != nil || r.Matched != 1 {
		t.Errorf("room: %+v, %v", r, err)
	}
	hears(t, alice, "room []")
	if r, err := svc.To("alice").EmitResult(ctx, "nobody"); err != nil || r.Matched != 0 {
		t.Errorf("a user is no room: %+v, %v", r, err)
	}
	if r, err := svc.In("/").Users("alice").EmitResult(ctx, "user"); err != nil || r.Matched != 1 {
		t.Errorf("user: %+v, %v", r, err)
	}
	hears(t, alice, "user []")
	rooms, err := svc.In("/").ListRooms(ctx, "")
	if err != nil || len(rooms) != 1 || rooms[0] != (service.Room{Name: "user:bob", Sockets: 1}) {
		t.Errorf("rooms %v, %v", rooms, err)
	}
	var status *service.StatusError
	if _, err := svc.In("/").Sockets(alice.ID()).Join(ctx, "\x01user:bob"); !errors.As(err, &status) || status.Code != codes.InvalidArgument {
		t.Errorf("reserved: %v", err)
	}
}

func socketsAreExact(t *testing.T, w World) {
	svc, _ := newService(w)
	w.Run(t, svc)
	alice, bob := join(t, w, ""), join(t, w, "")
	ctx := patient(t)
	if _, err := svc.In("/").Sockets(bob.ID()).Join(ctx, alice.ID()); err != nil {
		t.Fatal(err)
	}
	if r, err := svc.In("/").Sockets(alice.ID()).EmitResult(ctx, "one"); err != nil || r.Matched != 1 {
		t.Errorf("exactly this socket: %+v, %v", r, err)
	}
	if r, err := svc.To(alice.ID()).EmitResult(ctx, "two"); err != nil || r.Matched != 2 {
		t.Errorf("its room: %+v, %v", r, err)
	}
	hears(t, alice, "one []", "two []")
	hears(t, bob, "two []")
}

func roomsAreMirrored(t *testing.T, w World) {
	svc, root := newService(w)
	changes := make(chan string, 10)
	root.OnRoomsChanged(func(_ context.Context, c *service.RoomsChanged) error {
		changes <- fmt.Sprint(c.Joined, c.Left)
		return nil
	}).On("move", func(ctx context.Context, e *service.Event) error {
		if err := e.Socket.Join(ctx, "c", "b"); err != nil {
			return err
		}
		if err := e.Socket.Leave(ctx, "a"); err != nil {
			return err
		}
		return e.Reply()
	}).On("rooms", func(_ context.Context, e *service.Event) error { return e.Reply(e.Socket.Rooms()) })
	w.Run(t, svc)
	b := join(t, w, `{"rooms":["a"]}`)
	called(t, b, "rooms", `[]`, `[["a"]]`)
	called(t, b, "move", `[]`, `[]`)
	called(t, b, "rooms", `[]`, `[["b","c"]]`)
	next(t, changes, "[b c] []")
	next(t, changes, "[] [a]")
	if _, err := svc.In("/").All().Join(patient(t), "d"); err != nil { // from outside
		t.Error(err)
	}
	next(t, changes, "[d] []")
	called(t, b, "rooms", `[]`, `[["b","c","d"]]`)
}

func occupancyIsTold(t *testing.T, w World) {
	svc, root := newService(w)
	told := make(chan string, 10)
	tell := func(what string) service.RoomHandler {
		return func(_ context.Context, r *service.RoomPresence) error {
			if r.HubID == "" {
				t.Error("which hub?")
			}
			told <- what + " " + r.Room
			return nil
		}
	}
	root.OnRoomOccupied(tell("occupied"), "doc:*").OnRoomVacated(tell("vacated"), "doc:*")
	w.Run(t, svc)
	first, second := join(t, w, `{"rooms":["doc:1","other"]}`), join(t, w, `{"rooms":["doc:1"]}`)
	toldOfTheFirstAndTheLast(t, svc, told, []Browser{first, second}, "occupied doc:1", "vacated doc:1")
}

// toldOfTheFirstAndTheLast lets browsers leave that have joined: between the first that came and the last that goes
// nothing is told.
func toldOfTheFirstAndTheLast(t *testing.T, svc *service.Service, told chan string, browsers []Browser, came, gone string) {
	t.Helper()
	next(t, told, came)
	for i, b := range browsers {
		if i > 0 {
			silent(t, told, svc)
		}
		b.Leave()
	}
	next(t, told, gone)
}

func usersAreTold(t *testing.T, w World) {
	svc, root := newService(w)
	told := make(chan string, 10)
	root.OnUserPresent(func(_ context.Context, u *service.UserPresence) error { told <- "present " + u.User; return nil }).
		OnUserAbsent(func(_ context.Context, u *service.UserPresence) error { told <- "absent " + u.User; return nil })
	w.Run(t, svc)
	first, second := join(t, w, `{"user":"ada"}`), join(t, w, `{"user":"ada"}`)
	toldOfTheFirstAndTheLast(t, svc, told, []Browser{first, second}, "present ada", "absent ada")
}

func handshakeIsWithheld(t *testing.T, w World) {
	svc, root := newService(w)
	urls := make(chan bool, 10)
	root.OnConnected(func(_ context.Context, c *service.Connected) error { urls <- c.Handshake.URL() != ""; return nil })
	svc.Namespace("/full").OnConnect(enter).Set(service.WithHandshake(service.HandshakeFull)).
		OnConnected(func(_ context.Context, c *service.Connected) error { urls <- c.Handshake.URL() != ""; return nil })
	w.Run(t, svc)
	join(t, w, "")
	next(t, urls, false)
	if _, err := w.Connect(t, "/full", ""); err != nil {
		t.Fatal(err)
	}
	next(t, urls, true)
}

func socketDataOnChange(t *testing.T, w World) {
	svc, root := newService(w)
	root.Set(service.WithSocketData(service.DataOnChange)).
		On("data", func(_ context.Context, e *service.Event) error {
			return e.Reply(e.Socket.Data(), e.Socket.DataVersion())
		})
	w.Run(t, svc)
	b := join(t, w, `{"data":{"n":1}}`)
	for range 3 {
		called(t, b, "data", `[]`, `[{"n":1},1]`)
	}
	if _, err := svc.In("/").Sockets(b.ID()).SetData(patient(t), map[string]int{"n": 2}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		called(t, b, "data", `[]`, `[{"n":2},2]`)
	}
}

func dataIsMerged(t *testing.T, w World) {
	svc, _ := newService(w)
	w.Run(t, svc)
	b := join(t, w, `{"data":{"a":1,"b":{"c":2}}}`)
	ctx := patient(t)
	one := svc.In("/").Sockets(b.ID())
	result, err := one.MergeData(ctx, map[string]any{"a": nil, "b": map[string]int{"d": 3}})
	if err != nil || result.DataVersion != 2 {
		t.Errorf("%+v, %v", result, err)
	}
	sockets, err := one.FetchSockets(ctx)
	var data map[string]any
	if err != nil || len(sockets) != 1 || sockets[0].Socket.BindData(&data) != nil || fmt.Sprint(data) != "map[b:map[c:2 d:3]]" {
		t.Errorf("%v, %v, %v", sockets, data, err)
	}
}

func dataVersionGuards(t *testing.T, w World) {
	svc, _ := newService(w)
	w.Run(t, svc)
	b := join(t, w, `{"data":1}`)
	one := svc.In("/").Sockets(b.ID())
	if r, err := one.ExpectVersion(1).SetData(patient(t), 2); err != nil || r.DataVersion != 2 {
		t.Errorf("%+v, %v", r, err)
	}
	var status *service.StatusError
	if _, err := one.ExpectVersion(1).SetData(patient(t), 3); !errors.As(err, &status) || status.Code != codes.FailedPrecondition {
		t.Error(err)
	}
}

// A query comes after every command that was made before it, waited for or not.
func queriesAreInOrder(t *testing.T, w World) {
	svc, _ := newService(w)
	w.Run(t, svc)
	for range 5 {
		join(t, w, "")
	}
	ctx := patient(t)
	for n := range 20 {
		room := fmt.Sprint("r", n)
		done := make(chan error, 1)
		go func() { _, err := svc.In("/").All().Join(ctx, room); done <- err }()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if count, err := svc.To(room).CountSockets(ctx); err != nil || count != 5 {
			t.Errorf("%d, %v", count, err)
		}
	}
	sockets, err := svc.To("r7").FetchSockets(ctx)
	if err != nil || len(sockets) != 5 || len(sockets[0].Rooms) != 20 {
		t.Errorf("%v, %v", sockets, err)
	}
	rooms, err := svc.In("/").ListRooms(ctx, "r1")
	if err != nil || len(rooms) != 11 {
		t.Errorf("%v, %v", rooms, err)
	}
}

func queriesOfUsers(t *testing.T, w World) {
	svc, _ := newService(w)
	w.Run(t, svc)
	for _, user := range []string{"ada", "ada", "alan", "grace"} {
		join(t, w, fmt.Sprintf(`{"user":%q}`, user))
	}
	ctx := patient(t)
	if n, err := svc.In("/").CountUsers(ctx); err != nil || n != 3 {
		t.Error(n, err)
	}
	users, err := svc.In("/").ListUsers(ctx, "a")
	if err != nil || !slices.Equal(users, []service.User{{ID: "ada", Sockets: 2}, {ID: "alan", Sockets: 1}}) {
		t.Error(users, err)
	}
}

func observerSeesCopies(t *testing.T, w World) {
	svc, root := newService(w)
	root.On("*", reply())
	seen := make(chan string, 20)
	svc.Observe("/", func(_ context.Context, o *service.Observation) {
		text := strings.TrimPrefix(o.Kind.String(), "KIND_")
		if o.Event != nil {
			text += " " + o.Event.Name + " " + string(o.Event.Args)
		}
		seen <- text
	}, service.ObservePayloads(), service.ObserveEvents("a*"), service.ObserveUsers("ada"))
	w.Run(t, svc)
	b := join(t, w, `{"user":"ada"}`)
	called(t, b, "apple", `[1]`, `[]`)
	called(t, b, "pear", `[1]`, `[]`)
	called(t, join(t, w, `{"user":"bob"}`), "apple", `[2]`, `[]`)
	b.Leave()
	next(t, seen, "CONNECTED")
	next(t, seen, "EVENT apple [1]")
	next(t, seen, "DISCONNECTED")
}

func authorizationExpires(t *testing.T, w World) {
	svc, root := newService(w)
	gone := make(chan string, 1)
	svc.Namespace("/short").OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{Expires: time.Now().Add(300 * time.Millisecond)}, nil
	}).OnDisconnect(func(_ context.Context, d *service.Disconnect) error { gone <- d.Reason + ", " + d.Detail; return nil })
	_ = root
	w.Run(t, svc)
	if _, err := w.Connect(t, "/short", ""); err != nil {
		t.Fatal(err)
	}
	next(t, gone, "forced server close, authorization expired")
}

func authorizationIsRenewed(t *testing.T, w World) {
	svc, _ := newService(w)
	asked, gone := make(chan bool, 10), make(chan string, 1)
	renewals := 0
	svc.Namespace("/short").OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{Expires: time.Now().Add(2 * time.Second), RefreshBefore: 1900 * time.Millisecond}, nil
	}).OnAuthExpiring(func(_ context.Context, a *service.AuthExpiring) (service.Accept, error) {
		asked <- a.Socket.ID() != "" && !a.ExpireTime.IsZero()
		if renewals++; renewals == 3 {
			return service.Accept{}, service.Deny("enough", nil)
		}
		return service.Accept{Expires: time.Now().Add(2 * time.Second), RefreshBefore: 1900 * time.Millisecond}, nil
	}).OnDisconnect(func(_ context.Context, d *service.Disconnect) error { gone <- d.Reason; return nil })
	w.Run(t, svc)
	if _, err := w.Connect(t, "/short", ""); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		next(t, asked, true)
	}
	next(t, gone, "forced server close")
}

func authorizationIsRevoked(t *testing.T, w World) {
	svc, root := newService(w)
	gone := make(chan string, 10)
	root.OnDisconnect(func(_ context.Context, d *service.Disconnect) error {
		gone <- d.Socket.User() + " " + d.Detail
		return nil
	})
	w.Run(t, svc)
	ada := join(t, w, `{"user":"ada"}`)
	bob := join(t, w, `{"user":"bob"}`)
	if _, err := svc.RevokeUsers(patient(t), "ada"); err != nil {
		t.Fatal(err)
	}
	next(t, gone, "ada revoked")
	if _, err := svc.RevokeSockets(patient(t), bob.ID()); err != nil {
		t.Fatal(err)
	}
	next(t, gone, "bob revoked")
	if err := ada.Gone(patient(t)); err != nil {
		t.Error(err)
	}
}

func authIsKept(t *testing.T, w World) {
	svc, _ := newService(w)
	auth := make(chan string, 1)
	svc.Namespace("/kept").OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{KeepAuth: true}, nil
	}).OnConnected(func(_ context.Context, c *service.Connected) error { auth <- string(c.Auth); return nil })
	w.Run(t, svc)
	if _, err := w.Connect(t, "/kept", `{"token":"t"}`); err != nil {
		t.Fatal(err)
	}
	next(t, auth, `{"token":"t"}`)
}

func policyIsEnforced(t *testing.T, w World) {
	svc, _ := newService(w)
	seen := make(chan string, 10)
	svc.Namespace("/edge").OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
		return service.Accept{Policy: &service.EdgePolicy{Events: []string{"good", "job:*"}}}, nil
	}).On("*", func(_ context.Context, e *service.Event) error { seen <- e.Name; return nil })
	w.Run(t, svc)
	b, err := w.Connect(t, "/edge", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range []string{"good", "evil", "job:1", "good"} {
		b.Emit(event, "[]")
	}
	next(t, seen, "good")
	next(t, seen, "job:1")
	next(t, seen, "good")
}

func unknownNamespaceIsDenied(t *testing.T, w World) {
	svc, _ := newService(w)
	svc.Namespace("/org/*").OnConnect(func(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
		if c.Namespace != "/org/7" {
			return service.Accept{}, service.DenyUnknownNamespace()
		}
		return service.Accept{}, nil
	})
	w.Run(t, svc)
	if _, err := w.Connect(t, "/org/7", ""); err != nil {
		t.Error(err)
	}
	if _, err := w.Connect(t, "/org/8", ""); err == nil || !strings.Contains(err.Error(), "Invalid namespace") {
		t.Error(err)
	}
}
