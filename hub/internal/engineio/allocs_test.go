//go:build !race

package engineio_test

import (
	"io"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// allocsPerHeartbeat is what a ping and its pong allocate, as measured, transport and a timer for one
// session included. Whoever lowers it lowers the bound.
const allocsPerHeartbeat = 3

func TestAllocs_Heartbeat(t *testing.T) {
	server := engineio.New(engineio.Config{Heartbeat: engineio.HeartbeatConfig{Interval: 2 * time.Millisecond, Timeout: time.Minute}})
	t.Cleanup(func() { _ = server.Close(t.Context()) })
	browser := hubtest.ServeTCP(t, server, server.ConfigureHTTP).Frames("EIO=4&transport=websocket")
	browser.Next() // the open packet
	conn := browser.Conn.NetConn()
	ping, pong := make([]byte, 3), []byte{0x81, 0x81, 0, 0, 0, 0, '3'}
	n := testing.AllocsPerRun(100, func() {
		if _, err := io.ReadFull(conn, ping); err != nil || string(ping) != "\x81\x012" {
			t.Fatalf("%q: %v", ping, err)
		}
		if _, err := conn.Write(pong); err != nil {
			t.Fatal(err)
		}
	})
	if n > allocsPerHeartbeat {
		t.Errorf("%v allocations for a heartbeat, bound %v", n, allocsPerHeartbeat)
	}
}
