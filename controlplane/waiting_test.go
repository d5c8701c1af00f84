package controlplane

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Browsers that come before their service are nobody's mistake; that nothing happens is
// said, once a minute, and names few of the names that strangers have made up.
func TestWaiting_IsWarnedOf(t *testing.T) {
	log := &strings.Builder{}
	inBubble(t, Config{Logger: slog.New(slog.NewTextHandler(log, nil))}, func(_ *testing.T, w *world) {
		for i := range 5 {
			for range 1 + i {
				w.browser().Send(fmt.Sprintf("40/chat-%d,", i))
			}
		}
		w.pass(3 * time.Minute)
	})
	lines := strings.Count(log.String(), "no service has asked for")
	if lines < 6 || lines > 9 || !strings.Contains(log.String(), "namespace=/chat-4 browsers=5 namespaces=5") || strings.Contains(log.String(), "/chat-1") {
		t.Errorf("%d lines:\n%s", lines, log)
	}
}
