package servicetest_test

import (
	"context"
	"testing"

	"github.com/siohub/siohub/service"
	"github.com/siohub/siohub/service/servicetest"
)

// newGreeter is the service under test.
func newGreeter() *service.Service {
	svc := service.New("greeter", service.Options{})
	svc.Namespace("/").AllowAnyone().On("greet", func(ctx context.Context, e *service.Event) error {
		var name string
		if err := e.Bind(&name); err != nil {
			return err
		}
		return e.Socket.Emit(ctx, "greeting", "hello, "+name)
	})
	return svc
}

// TestGreeter is what a test of a service looks like.
func TestGreeter(t *testing.T) {
	hub := servicetest.New(t, newGreeter())
	alice, err := hub.Connect("/")
	if err != nil {
		t.Fatal(err)
	}
	alice.Emit("greet", "alice")
	if got := alice.Expect("greeting").String(); got != `greeting ["hello, alice"]` {
		t.Error(got)
	}
}

func ExampleNew() {
	t := &testing.T{} // that of the test function

	hub := servicetest.New(t, newGreeter())
	alice, err := hub.Connect("/")
	if err != nil {
		t.Fatal(err)
	}
	alice.Emit("greet", "alice")
	alice.Expect("greeting")
}

func ExampleHub_Drop() {
	t := &testing.T{} // that of the test function

	hub := servicetest.New(t, newGreeter())
	alice, err := hub.Connect("/")
	if err != nil {
		t.Fatal(err)
	}
	alice.Emit("greet", "alice")
	hub.Drop() // the connection breaks for long; what is not settled comes again
	hub.Wait() // until all is settled
}
