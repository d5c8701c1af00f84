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

// joinOver lets a browser into /chat over a transport.
func (w *world) joinOver(road hubtest.Transport, chat *controlplanetest.Service) *browser {
	w.t.Helper()
	b := &browser{t: w.t, Browser: w.browsers.Open(hubtest.Options{Transport: road})}
	b.Send("40/chat,")
	chat.Accept(chat.Attempt())
	b.joined("/chat")
	chat.Done(chat.Connected())
	return b
}

// stop lets a service take nothing more: there is "no service" any more, or it is paused.
func (w *world) stop(chat *controlplanetest.Service, with string) {
	w.pass(0)
	if with == "no service" {
		chat.Kill()
	} else {
		chat.Send(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Paused: true}}})
	}
	w.pass(0)
}

// What a browser sends faster than its service takes waits with the browser: everything
// comes, in order, whether or not an instance is there meanwhile.
func TestPause_NothingIsLost(t *testing.T) {
	for _, road := range []hubtest.Transport{hubtest.Polling, hubtest.WebSocket} {
		for _, with := range []string{"a full service", "no service"} {
			t.Run(fmt.Sprint(road, " ", with), func(t *testing.T) {
				inBubble(t, Config{Parking: ParkingConfig{SocketEvents: 4}}, func(t *testing.T, w *world) {
					chat := w.chat("a")
					b := w.joinOver(road, chat)
					w.stop(chat, with)
					const events = 40
					go func() { // its POST or pipe is held
						for i := range events {
							_ = b.TrySend(fmt.Sprintf(`42/chat,["message",%d]`, i))
						}
					}()
					w.pass(10 * time.Second)
					if g := w.srv.Status().Groups[0]; g.Held != 1 || g.Parked.Events > 5 {
						t.Errorf("%+v", g)
					}
					if with == "no service" {
						chat = w.chat("a")
					} else {
						chat.Window(0, 0)
					}
					for i := range events {
						d := chat.Event("message")
						if got := string(d.GetEvent().Payload.Args); got != fmt.Sprintf("[%d]", i) {
							t.Fatalf("event %d is %s", i, got)
						}
						chat.Done(d)
					}
					chat.Quiet(time.Second)
				})
			})
		}
	}
}

// A handler that asks its own browser does not wait behind itself: while the browser owes
// an acknowledgement it is read on.
func TestPause_TheAnswerToAHandlersQuestionIsRead(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{SocketEvents: 4}}, func(t *testing.T, w *world) {
		strict := controlplanetest.Handler("/chat")
		strict.Ordering = hubv1.Ordering_ORDERING_STRICT
		chat := w.attach("chat", "a", controlplanetest.Authorizer("/chat"), strict)
		b := w.join(chat)
		go func() {
			for i := range 20 {
				_ = b.TrySend(fmt.Sprintf(`42/chat,["message",%d]`, i))
			}
		}()
		first := chat.Event("message")
		w.pass(time.Second) // it is held by now
		ask := emitAck(target(b.id), 10*time.Second, hubv1.AckMode_ACK_MODE_UNSPECIFIED)
		ask.CommandId = 7
		chat.Send(&hubv1.Action{Kind: &hubv1.Action_Command{Command: ask}})
		for {
			if p := b.Next(); len(p) > 4 && p[:2] == "42" {
				break
			}
		}
		go func() { _ = b.TrySend(`43/chat,0["answer"]`) }()
		for {
			r := chat.Result()
			if total := r.GetAckTotal(); total != nil {
				if total.AckedCount != 1 {
					t.Error(total)
				}
				break
			}
		}
		chat.Done(first)
		for i := 1; i < 20; i++ {
			chat.Done(chat.Event("message"))
		}
	})
}

// When as much is parked as the hub may hold, each browser may still add what it has begun; large messages of others are
// not read meanwhile, so that the sum has a bound however many browsers there are. Everything comes in the end.
func TestPause_ManyBrowsersAddNoMoreThanTheHubMayHold(t *testing.T) {
	for _, road := range []hubtest.Transport{hubtest.Polling, hubtest.WebSocket} {
		t.Run(fmt.Sprint(road), func(t *testing.T) {
			const size, browsers, most = 200_000, 20, 3 * 200_000
			inBubble(t, Config{Parking: ParkingConfig{SocketBytes: most, GroupBytes: most, NodeBytes: most}}, func(t *testing.T, w *world) {
				chat := w.chat("a")
				all := make([]*browser, browsers)
				for i := range all {
					all[i] = w.joinOver(road, chat)
				}
				w.stop(chat, "a full service")
				text := strings.Repeat("x", size)
				for i, b := range all {
					go func() { _ = b.TrySend(fmt.Sprintf(`42/chat,["message",%d,%q]`, i, text)) }()
					w.pass(time.Second)
				}
				if parked := w.srv.Status().Groups[0].Parked; parked.Bytes > most+size+1000 || parked.Events < 2 {
					t.Errorf("%+v is parked, at most %d may be", parked, most)
				}
				chat.Window(0, 0)
				for range browsers {
					chat.Done(chat.Event("message"))
				}
				chat.Quiet(time.Second)
			})
		})
	}
}
