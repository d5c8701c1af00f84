package roll

import (
	"testing"

	"github.com/siohub/siohub/hub"
)

// The roll is over once all are introduced, and not already when all are taken.
func TestRoll_PendsUntilAllAreDone(t *testing.T) {
	var r Roll
	if r.Pends() || len(r.Next()) != 0 {
		t.Error("nobody was called")
	}
	r.Call(make([]*hub.Socket, rollStep+1))
	first, second := r.Next(), r.Next()
	if len(first) != rollStep || len(second) != 1 || len(r.Next()) != 0 {
		t.Errorf("%d and %d", len(first), len(second))
	}
	r.Done()
	if !r.Pends() {
		t.Error("over while some are being introduced")
	}
	r.Done()
	if r.Pends() {
		t.Error("not over")
	}
}
