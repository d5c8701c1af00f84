package controlplane

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
)

// A socket that is in a room called like another one gets nothing of that one's.
func TestTarget_SocketsAreExact(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		ann, spy := w.join(chat), w.join(chat)
		chat.Command(update(target(spy.id), []string{ann.id}, nil))
		if r := chat.Result(); r.Status != nil || r.QueuedCount != 1 {
			t.Fatalf("join: %v", r)
		}
		chat.Command(emit(target(ann.id), "secret", "[]"))
		if r := chat.Result(); r.MatchedCount != 1 {
			t.Errorf("emit: %v", r)
		}
		ann.Expect(`42/chat,["secret"]`)
		chat.Command(emit(&hubv1.Target{Namespace: "/chat", Rooms: []string{ann.id}}, "room", "[]"))
		if r := chat.Result(); r.MatchedCount != 2 {
			t.Errorf("emit to the room: %v", r)
		}
		ann.Expect(`42/chat,["room"]`)
		spy.Expect(`42/chat,["room"]`)
		chat.Command(&hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{Target: target(ann.id)}}})
		ann.Expect(`41/chat,`)
		var left *hubv1.Delivery
		for left == nil {
			left = chat.Next().GetDelivery()
		}
		if left.GetDisconnected() == nil || left.Socket.Id != ann.id {
			t.Errorf("left: %v", left)
		}
		spy.Quiet(time.Second)
	})
}

// Retries without a delay are spaced by the hub.
func TestSettle_RetriesAreSpaced(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.join(chat)
		b.emit(1, "message", "")
		least := []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond}
		for i, want := range least {
			start := time.Now()
			d := chat.Event("message")
			if took := time.Since(start); took < want || took > want*3/2 || d.Attempt != uint32(i)+1 {
				t.Errorf("attempt %d after %v, want %v", d.Attempt, took, want)
			}
			chat.Nack(d, &hubv1.Nack{Retry: true})
		}
		wantDropped(t, chat, "NACKED")
		b.Quiet(time.Minute)
	})
}

// Nobody has subscribed to the event: that is told once a minute for each name.
func TestEvent_UnhandledIsToldOnceAMinute(t *testing.T) {
	counted := 0
	inBubble(t, Config{Trace: &trace.Hooks{Dropped: func(_, _ string, _ trace.Kind, why trace.Drop) {
		if why == trace.DropUnhandled {
			counted++
		}
	}}}, func(t *testing.T, w *world) {
		chat := w.attach("chat", "a", controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat", "known"))
		b := w.join(chat)
		for range 3 {
			b.emit(1, "typo", "")
			b.emit(2, "other", "")
		}
		names := map[string]int{}
		for range 2 {
			n := chat.Notice()
			if n.Kind != hubv1.NoticeKind_NOTICE_KIND_UNHANDLED || n.Status.GetReason() != "UNHANDLED" || n.GetUnhandled().GetNamespace() != "/chat" {
				t.Errorf("notice: %v", n)
			}
			names[n.GetUnhandled().GetEvent()]++
		}
		if names["typo"] != 1 || names["other"] != 1 {
			t.Errorf("told: %v", names)
		}
		chat.Quiet(58 * time.Second)
		w.pass(3 * time.Second)
		b.emit(1, "typo", "")
		if n := chat.Notice(); n.GetUnhandled().GetEvent() != "typo" {
			t.Errorf("notice: %v", n)
		}
		b.Quiet(time.Second)
	})
	if counted != 7 {
		t.Errorf("%d were counted", counted)
	}
}

// STRICT holds for lifecycle, too.
func TestRouting_StrictHoldsForLifecycle(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.attach("chat", "a", controlplanetest.Authorizer("/chat"),
			handlerOf(func(s *hubv1.Subscription) { s.Ordering = hubv1.Ordering_ORDERING_STRICT }))
		b := w.browser()
		b.Send("40/chat,")
		chat.Accept(chat.Attempt())
		b.joined("/chat")
		connected := chat.Connected()
		b.Send("41/chat,")
		chat.Quiet(time.Minute)
		chat.Done(connected)
		chat.Done(chat.Disconnected())
	})
}

