package controlplane

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// One user is followed through the hub by the debug lines alone.
func TestDebug_LinesFollowAUser(t *testing.T) {
	var log lockedBuffer
	config := Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	inBubble(t, config, func(t *testing.T, w *world) {
		chat := w.attach("chat", "a", controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat", "message"))
		b := w.browser()
		b.Send(`40/chat,{"token":"planted-secret-1"}`)
		chat.AcceptAs(chat.Attempt(), &hubv1.Accept{User: "ann", Data: []byte(`"planted-secret-2"`)})
		b.joined("/chat")
		chat.Done(chat.Connected())
		b.emit(-1, "message", `"planted-secret-3"`)
		chat.Nack(chat.Event("message"), &hubv1.Nack{})
		b.emit(-1, "nobody", `"planted-secret-4"`)
		chat.Notice()
		chat.Command(&hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
			Target: &hubv1.Target{Namespace: "/chat", Users: []string{"ann"}}, Event: "notice",
			Payload: &hubv1.Payload{Args: []byte(`["planted-secret-5"]`)},
		}}})
		chat.Result()
		w.pass(3 * time.Second) // the janitor writes what was dropped
		who := "namespace=/chat socket=" + b.id + " user="
		for _, want := range []string{
			`msg="connect attempt" component=controlplane ` + who,
			`msg="connect decided" component=controlplane ` + who + "ann outcome=accept group=chat",
			`msg="socket connected" component=controlplane ` + who + "ann transport=websocket",
			`msg="delivery sent" component=controlplane ` + who + "ann kind=event event=message",
			`msg="delivery nacked" component=controlplane ` + who + "ann kind=event event=message code=CODE_UNSPECIFIED retry=false group=chat",
			`msg="delivery dropped" component=controlplane ` + who + "ann kind=event event=message why=nacked group=chat",
			`msg="delivery dropped" component=controlplane ` + who + "ann kind=event event=nobody why=unhandled",
			`msg="command done" component=controlplane op=emit event=notice namespace=/chat sockets=[] rooms=[] users=[ann]`,
		} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("%s is missing", want)
			}
		}
	})
	if strings.Contains(log.String(), "planted-secret") {
		t.Error("the log gives away what a browser or a service said")
	}
	if t.Failed() {
		t.Log(log.String())
	}
}
