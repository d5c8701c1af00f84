package controlplane

import (
	"strings"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

func deny(d *hubv1.Delivery, message, data string) *hubv1.Settlement {
	return &hubv1.Settlement{DeliverySeq: d.GetDeliverySeq(), Outcome: &hubv1.Settlement_Deny{
		Deny: &hubv1.Deny{Message: message, Data: []byte(data)},
	}}
}

func TestConnect_DenyIsFinal(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.browser()
		b.Send("40/chat,")
		chat.Settle(deny(chat.Attempt(), "no", `{"why":1}`))
		b.Expect(`44/chat,{"message":"no","data":{"why":1}}`)
		b.Send("40/chat,")
		chat.Settle(deny(chat.Attempt(), "", ""))
		b.Expect(`44/chat,{"message":"Unauthorized"}`)
		chat.Quiet(time.Minute)
	})
}

// A decision that is refused for what it says has carried out none of its commands, and
// is no refusal for the browser: the attempt comes again.
func TestConnect_RefusedDecisionCarriesOutNothingAndTheAttemptComesAgain(t *testing.T) {
	long := strings.Repeat("x", 70_000)
	for field, outcome := range map[string]*hubv1.Settlement{
		"deny.data":       deny(nil, "no", `"`+long+`"`),
		"deny.message":    deny(nil, long, ""),
		"accept.user":     accept(&hubv1.Accept{User: strings.Repeat("u", 300)}),
		"accept.rooms[0]": accept(&hubv1.Accept{Rooms: []string{"\x01user:root"}}),
		"accept.data":     accept(&hubv1.Accept{Data: []byte("{")}),
	} {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			chat := w.chat("a")
			member := w.join(chat)
			b := w.browser()
			b.Send("40/chat,")
			first := chat.Attempt()
			outcome.DeliverySeq = first.DeliverySeq
			cmd := emit(target(member.id), "said", "")
			cmd.CommandId = 7
			outcome.Commands = []*hubv1.Command{cmd}
			chat.Settle(outcome)
			if r := chat.Result(); r.DeliverySeq != first.DeliverySeq || r.Status.GetField() != field {
				t.Errorf("%s: %v", field, r)
			}
			if r := chat.Result(); r.CommandId != 7 || r.Status.GetReason() != "SETTLEMENT_REFUSED" {
				t.Errorf("%s: %v", field, r)
			}
			again := chat.Attempt()
			if again.Attempt != 2 || string(again.DedupeId) != string(first.DedupeId) {
				t.Errorf("%s: the attempt comes again: %v", field, again)
			}
			good := deny(again, "no", "")
			good.Commands = []*hubv1.Command{emit(target(member.id), "said", `["once"]`)}
			chat.Settle(good)
			b.Expect(`44/chat,{"message":"no"}`)
			member.Expect(`42/chat,["said","once"]`)
		})
	}
}

func accept(m *hubv1.Accept) *hubv1.Settlement {
	return &hubv1.Settlement{Outcome: &hubv1.Settlement_Accept{Accept: m}}
}

// Until an authorizer has come nobody can say what exists.
func TestConnect_UnknownNamespaceIsRefusedForCertainOnly(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		early := w.browser()
		early.Send("40/chat,")
		early.Quiet(time.Hour) // long after the grace
		w.attach("g", "i", controlplanetest.Handler("/org/*"))
		early.Quiet(time.Minute)
		w.attach("h", "i", controlplanetest.Authorizer("/org/*"))
		early.Expect(`44/chat,{"message":"Invalid namespace"}`)
		b := w.browser()
		b.Send("40/chat,")
		b.Expect(`44/chat,{"message":"Invalid namespace"}`)
		if !w.srv.Knows("/org/x") || w.srv.Knows("/org") {
			t.Error("subscribed namespaces are not the known ones")
		}
	})
}

func TestConnect_AHandlerOfEverythingMakesNoNamespaceExist(t *testing.T) {
	inBubble(t, Config{StartGrace: -1}, func(t *testing.T, w *world) {
		w.attach("g", "i", controlplanetest.Handler("*"), controlplanetest.Handler("/*"))
		w.attach("other", "i", controlplanetest.Authorizer("/other"))
		w.pass(time.Second)
		if w.srv.Knows("/chat") || w.srv.Knows("/") {
			t.Error("a namespace exists that nobody decides about")
		}
		w.attach("h", "i", controlplanetest.Authorizer("*"))
		if !w.srv.Knows("/chat") || !w.srv.Knows("/") {
			t.Error("a namespace does not exist though somebody decides about all")
		}
	})
}

func TestConnect_KnownNamespaces(t *testing.T) {
	inBubble(t, Config{Namespaces: []string{"/chat", "/org/*"}}, func(t *testing.T, w *world) {
		for namespace, want := range map[string]bool{"/chat": true, "/org/a/b": true, "/": false, "/x": false} {
			if w.srv.Knows(namespace) != want {
				t.Errorf("%s is known: %v", namespace, !want)
			}
		}
	})
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		if !w.srv.Knows("/anything") {
			t.Error("not known in the grace after the start")
		}
		w.chat("a")
		w.pass(28 * time.Second)
		if !w.srv.Knows("/anything") {
			t.Error("not known in the grace, though a service is there")
		}
		w.pass(3 * time.Second)
		if w.srv.Knows("/anything") {
			t.Error("known after the grace")
		}
	})
}

// An attempt waits as long as its browser does, and nobody gets in without a decision.
func TestConnect_NobodyGetsInWithoutADecision(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		b := w.browser()
		b.Send("40/chat,")
		b.Quiet(5 * time.Minute)
		if n := w.srv.Status().Undecided; n != 1 {
			t.Errorf("%d attempts wait", n)
		}
		chat := w.chat("a")
		chat.Accept(chat.Attempt())
		b.joined("/chat")
	})
}

func TestConnect_WaitsForAnAuthorizerToAttach(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		b := w.browser()
		b.Send("40/chat,")
		w.pass(20 * time.Second)
		chat := w.chat("a")
		chat.Accept(chat.Attempt())
		b.joined("/chat")
	})
}

func TestConnect_AcceptRunsCommandsBetweenConnectAndConnected(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.browser()
		b.Send("40/chat,")
		d := chat.Attempt()
		emit := controlplanetest.EmitTo("/chat", "first", `[1]`, d.Socket.Id)
		emit.CommandId = 41
		join := &hubv1.Command{CommandId: 42, Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{
			Target: &hubv1.Target{Namespace: "/chat", Sockets: []string{d.Socket.Id}}, Join: []string{"late"},
		}}}
		chat.AcceptAs(d, &hubv1.Accept{Rooms: []string{"early"}}, emit, join)
		b.joined("/chat")
		b.Expect(`42/chat,["first",1]`)
		for _, id := range []uint64{41, 42} {
			if r := chat.Result(); r.CommandId != id || r.QueuedCount != 1 || r.Status != nil {
				t.Errorf("result: %v", r)
			}
		}
		if rooms := chat.Connected().GetConnected().Rooms; strings.Join(rooms, " ") != "early late" {
			t.Errorf("rooms: %v", rooms)
		}
	})
}
