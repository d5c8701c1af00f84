package controlplane

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub"
)

// recovering runs a test on a hub whose browsers may take up their sessions.
func recovering(t *testing.T, config Config, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t, newWorldOn(t, config, hub.Config{Recovery: hub.Recovery{Enabled: true}}))
	})
}

// visitor is a browser that knows its session.
type visitor struct {
	*browser
	pid, offset string
}

// arrives asks to be let into /chat, with what it knows.
func (v *visitor) arrives(w *world) {
	v.browser = w.browser()
	auth := ""
	if v.pid != "" {
		auth = fmt.Sprintf(`{"pid":%q,"token":"t"}`, v.pid)
		if v.offset != "" {
			auth = fmt.Sprintf(`{"pid":%q,"offset":%q,"token":"t"}`, v.pid, v.offset)
		}
	}
	v.Send("40/chat," + auth)
}

// enters reads CONNECT, and reports whether it has the session that it had.
func (v *visitor) enters() (recovered bool) {
	v.t.Helper()
	var answer struct{ SID, PID string }
	if p := v.Next(); json.Unmarshal([]byte(strings.TrimPrefix(p, "40/chat,")), &answer) != nil || answer.PID == "" {
		v.t.Fatalf("no CONNECT: %s", p)
	}
	recovered = v.pid == answer.PID
	v.id, v.pid = answer.SID, answer.PID
	return recovered
}

// gets reads an event.
func (v *visitor) gets(name string) {
	v.t.Helper()
	p := v.Next()
	var args []string
	if json.Unmarshal([]byte(strings.TrimPrefix(p, "42/chat,")), &args) != nil || len(args) != 2 || args[0] != name {
		v.t.Fatalf("got %s, want %s", p, name)
	}
	v.offset = args[1]
}

func (v *visitor) goes() {
	v.Abort()
	synctest.Wait()
}

// comes lets a visitor in the first time.
func comes(w *world, s *controlplanetest.Service, accept *hubv1.Accept) *visitor {
	v := &visitor{}
	v.arrives(w)
	s.AcceptAs(s.Attempt(), accept)
	v.enters()
	s.Done(s.Connected())
	synctest.Wait()
	return v
}

// The whole story as a service sees it: connected and disconnected alternate.
func TestRecovery_AsServicesSeeIt(t *testing.T) {
	recovering(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		if fmt.Sprint(chat.Welcome.Capabilities) != "[recovery]" {
			t.Errorf("capabilities: %v", chat.Welcome.Capabilities)
		}
		v := comes(w, chat, &hubv1.Accept{User: "ann", Rooms: []string{"red"}, Data: []byte(`{"n":1}`)})
		id := v.id
		v.goes()
		left := chat.Disconnected()
		until := left.GetDisconnected().RecoverableUntil
		if until == nil || time.Until(until.AsTime()) != 2*time.Minute || left.Socket.Id != id {
			t.Errorf("disconnected: %v", left)
		}

		chat.Command(&hubv1.Command{Op: &hubv1.Command_Emit{Emit: &hubv1.Emit{
			Target: &hubv1.Target{Namespace: "/chat", Rooms: []string{"red"}}, Event: "missed",
		}}})
		if r := chat.Result(); r.StoredCount != 1 || r.MatchedCount != 0 || r.QueuedCount != 0 {
			t.Errorf("result: %v", r)
		}

		v.arrives(w)
		attempt := chat.Attempt()
		a := attempt.GetConnectAttempt()
		if attempt.Socket.Id != id || a.Recovery.GetUser() != "ann" || fmt.Sprint(a.Recovery.GetRooms()) != "[red]" ||
			a.Recovery.GetDisconnectTime() == nil || string(a.Auth) != `{"token":"t"}` {
			t.Errorf("attempt: %v", attempt)
		}
		chat.AcceptAs(attempt, &hubv1.Accept{User: "ann", Rooms: []string{"blue"}})
		if !v.enters() || v.id != id {
			t.Error("not recovered")
		}
		v.gets("missed")
		v.emit(-1, "hello", "")
		synctest.Wait()
		// Its first life is not settled yet.
		chat.Quiet(time.Minute)
		chat.Done(left)
		again := chat.Connected()
		if c := again.GetConnected(); !c.Recovered || c.Late || again.Socket.Id != id || fmt.Sprint(c.Rooms) != "[blue red]" ||
			string(again.DedupeId) == string(left.DedupeId) || string(again.Socket.Data) != `{"n":1}` {
			t.Errorf("connected: %v", again)
		}
		chat.Done(again)
		chat.Done(chat.Event("hello"))
		v.goes()
		chat.Done(chat.Disconnected())
	})
}

