//go:build !race

package msgpacket

import "testing"

// One for the arguments, and one for the bytes in which the answer is sent.
func TestAllocs_OneEachWay(t *testing.T) {
	m := parser()
	message := messages(t)["event32"]
	p, _, err := m.Decode(message, true)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _, _ = m.Decode(message, true) }); n > 1 {
		t.Errorf("%v allocations for one event", n)
	}
	if n := testing.AllocsPerRun(100, func() { m.Encode(make([]byte, 0, m.Size(p, nil)), p, nil) }); n > 1 {
		t.Errorf("%v allocations to write one", n)
	}
}
