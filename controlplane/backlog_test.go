package controlplane

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane/trace"
)

// A service that got stuck is seen in the log before anybody asks, and does not fill it.
func TestUnsettled_OldWorkIsWarnedOfOnceAMinute(t *testing.T) {
	var log lockedBuffer
	var ages []time.Duration
	config := Config{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Trace:  &trace.Hooks{Backlog: func(_ string, b trace.Backlog) { ages = append(ages, b.OldestUnsettled) }},
	}
	const warning = "does not settle its work"
	inBubble(t, config, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		b.emit(-1, "message", `"planted-secret"`)
		e := chat.Event("message")
		for _, step := range []struct {
			pass  time.Duration
			lines int
		}{{28 * time.Second, 0}, {4 * time.Second, 1}, {57 * time.Second, 1}, {5 * time.Second, 2}} {
			w.pass(step.pass)
			if n := strings.Count(log.String(), warning); n != step.lines {
				t.Fatalf("%d warnings, want %d:\n%s", n, step.lines, log.String())
			}
		}
		if i := w.srv.Status().Groups[0].Instances[0]; i.OldestUnsettled < 94*time.Second || i.Weight != 1 {
			t.Errorf("status: %+v", i)
		}
		chat.Done(e)
		w.pass(3 * time.Second)
		if i := w.srv.Status().Groups[0].Instances[0]; i.OldestUnsettled != 0 {
			t.Errorf("status after the settlement: %+v", i)
		}
	})
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "group=chat instance=a oldest=30s") {
		t.Errorf("the warning does not say who:\n%s", log.String())
	}
	if ages[len(ages)-1] != 0 || slices.Max(ages) < 90*time.Second {
		t.Errorf("told ages: %v", ages)
	}
}
