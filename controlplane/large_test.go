package controlplane

import (
	"testing"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

// smallEnvelope is a browser in /chat, whose service takes the smallest envelopes, and
// the service that let it in.
func (w *world) smallEnvelope(handler *hubv1.Subscription) (gate, chat *controlplanetest.Service, b *browser) {
	w.t.Helper()
	gate = w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
	chat = controlplanetest.Attach(w.t, w.dial(), &hubv1.Hello{
		Group: "chat", InstanceId: "a", MaxEnvelopeBytes: minEnvelope, Subscriptions: []*hubv1.Subscription{handler},
	})
	b = w.browser()
	b.Send("40/chat,")
	gate.Accept(gate.Attempt())
	b.joined("/chat")
	chat.Done(chat.Connected())
	return gate, chat, b
}

// sendBig sends an event that fits no such envelope; ack is the id of what is to be
// answered, or empty.
func (b *browser) sendBig(ack string) {
	b.Send("452-/chat," + ack + `["big",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)
	b.SendBinary(make([]byte, 600_000))
	b.SendBinary(make([]byte, 600_000))
}

// What rode on a delivery that was dropped has not come: the next one brings it.
func TestSend_DataOfADroppedEventIsToldAgain(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate, chat, b := w.smallEnvelope(handlerOf(func(s *hubv1.Subscription) {
			s.SocketData = hubv1.SocketData_SOCKET_DATA_ON_CHANGE
		}))
		gate.Command(setData(target(b.id), `"new"`, nil))
		gate.Result()
		b.sendBig("")
		for _, want := range []string{`"new"`, ""} {
			b.emit(-1, "small", "")
			d := chat.Next().GetDelivery()
			for d == nil { // notices of what was dropped
				d = chat.Next().GetDelivery()
			}
			if got := string(d.Socket.Data); got != want {
				t.Errorf("the data is %q, want %q", got, want)
			}
			chat.Done(d)
		}
	})
}

// A client that waits for an answer is not left waiting.
func TestSend_AnswerToATooLargeEventIsNotWaitedFor(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		_, chat, b := w.smallEnvelope(controlplanetest.Handler("/chat"))
		b.sendBig("7")
		b.WaitEnd()
		for {
			if d := chat.Next().GetDelivery().GetDisconnected(); d != nil {
				if d.Reason != "forced server close" || d.Detail == "" {
					t.Error(d)
				}
				return
			}
		}
	})
}

func TestSend_EventLargerThanTheEnvelopeIsDropped(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		_, chat, b := w.smallEnvelope(controlplanetest.Handler("/chat"))
		b.sendBig("")
		b.emit(-1, "small", "")
		// The event after it comes at once. What is told of the one that was dropped stands
		// beside it: to whom the event belongs, and that a delivery was lost.
		var small *hubv1.Delivery
		notices := map[hubv1.NoticeKind]*hubv1.Notice{}
		for small == nil || len(notices) < 2 {
			item := chat.Next()
			if d := item.GetDelivery(); d != nil {
				small = d
			} else {
				notices[item.GetNotice().GetKind()] = item.GetNotice()
			}
		}
		chat.Done(small)
		unhandled, dropped := notices[hubv1.NoticeKind_NOTICE_KIND_UNHANDLED], notices[hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED]
		if unhandled.GetStatus().GetReason() != "TOO_LARGE" || unhandled.GetUnhandled().GetEvent() != "big" {
			t.Errorf("notice: %v", unhandled)
		}
		if dropped.GetStatus().GetReason() != "TOO_LARGE" || dropped.GetCount() != 1 || small.GetEvent().GetName() != "small" {
			t.Errorf("notice: %v, delivery %v", dropped, small)
		}
	})
}
