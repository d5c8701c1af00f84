package scenarios

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/siohub/siohub/service"
)

// newService is a service without a log that comes back at once. Its `/` lets everybody
// in; `user`, `rooms` and `data` in auth become those of the socket.
func newService(w World, change ...func(*service.Options)) (*service.Service, *service.Namespace) {
	return newServiceWith(w, enter, change...)
}

// newServiceWith is newService with another decision.
func newServiceWith(w World, decide service.ConnectHandler, change ...func(*service.Options)) (*service.Service, *service.Namespace) {
	opts := w.Options()
	opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	opts.Backoff = service.Backoff{Min: time.Millisecond, Max: 5 * time.Millisecond}
	for _, c := range change {
		c(&opts)
	}
	svc := service.New("scenario", opts)
	root := svc.Namespace("/").OnConnect(decide)
	return svc, root
}

func enter(_ context.Context, c *service.ConnectAttempt) (service.Accept, error) {
	var auth struct {
		User  string
		Rooms []string
		Data  any
	}
	if err := c.BindAuth(&auth); err != nil {
		return service.Accept{}, err
	}
	return service.Accept{User: auth.User, Rooms: auth.Rooms, Data: auth.Data}, nil
}

// join connects a browser that has to get in.
func join(t *testing.T, w World, auth string) Browser {
	t.Helper()
	b, err := w.Connect(t, "/", auth)
	if err != nil {
		t.Fatal("connect: ", err)
	}
	return b
}

func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Patience)
	t.Cleanup(cancel)
	return ctx
}

// called checks what a browser's callback gets.
func called(t *testing.T, b Browser, event, args, want string) {
	t.Helper()
	if got, err := b.Call(patient(t), event, args); err != nil || got != want {
		t.Errorf("%s %s: callback got %s, %v; want %s", event, args, got, err, want)
	}
}

// hears checks the next events of a browser.
func hears(t *testing.T, b Browser, want ...string) {
	t.Helper()
	for _, event := range want {
		if got, err := b.Next(patient(t)); err != nil || got != event {
			t.Errorf("heard %s, %v; want %s", got, err, event)
		}
	}
}

// next takes what a service has told, and checks it.
func next[T comparable](t *testing.T, told <-chan T, want T) {
	t.Helper()
	select {
	case got := <-told:
		if got != want {
			t.Errorf("told %v, want %v", got, want)
		}
	case <-patient(t).Done():
		t.Errorf("not told %v", want)
	}
}

// silent checks that nothing was told that a round trip through the hub would have
// overtaken.
func silent[T any](t *testing.T, told <-chan T, svc *service.Service) {
	t.Helper()
	if _, err := svc.In("/").All().CountSockets(patient(t)); err != nil {
		t.Error(err)
	}
	select {
	case got := <-told:
		t.Errorf("told %v", got)
	default:
	}
}

func reply(what ...any) service.Handler {
	return func(_ context.Context, e *service.Event) error { return e.Reply(what...) }
}

var svcLogger = slog.New(slog.DiscardHandler)
