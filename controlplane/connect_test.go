package controlplane

import (
	"strings"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
)

func deny(d *hubv1.Delivery, message, data string) *hubv1.Settlement {
	return &hubv1.Settlement{DeliverySeq: d.DeliverySeq, Outcome: &hubv1.Settlement_Deny{
		Deny: &hubv1.Deny{Message: message, Data: []byte(data)},
	}}
}

func TestConnect_DenyIsFinal(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.browser()
		b.Send("40/chat,")
		d := chat.Attempt()
		chat.Settle(deny(d, "no", `{bad`))
		if s := chat.Result().Status; s.Code != hubv1.Code_CODE_INVALID_ARGUMENT || s.Field != "deny.data" {
			t.Errorf("bad data: %v", s)
		}
		chat.Settle(deny(d, "no", `{"why":1}`))
		b.Expect(`44/chat,{"message":"no","data":{"why":1}}`)
		b.Send("40/chat,")
		chat.Settle(deny(chat.Attempt(), "", ""))
		b.Expect(`44/chat,{"message":"Unauthorized"}`)
	})
}

// A settlement that fails for its content has carried out none of its commands: it
// may be repeated in a corrected form.
func TestConnect_RefusedDenyCarriesOutNothing(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		member := w.join(chat)
		b := w.browser()
		b.Send("40/chat,")
		d := chat.Attempt()
		for field, bad := range map[string]*hubv1.Settlement{
			"deny.data":    deny(d, "no", `"`+strings.Repeat("x", 70_000)+`"`),
			"deny.message": deny(d, strings.Repeat("x", 70_000), ""),
		} {
			bad.Commands = []*hubv1.Command{emit(target(member.id), "denied", "")}
			chat.Settle(bad)
			if s := chat.Result().Status; s.Code != hubv1.Code_CODE_RESOURCE_EXHAUSTED || s.Field != field {
				t.Errorf("%s: %v", field, s)
			}
		}
		good := deny(d, "no", "")
		good.Commands = []*hubv1.Command{emit(target(member.id), "denied", `["once"]`)}
		chat.Settle(good)
		b.Expect(`44/chat,{"message":"no"}`)
		member.Expect(`42/chat,["denied","once"]`)
	})
}

func TestConnect_UnknownNamespaceIsRefusedAtOnce(t *testing.T) {
	inBubble(t, Config{StartGrace: -1}, func(t *testing.T, w *world) {
		w.attach("g", "i", controlplanetest.Handler("/org/*"))
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
		w.pass(30 * time.Second)
		if w.srv.Knows("/anything") {
			t.Error("known after the grace")
		}
	})
}

func TestConnect_NobodyGetsInWithoutADecision(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		b := w.browser()
		start := time.Now()
		b.Send("40/chat,")
		b.WaitEnd()
		if took := time.Since(start); took != 30*time.Second {
			t.Errorf("the transport was closed after %v", took)
		}
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

func TestConnect_SilentInstanceIsGivenFiveSeconds(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.chat("a")
		b := w.browser()
		b.Send("40/chat,")
		first := a.Attempt()
		other := w.chat("b")
		start := time.Now()
		second := other.Attempt()
		if took := time.Since(start); took != 5*time.Second || second.Attempt != 2 ||
			string(second.DedupeId) != string(first.DedupeId) {
			t.Errorf("after %v: %v", took, second)
		}
		a.Accept(first)
		if s := a.Result().Status; s.Code != hubv1.Code_CODE_ABORTED {
			t.Errorf("the first decides late: %v", s)
		}
		other.Accept(second)
		b.joined("/chat")
	})
}

func TestConnect_PermanentNackIsUndecided(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.browser()
		b.Send("40/chat,")
		chat.Nack(chat.Attempt(), &hubv1.Nack{Retry: true})
		chat.Nack(chat.Attempt(), &hubv1.Nack{})
		b.WaitEnd()
	})
}

func TestConnect_BrowserThatHasGoneIsCancelled(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.browser()
		b.Send("40/chat,")
		d := chat.Attempt()
		b.CloseFrame(1001)
		b.WaitEnd()
		w.pass(time.Second)
		chat.Accept(d, controlplanetest.EmitTo("/chat", "x", "[]", d.Socket.Id))
		if r := chat.Result(); r.Status.Code != hubv1.Code_CODE_CANCELLED || r.DeliverySeq != d.DeliverySeq {
			t.Errorf("accept of nobody: %v", r)
		}
		chat.Quiet(time.Second)
	})
}

func TestConnect_BadAcceptCanBeCorrected(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		b := w.browser()
		b.Send("40/chat,")
		d := chat.Attempt()
		for field, accept := range map[string]*hubv1.Accept{
			"accept.user":     {User: strings.Repeat("u", 300)},
			"accept.rooms[0]": {Rooms: []string{"\x01user:root"}},
			"accept.data":     {Data: []byte("{")},
		} {
			chat.AcceptAs(d, accept)
			s := chat.Result().Status
			if s.Code != hubv1.Code_CODE_INVALID_ARGUMENT && s.Code != hubv1.Code_CODE_RESOURCE_EXHAUSTED {
				t.Errorf("%s: %v", field, s)
			}
		}
		chat.Accept(d)
		b.joined("/chat")
	})
}

func TestConnect_UndecidedAttemptsAreBounded(t *testing.T) {
	limited := 0
	config := Config{
		Connect: ConnectConfig{MaxUndecided: 1},
		Trace: &Trace{Undecided: func(why Undecided) {
			if why == UndecidedLimit {
				limited++
			}
		}},
	}
	inBubble(t, config, func(t *testing.T, w *world) {
		first, second := w.browser(), w.browser()
		first.Send("40/chat,")
		w.pass(time.Second)
		start := time.Now()
		second.Send("40/chat,")
		second.WaitEnd()
		if time.Since(start) > time.Second {
			t.Error("the second one had to wait")
		}
		chat := w.chat("a")
		chat.Accept(chat.Attempt())
		first.joined("/chat")
	})
	if limited != 1 {
		t.Errorf("%d counted", limited)
	}
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

func TestConnect_ThoseWhoHaveGoneMakeRoom(t *testing.T) {
	inBubble(t, Config{Connect: ConnectConfig{MaxUndecided: 2}}, func(t *testing.T, w *world) {
		for range 2 {
			stranger := w.browser()
			stranger.Send("40/chat,")
			w.pass(time.Millisecond)
			stranger.Abort()
		}
		w.pass(time.Second)
		honest := w.browser()
		honest.Send("40/chat,")
		w.pass(time.Second)
		chat := w.chat("a")
		chat.Accept(chat.Attempt())
		honest.joined("/chat")
	})
}

func TestConnect_AnAcceptForOneWhoHasGoneIsCancelledAlsoWhenRoomIsWanted(t *testing.T) {
	inBubble(t, Config{Connect: ConnectConfig{MaxUndecided: 1}}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		stranger := w.browser()
		stranger.Send("40/chat,")
		held := chat.Attempt()
		stranger.Abort()
		w.pass(time.Second)
		w.browser().Send("40/chat,") // finds no room
		w.pass(time.Second)
		chat.Accept(held)
		if code := chat.Result().Status.GetCode(); code != hubv1.Code_CODE_CANCELLED {
			t.Errorf("the late accept heard %v", code)
		}
	})
}
