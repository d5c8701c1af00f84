package controlplane_test

import (
	"context"
	"log"
	"net"
	"net/http"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
)

// A hub with its control plane in a program of one's own: browsers on one listener,
// services on another.
func ExampleServer() {
	control, err := controlplane.New(controlplane.Config{Namespaces: []string{"/chat"}})
	if err != nil {
		log.Fatal(err)
	}
	browsers, err := hub.New(hub.Config{Application: control})
	if err != nil {
		log.Fatal(err)
	}
	control.Bind(browsers)

	services, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := control.GRPC()
	go func() { _ = server.Serve(services) }()
	_ = http.Handler(browsers) // serve it on /socket.io/

	// At the end browsers leave first, so that services hear of it.
	ctx := context.Background()
	if err := browsers.Shutdown(ctx); err != nil {
		log.Print(err)
	}
	if err := control.Shutdown(ctx); err != nil {
		log.Print(err)
	}
	// Output:
}

// Tokens of services stand in a file, one `name: token` for each line.
func ExampleLoadTokens() {
	tokens, err := controlplane.LoadTokens("/etc/hub/tokens", nil)
	if err != nil {
		return // names the line, never what stands in it
	}
	_ = controlplane.Config{Authenticator: tokens}
}