func TestRecovery_AGraceLetsThePairCancelOut(t *testing.T) {
	recovering(t, Config{}, func(t *testing.T, w *world) {
		handler := controlplanetest.Handler("/chat")
		handler.DisconnectGrace = durationpb.New(10 * time.Second)
		chat := w.attach("chat", "a", controlplanetest.Authorizer("/chat"), handler)
		v := comes(w, chat, &hubv1.Accept{User: "ann"})
		for range 3 {
			v.goes()
			w.pass(9 * time.Second)
			v.arrives(w)
			chat.AcceptAs(chat.Attempt(), &hubv1.Accept{User: "ann"})
			if !v.enters() {
				t.Fatal("not recovered")
			}
			v.emit(-1, "hello", "")
			chat.Done(chat.Event("hello"))
		}
		v.goes()
		w.pass(9 * time.Second)
		chat.Quiet(900 * time.Millisecond)
		w.pass(time.Second)
		chat.Done(chat.Disconnected())
	})
}

func TestRecovery_IsRefusedToAnotherUser(t *testing.T) {
	recovering(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		v := comes(w, chat, &hubv1.Accept{User: "ann"})
		id := v.id
		v.goes()
		chat.Done(chat.Disconnected())
		v.arrives(w)
		chat.AcceptAs(chat.Attempt(), &hubv1.Accept{User: "bob"})
		if v.enters() || v.id == id {
			t.Error("bob is ann")
		}
		if c := chat.Connected(); c.GetConnected().Recovered || c.Socket.Id != v.id || c.Socket.User != "bob" {
			t.Errorf("connected: %v", c)
		}
	})
}

func TestRecovery_TheAuthorizerIsSkippedWhileTheAuthorizationLasts(t *testing.T) {
	recovering(t, Config{SkipAuthorizer: true}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		accept := &hubv1.Accept{User: "ann", ExpireTime: timestamppb.New(time.Now().Add(time.Minute)), KeepAuth: true}
		v := comes(w, chat, accept)
		for range 2 {
			v.goes()
			chat.Done(chat.Disconnected())
			v.arrives(w)
			if !v.enters() {
				t.Fatal("not recovered")
			}
			c := chat.Connected()
			if !c.GetConnected().Recovered || c.Socket.User != "ann" {
				t.Errorf("connected: %v", c)
			}
			chat.Done(c)
		}
		// It ends at its time, as it would have.
		w.pass(time.Minute)
		left := chat.Disconnected()
		if d := left.GetDisconnected(); d.Detail != "authorization expired" {
			t.Errorf("disconnected: %v", d)
		}
		chat.Done(left)
		v.arrives(w)
		chat.AcceptAs(chat.Attempt(), &hubv1.Accept{User: "ann"})
		if !v.enters() {
			t.Error("not recovered")
		}
		chat.Done(chat.Connected())
		v.goes()
		chat.Done(chat.Disconnected())
		// Revoked while it is away: it has to show who it is.
		chat.Command(&hubv1.Command{Op: &hubv1.Command_Revoke{Revoke: &hubv1.Revoke{Users: []string{"ann"}}}})
		if r := chat.Result(); r.StoredCount != 1 {
			t.Errorf("result: %v", r)
		}
		v.arrives(w)
		chat.Attempt()
	})
}

func TestRecovery_AKickEndsTheChance(t *testing.T) {
	recovering(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		v := comes(w, chat, &hubv1.Accept{User: "ann"})
		v.goes()
		chat.Done(chat.Disconnected())
		chat.Command(&hubv1.Command{Op: &hubv1.Command_Disconnect{Disconnect: &hubv1.Disconnect{
			Target: &hubv1.Target{Namespace: "/chat", Users: []string{"ann"}},
		}}})
		if r := chat.Result(); r.StoredCount != 1 {
			t.Errorf("result: %v", r)
		}
		v.arrives(w)
		if attempt := chat.Attempt(); attempt.GetConnectAttempt().Recovery != nil || attempt.Socket.Id == v.id {
			t.Errorf("attempt: %v", attempt)
		}
	})
}
