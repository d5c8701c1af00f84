package sampledlog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/siohub/siohub/internal/virtualtime"
)

func TestLine_OneInAPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l := New(slog.New(slog.NewTextHandler(&log, nil)), Second)
		for range 10 {
			l.Warn("full", "of", 3)
		}
		virtualtime.Pass(Second)
		l.Warn("full", "of", 4)
		virtualtime.Pass(Second)
		l.Warn("full", "of", 5)
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 3 || !strings.HasSuffix(lines[0], "of=3") || !strings.HasSuffix(lines[1], "of=4 left_out=9") || !strings.HasSuffix(lines[2], "of=5") {
			t.Error(log.String())
		}
	})
}
