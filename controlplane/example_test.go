package controlplane_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/controlplane/access"
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

// An Authenticator says who has the credentials of a call, and what it may do.
func ExampleNewPermissions() {
	permissions, err := access.NewPermissions(access.Rules{
		Namespaces: []string{"/shop"}, Events: []string{"order:*"}, Rooms: []string{"order:*"}, Verbs: []string{"emit"},
	})
	if err != nil {
		log.Fatal(err) // names the list and the word
	}
	identity := &access.Identity{Name: "orders", Permissions: permissions}
	fmt.Println(identity.Name, identity.Permissions != nil)
	// Output: orders true
}
