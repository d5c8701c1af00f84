//go:build !race

package adminui

import (
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
	return server.EchoAllocs()
}
