package controlplane

import (
	"log/slog"
	"runtime/debug"

	"github.com/siohub/siohub/controlplane/internal/loglines"
	"github.com/siohub/siohub/controlplane/trace"
)

// telling is what the operator hears.
type telling struct {
	log   *slog.Logger
	lines *loglines.Lines
	trace trace.Tracer
}

// within runs f, on a goroutine that is nobody's in particular: a panic in it is counted and
// logged, and ends nothing else.
func (t *telling) within(f func()) {
	defer func() {
		if p := recover(); p != nil {
			t.trace.PanicRecovered("background")
			t.log.Error("panic in the background", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	f()
}
