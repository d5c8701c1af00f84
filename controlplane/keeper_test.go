package controlplane

import (
	"fmt"
	"strings"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub/hubtest"
)

// handles attaches a group that takes some events of /chat.
func (w *world) handles(group string, events ...string) *controlplanetest.Service {
	w.t.Helper()
	sub := controlplanetest.Handler("/chat")
	sub.Events, sub.Kinds = events, []hubv1.Kind{hubv1.Kind_KIND_EVENT}
	return w.attach(group, "a", sub)
}

// Two groups that settle nothing, and have used up what may be parked, must not keep large messages from a third one
// that has room: in whole, in a payload behind another packet, or with an attachment.
func TestKeeper_StuckGroupsDoNotHoldLargeMessagesOfOthers(t *testing.T) {
	const size, most = 100_000, 200_000
	text := strings.Repeat("x", size)
	for _, road := range []hubtest.Transport{hubtest.Polling, hubtest.WebSocket} {
		t.Run(fmt.Sprint(road), func(t *testing.T) {
			inBubble(t, Config{Parking: ParkingConfig{SocketBytes: most, GroupBytes: most, NodeBytes: 2 * most}}, func(t *testing.T, w *world) {
				chat := w.handles("chat", "good")
				decider := w.attach("decider", "a", controlplanetest.Authorizer("/chat"))
				open := func() *browser {
					b := &browser{t: t, Browser: w.browsers.Open(hubtest.Options{Transport: road})}
					b.Send("40/chat,")
					decider.Accept(decider.Attempt())
					b.joined("/chat")
					return b
				}
				for _, event := range []string{"one", "two"} {
					w.stop(w.handles(event, event), "a full service")
					for range 6 {
						b := open()
						go func() { _ = b.TrySend(fmt.Sprintf(`42/chat,[%q,%q]`, event, text)) }()
						w.pass(time.Second)
					}
				}
				if !w.srv.Crowded() || w.srv.Room("/chat", "one") == nil || w.srv.Room("/chat", "one").Full() == "" {
					t.Fatal("there is room for what nobody settles")
				}
				ann := open()
				for range 3 {
					go func() { _ = ann.TrySend(fmt.Sprintf(`42/chat,["good",%q]`, text)) }()
					w.pass(time.Second / 2)
					chat.Done(chat.Event("good"))
				}
				go func() {
					_ = ann.TrySend(`451-/chat,["good",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte(text)))
				}()
				w.pass(time.Second / 2)
				chat.Done(chat.Event("good"))
			})
		})
	}
}

// An event that cannot be told before it is whole has the room of all that may handle it.
func TestKeeper_UnknownEventsHaveTheRoomOfAll(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{SocketBytes: 2000, GroupBytes: 2000, NodeBytes: 40_000}}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		w.handles("other", "other")
		b := w.joinOver(hubtest.WebSocket, chat)
		w.stop(chat, "a full service")
		b.Send(fmt.Sprintf(`42/chat,["message",%q]`, strings.Repeat("x", 4000)))
		w.pass(time.Second)
		for _, c := range []struct{ namespace, event, full string }{
			{"/chat", "message", "parking.group_bytes"},
			{"/chat", "other", ""},
			{"/chat", "", "parking.group_bytes"},
			{"", "", ""},
		} {
			if got := w.srv.Room(c.namespace, c.event).Full(); got != c.full {
				t.Errorf("%q %q: %q", c.namespace, c.event, got)
			}
		}
		if w.srv.Room("/elsewhere", "message") != nil {
			t.Error("what nobody handles is not kept")
		}
		chat.Window(0, 0)
		chat.Done(chat.Event("message"))
	})
}
