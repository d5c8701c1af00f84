package engineio_test

import (
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestBatch_AtFlushOnce(t *testing.T) {
	var b engineio.Batch
	var calls int
	for flushes := range 3 {
		if !b.AtFlush(func() { calls++ }) {
			t.Error("not taken")
		}
		if b.AtFlush(func() { t.Error("a second one is called") }) {
			t.Error("a second one is taken")
		}
		if calls != flushes {
			t.Errorf("%d calls before flush %d", calls, flushes)
		}
		b.Flush()
	}
	b.Flush()
	if calls != 3 {
		t.Errorf("%d calls of three", calls)
	}
}
