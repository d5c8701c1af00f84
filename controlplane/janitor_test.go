package controlplane

import (
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane/trace"
)

// What no event leads to is done by one goroutine for all: a panic for the sake of one group must not end the process,
// nor what is done for others.
func TestJanitor_PanicEndsNothingElse(t *testing.T) {
	looks := 0
	hooks := &trace.Hooks{Backlog: func(group string, _ trace.Backlog) {
		if group == "bad" {
			panic("on purpose")
		}
		looks++
	}}
	inBubble(t, Config{Trace: hooks}, func(t *testing.T, w *world) {
		w.chat("a")
		w.worksFor("bad", "b")
		w.pass(3 * time.Second)
		if looks < 2 {
			t.Errorf("the other group was looked at %d times", looks)
		}
		if n := w.panics.Swap(0); n < 2 {
			t.Errorf("%d panics were counted", n)
		}
	})
}
