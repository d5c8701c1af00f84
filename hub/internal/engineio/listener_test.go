package engineio_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
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
		proxy             string // what a proxy sends before
		status            int
	}{
		"poller":                 {"websocket", upgrade, false, "", 101},
		"reader":                 {"websocket", upgrade + offer, true, "", 101},
		"polling":                {"polling", "", false, "", 200},
		"poller behind a proxy":  {"websocket", upgrade, false, "PROXY TCP4 198.51.100.1 127.0.0.1 4711 80\r\n", 101},
		"polling behind a proxy": {"polling", "", false, "PROXY TCP4 198.51.100.1 127.0.0.1 4711 80\r\n", 200},
	} {
		t.Run(name, func(t *testing.T) {
			var limits reached
			st := prepare(t, func(config *engineio.Config) {
				config.Rates = engineio.Rates{OpenConnections: 2, PrivateAddresses: true}
				config.PerMessageDeflate.Enabled = &c.deflate
				config.Proxies.Trusted = []string{"127.0.0.2"}
				if c.proxy != "" {
					config.Proxies.Trusted = []string{"127.0.0.1"}
				}
				limits.note(config)
			})
			below, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			listener := below
			if c.proxy != "" {
				listener = st.engine.ProxyListener(below)
			}
			server := &http.Server{Handler: st.engine}
			st.engine.ConfigureHTTP(server)
			served := make(chan error, 1)
			go func() { served <- server.Serve(st.engine.Listener(listener)) }()
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
				_, _ = fmt.Fprintf(conn, "%sGET /engine.io/?EIO=4&transport=%s HTTP/1.1\r\nHost: x\r\n%s\r\n", c.proxy, c.transport, c.header)
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
			if s := st.session(0); c.transport == "websocket" && s.Polled() == c.deflate && runtime.GOOS == "linux" {
				t.Errorf("watched by a poller: %v", s.Polled())
			}
			if got := st.session(0).Handshake().RemoteAddress(); c.proxy != "" && got != "198.51.100.1" {
				t.Errorf("known as %s", got)
			}
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
