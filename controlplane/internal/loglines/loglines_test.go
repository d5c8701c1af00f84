package loglines

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/internal/virtualtime"
)

// One that attaches ten thousand times a minute must not fill the disk, nor hide other lines.
func TestLogLines_EachKindIsSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := New(slog.New(slog.NewTextHandler(&out, nil)))
		for range 5000 {
			l.Write(slog.LevelInfo, "stream opened", "group", "chat")
		}
		l.Write(slog.LevelWarn, "envelope refused")
		if n := strings.Count(out.String(), "stream opened"); n != linesBurst || !strings.Contains(out.String(), `level=WARN msg="envelope refused"`) {
			t.Errorf("%d lines", n)
		}
		virtualtime.Pass(time.Second)
		out.Reset()
		l.Write(slog.LevelInfo, "stream opened", "group", "chat")
		l.Write(slog.LevelInfo, "stream opened", "group", "chat")
		if want := "left_out=4900\n"; strings.Count(out.String(), want) != 1 || strings.Count(out.String(), "\n") != 2 {
			t.Error(out.String())
		}
	})
}