// After each hello the service is told that it knows everybody, also when nobody is
// there, and which hubs are alive.
func TestAttach_IntroducedIsToldOnce(t *testing.T) {
	inBubble(t, Config{ControlAddress: "hub.test:7070"}, func(t *testing.T, w *world) {
		r := newResumer(t, &hubv1.Hello{Group: "chat", InstanceId: "a", Subscriptions: []*hubv1.Subscription{
			controlplanetest.Authorizer("/chat"),
			handlerOf(func(s *hubv1.Subscription) { s.Introduction = hubv1.Introduction_INTRODUCTION_ON_ATTACH }),
		}})
		r.attach(w.conn)
		if h := r.welcome.Hubs; len(h) != 1 || h[0].Id != r.welcome.HubId || h[0].ControlAddress != "hub.test:7070" {
			t.Errorf("hubs: %v", h)
		}
		isIntroduced := func(item *hubv1.Item) bool {
			return item.GetNotice().GetKind() == hubv1.NoticeKind_NOTICE_KIND_INTRODUCED
		}
		if item := r.item(); !isIntroduced(item) {
			t.Errorf("nobody is there: %v", item)
		}
		const sockets = 30
		for range sockets {
			r.joinBy(w)
		}
		r.wire.cut()
		again := newResumer(t, r.hello)
		again.hello.Window = &hubv1.Window{Deliveries: 4}
		again.attach(w.conn)
		told := map[string]int{}
		for {
			item := again.item()
			if isIntroduced(item) {
				break
			}
			d := item.GetDelivery()
			if d.GetConnected() == nil {
				t.Fatalf("unexpected: %v", item)
			}
			told[d.Socket.Id]++
			again.send(settleAction(done(d.DeliverySeq)))
		}
		if len(told) != sockets {
			t.Errorf("%d of %d sockets were told before", len(told), sockets)
		}
		again.wire.cut()
	})
}

// Strangers that wait for a decision use up no room of events, and neither does one
// socket that holds much.
func TestWindow_AttemptsAndLargeSocketsLeaveRoom(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := controlplanetest.Attach(t, w.dial(), &hubv1.Hello{
			Group: "chat", InstanceId: "a", Window: &hubv1.Window{Deliveries: 16, Bytes: 256 << 10},
			Subscriptions: []*hubv1.Subscription{controlplanetest.Authorizer("/chat"), controlplanetest.Handler("/chat")},
		})
		large, small := w.join(chat), w.join(chat)
		for range 20 {
			w.browser().Send(`40/chat,{"a":"` + strings.Repeat("x", 15<<10) + `"}`)
		}
		w.pass(time.Second)
		attempts := 0
		for item, ok := chat.TryNext(); ok; item, ok = chat.TryNext() {
			if item.GetDelivery().GetConnectAttempt() == nil {
				t.Errorf("unexpected: %v", item)
			}
			attempts++
		}
		if attempts == 0 || attempts > 5 {
			t.Errorf("%d attempts in a window of 4", attempts)
		}
		for range 10 {
			large.emit(-1, "large", `"`+strings.Repeat("x", 60<<10)+`"`)
		}
		w.pass(0)
		small.emit(1, "small", "")
		for {
			d := chat.Delivery()
			if d.GetEvent().GetName() == "small" {
				chat.Reply(d, `[]`)
				break
			}
		}
		small.Expect(`43/chat,1[]`)
	})
}

// An authorizer that is alone takes as long as it likes; beside it another one is asked
// after its time, and the first decision counts.
func TestConnect_SlowAuthorizerDecidesWhenItIsAlone(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := func(id string) *controlplanetest.Service {
			return w.attach("gate", id, &hubv1.Subscription{
				Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: "/chat", SettleTimeout: durationpb.New(2 * time.Second),
			})
		}
		one := gate("1")
		b := w.browser()
		b.Send("40/chat,")
		d := one.Attempt()
		if d.SettleTimeout.AsDuration() != 2*time.Second {
			t.Errorf("attempt: %v", d)
		}
		one.Quiet(20 * time.Second)
		one.Accept(d)
		b.joined("/chat")

		c := w.browser()
		c.Send("40/chat,")
		d = one.Attempt()
		two := gate("2")
		again := two.Attempt()
		if again.Attempt != 2 || string(again.DedupeId) != string(d.DedupeId) {
			t.Errorf("the second: %v", again)
		}
		one.Accept(d) // the first is not too late
		c.joined("/chat")
		if r := two.Revoked(); r.Reason != "DECIDED" || len(r.DeliverySeqs) != 1 || r.DeliverySeqs[0] != again.DeliverySeq {
			t.Errorf("revoked: %v", r)
		}
		two.Settle(deny(again, "", ""))
		if r := two.Result(); r.Status.GetCode() != hubv1.Code_CODE_ABORTED {
			t.Errorf("the second decision: %v", r)
		}
		c.Quiet(time.Second)
	})
}
