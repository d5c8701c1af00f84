//go:build !race

package socketio

import (
	"fmt"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
)

// What the hot paths allocate, transport included, as measured: the browser's side
// writes and reads without allocating. Whoever lowers a figure lowers the bound.
const allocsPerEcho = 4

// allocsPerBroadcast is by the number of receivers: three, and what a collection takes from the pools.
var allocsPerBroadcast = []struct {
	receivers int
	bound     float64
}{{1, 5}, {100, 5}, {200, 5}}

func TestAllocs_Echo(t *testing.T) {
	_, browsers, got := readers(t, 1)
	out := frame(`421["echo",` + string(payload[1:]))
	n := testing.AllocsPerRun(200, func() {
		got.expect(2+len(`431`)+len(payload), func() { _, _ = browsers[0].Conn.NetConn().Write(out) })
	})
	if n > allocsPerEcho {
		t.Errorf("%v allocations for an echo, bound %v", n, allocsPerEcho)
	}
}

func TestAllocs_Broadcast(t *testing.T) {
	s, _, got := readers(t, 200)
	m := cluster.Message{Event: "broadcast", Args: payload}
	for i, row := range allocsPerBroadcast {
		n := row.receivers
		ids := make([]string, 0, n)
		for _, socket := range s.Select("/", everybody)[:n] {
			ids = append(ids, socket.ID())
		}
		room := fmt.Sprint("room", i)
		s.UpdateRooms("/", to(ids...), []string{room}, nil)
		allocs := testing.AllocsPerRun(100, func() {
			got.expect(n*(2+len(`42["broadcast",`)+len(payload)-1), func() { s.Emit(nil, "/", to(room), m) })
		})
		if allocs > row.bound {
			t.Errorf("%v allocations for a broadcast to %d, bound %v", allocs, n, row.bound)
		}
	}
}
