//go:build !race

package nodewire

import "testing"

// One: the message.
func TestAllocs_BroadcastIsOne(t *testing.T) {
	m := emitToRoom()
	if n := testing.AllocsPerRun(100, func() { AppendBroadcast(nil, m) }); n > 1 {
		t.Errorf("%v allocations for a broadcast", n)
	}
	if n := testing.AllocsPerRun(100, func() { AppendCluster(nil, m, false) }); n > 2 {
		t.Errorf("%v allocations for one with sharded PUB/SUB", n)
	}
}
