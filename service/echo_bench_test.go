package service_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/service"
)

// BenchmarkEcho is an event from a browser's frame through the hub, gRPC over TCP and
// the kit, and its acknowledgement on the way back: what a payload costs by its size.
func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{32, 1 << 10, 100 << 10} {
		b.Run(fmt.Sprint("bytes=", size), func(b *testing.B) {
			browser := echoHub(b).Frames("EIO=4&transport=websocket")
			_ = browser.Write("40")
			browser.Next() // the open packet
			browser.Next() // CONNECT
			args := `"` + strings.Repeat("x", size) + `"]`
			frame := maskedFrame(`421["echo",` + args)
			back := make([]byte, len(frame)-4-len(`"echo",`)) // the answer has neither mask nor name
			conn := browser.Conn.NetConn()
			_ = conn.SetDeadline(time.Time{}) // Next has set one
			b.SetBytes(int64(size))
			b.ReportAllocs()
			before := cpuTime()
			for b.Loop() {
				if _, err := conn.Write(frame); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(conn, back); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((cpuTime()-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime is what this process has used of the processors: beside others it says more
// than the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// maskedFrame is a text frame of a browser whose mask is zero.
func maskedFrame(packet string) []byte {
	head := []byte{0x81, 0x80 | byte(len(packet))}
	switch n := len(packet); {
	case n > 1<<16-1:
		head = binary.BigEndian.AppendUint64([]byte{0x81, 0x80 | 127}, uint64(n))
	case n > 125:
		head = binary.BigEndian.AppendUint16([]byte{0x81, 0x80 | 126}, uint16(n))
	}
	return append(append(head, 0, 0, 0, 0), packet...)
}

// echoHub is a hub with a service that echoes, over TCP on all its ways.
func echoHub(b *testing.B) *hubtest.Server {
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	rpc := server.GRPC()
	go func() { _ = rpc.Serve(listener) }()
	svc := service.New("bench", service.Options{Hub: listener.Addr().String(), Logger: logger})
	svc.Namespace("/").AllowAnyone().On("echo", func(_ context.Context, e *service.Event) error {
		return e.Reply(e.Payload())
	})
	ended := make(chan error, 1)
	go func() { ended <- svc.Run(context.Background()) }()
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		svc.Close(ctx)
		<-ended
		_ = h.Shutdown(ctx)
		_ = server.Shutdown(ctx)
	})
	page := hubtest.ServeTCP(b, h, nil)
	page.Path = "/socket.io/"
	return page
}
