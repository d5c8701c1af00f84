package controlplane

import (
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// An event goes from the browser to the service and its answer back, with all that
// a service can say on the way in its order.
func TestStory_ConnectEventReplyDisconnect(t *testing.T) {
	inBubble(t, Config{HubVersion: "test"}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		if chat.Welcome.HubId == "" || chat.Welcome.HubVersion != "test" || len(chat.Welcome.Subscriptions) != 2 {
			t.Errorf("welcome: %v", chat.Welcome)
		}
		b := w.browser()
		b.Send(`40/chat,{"token":"t"}`)
		attempt := chat.Attempt()
		if string(attempt.GetConnectAttempt().Auth) != `{"token":"t"}` || attempt.Socket.Namespace != "/chat" {
			t.Errorf("attempt: %v", attempt)
		}
		chat.AcceptAs(attempt, &hubv1.Accept{User: "u1", Rooms: []string{"r"}, Data: []byte(`{"n":1}`)},
			controlplanetest.EmitTo("/chat", "welcome", `["hi"]`, attempt.Socket.Id))
		b.joined("/chat")
		if b.id != attempt.Socket.Id {
			t.Errorf("socket %s, announced as %s", b.id, attempt.Socket.Id)
		}
		b.Expect(`42/chat,["welcome","hi"]`)
		connected := chat.Connected()
		if c := connected.GetConnected(); c.Late || len(c.Rooms) != 1 || connected.Socket.User != "u1" ||
			string(connected.Socket.Data) != `{"n":1}` || c.Handshake != nil || connected.Socket.Transport != "websocket" {
			t.Errorf("connected: %v", connected)
		}
		chat.Done(connected)

		b.emit(7, "message", `{"b":1,"a":9007199254740993,"c":"<&>\u2028"}`)
		e := chat.Event("message")
		if got := string(e.GetEvent().Payload.Args); got != `[{"b":1,"a":9007199254740993,"c":"<&>\u2028"}]` {
			t.Errorf("arguments: %s", got)
		}
		if !e.GetEvent().WantsAck || e.Attempt != 1 || len(e.DedupeId) != 16 || e.GetEvent().ReceiveTime == nil {
			t.Errorf("event: %v", e)
		}
		chat.Reply(e, `["ok"]`, controlplanetest.EmitTo("/chat", "before", `[1]`, b.id))
		b.Expect(`42/chat,["before",1]`, `43/chat,7["ok"]`)

		b.Send("41/chat,")
		left := chat.Disconnected()
		if d := left.GetDisconnected(); d.Reason != "client namespace disconnect" || len(d.Rooms) != 1 {
			t.Errorf("disconnected: %v", d)
		}
		chat.Done(left)
		if err := chat.Leave(); err.Error() != "EOF" {
			t.Errorf("the stream ended with %v", err)
		}
	})
}
