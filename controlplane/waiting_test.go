package controlplane

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane/controlplanetest"
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

// Whoever reads the warning wants to know how long there is to start the service.
func TestWaiting_SaysWhenBrowsersAreRefused(t *testing.T) {
	for name, row := range map[string]struct {
		config Config
		other  bool // a service decides about another namespace
		after  time.Duration
		want   string
	}{
		"grace":              {Config{}, true, 6 * time.Second, `refused="24s from now, when start_grace is over" `},
		"grace, nobody":      {Config{}, false, 6 * time.Second, `refused="24s from now, when start_grace is over, or later, as soon as a service decides about any namespace"`},
		"grace over, nobody": {Config{StartGrace: -1}, false, 6 * time.Second, `refused="as soon as a service decides about any namespace"`},
		"listed":             {Config{Namespaces: []string{"/late"}}, true, 6 * time.Second, `refused="never, `},
	} {
		t.Run(name, func(t *testing.T) {
			log := &strings.Builder{}
			row.config.Logger = slog.New(slog.NewTextHandler(log, nil))
			inBubble(t, row.config, func(_ *testing.T, w *world) {
				if row.other {
					w.attach("gate", "a", controlplanetest.Authorizer("/other"))
				}
				w.browser().Send("40/late,")
				w.pass(row.after)
			})
			if !strings.Contains(log.String(), row.want) || !strings.Contains(log.String(), `option="namespaces, start_grace"`) {
				t.Errorf("want %s in\n%s", row.want, log)
			}
		})
	}
}
