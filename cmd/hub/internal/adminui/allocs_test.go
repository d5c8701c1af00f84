//go:build !race

package adminui

import (
	"io"
	"log/slog"
	"testing"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// echoing is an application that replies.
type echoing struct{ *world }

func (echoing) Event(e *hub.Event) { _ = e.Reply(nil, e.Args, e.Attachments) }

// An echo costs with the UI what it costs without, while nobody looks.
func TestAllocs_NothingWhileNobodyLooks(t *testing.T) {
	w := &world{t: t, counts: map[string]int{}}
	logger := slog.New(slog.DiscardHandler)
	ui := New(echoing{w}, Options{Namespace: "/admin", Development: true, Logger: logger, Trace: w.trace()})
	if with, without := echoAllocs(t, ui), echoAllocs(t, echoing{w}); with > without {
		t.Errorf("%v allocations with the UI, %v without", with, without)
	}
}

func echoAllocs(t *testing.T, app hub.Application) float64 {
	t.Helper()
	h, err := hub.New(hub.Config{Application: app, Client: hub.ClientFiles{Disabled: true}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if ui, ok := app.(*UI); ok {
		ui.Bind(h)
	}
	server := hubtest.ServeTCP(t, h, h.ConfigureHTTP)
	server.Path = "/socket.io/"
	t.Cleanup(func() { _ = h.Shutdown(t.Context()) })
	f := server.Frames("EIO=4&transport=websocket")
	_ = f.Write("40")
	f.Next() // the open packet
	f.Next() // CONNECT
	const args = `["0123456789abcdef0123456789abcdef"]`
	out := append([]byte{0x81, 0x80 | byte(len(`421["echo",`)+len(args)-1), 0, 0, 0, 0}, `421["echo",`+args[1:]...)
	in := make([]byte, 2+len(`431`)+len(args))
	conn := f.Conn.NetConn()
	return testing.AllocsPerRun(500, func() {
		_, _ = conn.Write(out)
		if _, err := io.ReadFull(conn, in); err != nil {
			t.Error(err)
		}
	})
}
