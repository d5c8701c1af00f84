package hub_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
)

// What a client 0.9 costs that does nothing, in all that Go has of it; docs/clients.md has the figures:
//
//	go test -run Oldest_IdleCost -v ./hub
func TestOldest_IdleCost(t *testing.T) {
	const clients = 400
	for _, c := range []struct {
		name string
		most float64 // KiB, with room for other platforms
		open func(o *oldest) net.Conn
	}{
		{"between two polls", 16, func(o *oldest) net.Conn {
			o.expect("1::")
			return nil
		}},
		{"polling", 48, func(o *oldest) net.Conn {
			o.expect("1::")
			return o.request("xhr-polling", "")
		}},
		{"WebSocket", 48, func(o *oldest) net.Conn {
			conn := o.request("websocket", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n")
			r := bufio.NewReaderSize(conn, 512)
			for line := ""; line != "\r\n"; line, _ = r.ReadString('\n') {
			}
			frame := make([]byte, 5)
			if _, err := r.Read(frame); err != nil || string(frame) != "\x81\x031::" {
				o.p.t.Fatalf("%q, %v", frame, err)
			}
			return conn
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &play{}
			config := allowed
			config.Application = p
			p.start(t, config)
			p.http = hubtest.ServeTCP(t, p.hub, nil)
			one := func() net.Conn { return c.open(&oldest{p: p, sid: p.shakeHands("")}) }
			one()
			memory, goroutines := inUse()
			conns := make([]net.Conn, 0, clients)
			for range clients {
				conns = append(conns, one())
			}
			after, more := inUse()
			each := float64(after-memory) / clients / 1024
			t.Logf("each: %.1f KiB, %.2f goroutines", each, float64(more-goroutines)/clients)
			if each > c.most {
				t.Errorf("%.1f KiB each, at most %.0f", each, c.most)
			}
			for _, conn := range conns {
				if conn != nil {
					_ = conn.Close()
				}
			}
		})
	}
}

// request begins a GET of a session on a connection of its own.
func (o *oldest) request(transport, header string) net.Conn {
	o.p.t.Helper()
	c := o.p.http.Dial()
	if _, err := fmt.Fprintf(c, "%s /socket.io/1/%s/%s HTTP/1.1\r\nHost: hub.test\r\n%s\r\n", http.MethodGet, transport, o.sid, header); err != nil {
		o.p.t.Fatal(err)
	}
	return c
}

// inUse is the memory that Go uses, and its goroutines.
func inUse() (bytes int64, goroutines int) {
	heap := hubtest.Heap()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return heap + int64(m.StackInuse), runtime.NumGoroutine()
}
