package service_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/service"
)

// BenchmarkHub is an event through the real control plane, gRPC in memory and the
// kit, and its settlement on the way back: the whole of the envelope path, with some
// events under way. The allocations are those of both sides.
func BenchmarkHub(b *testing.B) {
	for _, underWay := range []int{1, 16, 256} {
		b.Run(fmt.Sprint("underway=", underWay), func(b *testing.B) {
			handled := make(chan struct{}, underWay)
			server, sockets := benchHub(b, 100, func(ns *service.Namespace) {
				ns.AllowAnyone().On("event", func(context.Context, *service.Event) error {
					handled <- struct{}{}
					return nil
				})
			})
			for range underWay - 1 {
				handled <- struct{}{}
			}
			args := []byte(`["0123456789abcdef0123456789abcdef"]`)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				server.Event(&hub.Event{Socket: sockets[n%len(sockets)], Name: "event", Args: args, ReceiveTime: time.Now()})
				<-handled
			}
		})
	}
}

// benchHub is a hub with some sockets in `/`, and a service attached over gRPC in
// memory.
func benchHub(b *testing.B, browsers int, register func(*service.Namespace)) (*controlplane.Server, []*hub.Socket) {
	b.Helper()
	logger := slog.New(slog.DiscardHandler)
	server, err := controlplane.New(controlplane.Config{Logger: logger})
	if err != nil {
		b.Fatal(err)
	}
	h, err := hub.New(hub.Config{Application: server, Logger: logger})
	if err != nil {
		b.Fatal(err)
	}
	server.Bind(h)
	listener := bufconn.Listen(1 << 20)
	rpc := server.GRPC()
	go func() { _ = rpc.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:hub", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		b.Fatal(err)
	}
	svc := service.New("bench", service.Options{Logger: logger})
	register(svc.Namespace("/"))
	ended := make(chan error, 1)
	go func() { ended <- svc.RunOn(context.Background(), conn) }()
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		svc.Close(ctx)
		<-ended
		conn.Close()
		_ = h.Shutdown(ctx)
		_ = server.Shutdown(ctx)
	})
	page := hubtest.Serve(b, h, nil)
	page.Path = "/socket.io/"
	for range browsers {
		browser := page.Open(hubtest.Options{Transport: hubtest.WebSocket})
		browser.Send("40")
		browser.Next()
	}
	sockets, err := h.FetchSockets(hub.Target{Namespace: "/", All: true})
	if err != nil || len(sockets) != browsers {
		b.Fatalf("%d sockets: %v", len(sockets), err)
	}
	return server, sockets
}
