package hub_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/siohub/siohub/hub"
)

// chat is a whole chat server in a Go program of its own: no gRPC, no second process.
type chat struct{ hub *hub.Hub }

// Knows says which namespaces there are.
func (c *chat) Knows(namespace string) bool { return namespace == "/chat" }

// Connect lets in whoever has a name.
func (c *chat) Connect(a *hub.ConnectAttempt) {
	if len(a.Auth()) == 0 {
		_ = a.Deny("tell me your name", nil)
		return
	}
	_ = a.Accept(hub.Acceptance{Rooms: []string{"lobby"}, Data: a.Auth()})
}

func (c *chat) Connected(s *hub.Socket) { fmt.Println("joined", s.ID()) }

// Event sends what one says to all, and acknowledges it.
func (c *chat) Event(e *hub.Event) {
	if e.Name == "message" {
		lobby := hub.Target{Namespace: "/chat", Rooms: []string{"lobby"}}
		_, _ = c.hub.Emit(nil, lobby, hub.Message{Event: "message", Args: e.Args}, hub.EmitOptions{})
		_ = e.Reply(nil, []byte(`["sent"]`), nil)
	}
}

func (c *chat) Disconnected(s *hub.Socket, d hub.Disconnect) { fmt.Println("left", s.ID(), d.Reason) }

// A Go program embeds the hub and answers browsers itself.
func Example() {
	app := &chat{}
	var err error
	if app.hub, err = hub.New(hub.Config{Application: app}); err != nil {
		panic(err)
	}
	server := &http.Server{Addr: "127.0.0.1:0", Handler: app.hub}
	app.hub.ConfigureHTTP(server)
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			panic(err)
		}
	}()

	// Until the program is told to end.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(app.hub.Shutdown(ctx), server.Shutdown(ctx))
	// Output: <nil> <nil>
}

// A browser can be asked, and so can many at once.
func ExampleHub_EmitWithAck() {
	var h *hub.Hub // made by hub.New
	ask := func() {
		staff := hub.Target{Namespace: "/chat", Rooms: []string{"staff"}}
		question := hub.Message{Event: "vote", Args: []byte(`["lunch?"]`)}
		_, _ = h.EmitWithAck(nil, staff, question, hub.EmitOptions{}, hub.AckOptions{
			Timeout: 10 * time.Second,
			OnAck:   func(a hub.BrowserAck) { fmt.Printf("%s says %s\n", a.SocketID, a.Args) },
			OnDone:  func(t hub.AckTotal) { fmt.Println(t.Acked, "of", t.Expected) },
		})
	}
	_ = ask
}
