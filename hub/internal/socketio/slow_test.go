package socketio

import (
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
)

// A browser that does not read costs the others nothing: each broadcast reaches all
// of them before the next is sent, though the kernel takes no more for the one, its
// queue fills up, and it is closed.
func TestBroadcast_ASlowBrowserDelaysNobody(t *testing.T) {
	const others = 10
	s, browsers := joined(t, others+1)
	got := &counter{reached: make(chan struct{}, 1)}
	for _, f := range browsers[1:] {
		go got.read(f)
	}
	m := cluster.Message{Event: "broadcast", Args: []byte(`["` + strings.Repeat("x", 60_000) + `"]`)}
	frame := 4 + len(`42["broadcast",`) + len(m.Args) - 1
	sent := 0
	for len(s.Select("/", everybody)) > others {
		if sent++; sent > 10_000 {
			t.Fatal("the browser that reads nothing is still there")
		}
		got.expect(others*frame, func() { s.Emit(nil, "/", everybody, m) })
	}
	got.expect(others*frame, func() { s.Emit(nil, "/", everybody, m) })
	if n := len(s.Select("/", everybody)); n != others {
		t.Errorf("%d of %d are left after %d broadcasts", n, others, sent)
	}
}
