package ledger

import "testing"

func TestGone_RemembersBoundedAndNoZero(t *testing.T) {
	g := NewGone()
	g.Add(0)
	g.Add(7)
	if g.Has(0) || !g.Has(7) || g.Has(8) {
		t.Error("it remembers something else")
	}
	for seq := uint64(100); seq < 100+4*rememberGone; seq++ {
		g.Add(seq)
	}
	if g.Has(7) || !g.Has(99+4*rememberGone) {
		t.Error("it does not forget the oldest")
	}
}
