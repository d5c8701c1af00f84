package engineio_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// A connection counts for its address as long as it lives: as WebSocket that a poller watches or a goroutine reads, and
// between the requests of a polling session.
func TestListener_ConnectionsOfAnAddress(t *testing.T) {
	const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	for name, c := range map[string]struct {
		transport, header string
		deflate           bool
		status            int
	}{
		"poller":  {"websocket", upgrade, false, 101},
		"reader":  {"websocket", upgrade + offer, true, 101},
		"polling": {"polling", "", false, 200},
	} {
		t.Run(name, func(t *testing.T) {
			var limits reached
			st := prepare(t, func(config *engineio.Config) {
				config.Rates = engineio.Rates{OpenConnections: 2, PrivateAddresses: true}
				config.PerMessageDeflate.Enabled = &c.deflate
				limits.note(config)
			})
			below, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: st.engine}
			st.engine.ConfigureHTTP(server)
			served := make(chan error, 1)
			go func() { served <- server.Serve(st.engine.Listener(below)) }()
			defer func() {
				_ = server.Close()
				<-served
			}()
			open := func() (net.Conn, int) {
				t.Helper()
				conn, err := net.Dial("tcp", below.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close() })
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				_, _ = fmt.Fprintf(conn, "GET /engine.io/?EIO=4&transport=%s HTTP/1.1\r\nHost: x\r\n%s\r\n", c.transport, c.header)
				a, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					return conn, 0
				}
				return conn, a.StatusCode
			}
			one, first := open()
			_, second := open()
			_, third := open()
			if first != c.status || second != c.status || third != 429 {
				t.Errorf("answers %d, %d, %d", first, second, third)
			}
			limits.want(t, "rates.open_connections")
			_ = one.Close()
			eventually(t, "no room after one has gone", func() bool {
				_, status := open()
				return status == c.status
			})
			if _, status := open(); status != 429 {
				t.Errorf("answer %d", status)
			}
		})
	}
}
