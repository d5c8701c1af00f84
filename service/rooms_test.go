package service_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest/scenarios"
)

// knower is one of two processes of a service, which tracks rooms.
type knower struct {
	*service.Service
	name string
}

// knowers runs them. What they hear is written down with their names.
func knowers(t *testing.T, w *world) (both []*knower, heard chan string, sockets chan *service.Socket) {
	t.Helper()
	heard, sockets = make(chan string, 10), make(chan *service.Socket, 10)
	for _, name := range []string{"a", "b"} {
		k := &knower{w.hub.service(w.Options()), name}
		k.Namespace("/").Set(service.DisconnectGrace(time.Minute)).
			OnConnect(func(context.Context, *service.ConnectAttempt) (service.Accept, error) {
				return service.Accept{User: "ann", Rooms: []string{"red"}}, nil
			}).
			OnConnected(func(_ context.Context, c *service.Connected) error {
				heard <- fmt.Sprint(name, " connected ", c.Rooms)
				sockets <- c.Socket
				return nil
			}).
			OnRoomsChanged(func(_ context.Context, c *service.RoomsChanged) error {
				heard <- fmt.Sprint(name, " ", c.Joined, c.Left)
				return nil
			})
		w.Run(t, k.Service)
		both = append(both, k)
	}
	return both, heard, sockets
}

// What the process of the service that does not have a socket does to its rooms, the one that has it knows: also what was
// done while its browser was away, of which that process has heard nothing.
func TestRooms_AreKnownThoughAnotherProcessChangesThem(t *testing.T) {
	w := &world{hub: newRealHub(t, controlplane.Config{})}
	w.Recover(t)
	both, heard, sockets := knowers(t, w)
	next := func() string {
		t.Helper()
		select {
		case what := <-heard:
			return what
		case <-time.After(scenarios.Patience):
			t.Fatal("nothing is heard")
			return ""
		}
	}
	var b scenarios.Browser
	b, err := w.Connect(t, "/", "")
	if err != nil {
		t.Fatal(err)
	}
	first := next()
	owner := first[:1]
	if first != owner+" connected [red]" {
		t.Fatal(first)
	}
	socket := <-sockets
	other := both[slices.IndexFunc(both, func(k *knower) bool { return k.name != owner })]
	ctx := t.Context()
	move := func(join, leave string, stored uint32) {
		t.Helper()
		for _, one := range []func() (service.Result, error){
			func() (service.Result, error) { return other.In("/").Users("ann").Join(ctx, join) },
			func() (service.Result, error) { return other.In("/").Users("ann").Leave(ctx, leave) },
		} {
			if r, err := one(); err != nil || uint32(r.Stored) != stored {
				t.Errorf("%+v, %v", r, err)
			}
		}
	}
	knows := func(changes []string, want string) {
		t.Helper()
		for _, change := range changes {
			if got := next(); got != owner+" "+change {
				t.Errorf("heard %q of %q", got, owner+" "+change)
			}
		}
		if got := fmt.Sprint(socket.Rooms()); got != want {
			t.Errorf("it knows %s, want %s", got, want)
		}
	}
	move("blue", "red", 0)
	knows([]string{"[blue] []", "[] [red]"}, "[blue]")
	for n := range 2 {
		b.Lose()
		for there := 1; there > 0; {
			if there, err = other.In("/").All().CountSockets(ctx); err != nil {
				t.Fatal(err)
			}
		}
		room := fmt.Sprint("green", n)
		move(room, "blue", 1)
		if b, err = b.Return(t, `{"token":"t"}`); err != nil || !b.Recovered() {
			t.Fatal("not recovered: ", err)
		}
		if n == 0 {
			knows([]string{"[green0 red] [blue]"}, "[green0 red]")
			move("blue", "none", 0)
			knows([]string{"[blue] []"}, "[blue green0 red]")
		} else {
			knows([]string{"[green1] [blue]"}, "[green0 green1 red]")
		}
	}
}
