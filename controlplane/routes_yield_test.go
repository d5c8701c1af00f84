package controlplane

import (
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// What a service that has gone was asked for is held for it for a minute; then whoever handles it too gets it,
// and what nobody else handles waits on.
func TestRoutes_OthersGetWhatAServiceThatIsAwayHandled(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		special := controlplanetest.Handler("/chat", "message", "own")
		away := w.attach("away", "1", special)
		general := w.attach("general", "1", controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat", "*"))
		b := w.join(general)
		away.Leave()
		w.pass(time.Second)
		b.emit(0, "message", "1")
		w.pass(Default("parking.routes").(time.Duration) - 2*time.Second)
		general.Quiet(100 * time.Millisecond)
		w.pass(4 * time.Second)
		b.emit(1, "message", "2")
		e := general.Event("message")
		if got := string(e.GetEvent().Payload.Args); got != "[2]" {
			t.Errorf("%s came", got)
		}
		general.Done(e)
		back := w.attach("away", "2", special)
		back.Done(back.Connected())
		if got := string(back.Event("message").GetEvent().Payload.Args); got != "[1]" {
			t.Errorf("%s has waited", got)
		}
		b.emit(2, "message", "3")
		if got := string(back.Event("message").GetEvent().Payload.Args); got != "[3]" {
			t.Errorf("%s came once it was back", got)
		}
	})
}
