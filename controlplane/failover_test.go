package controlplane

import (
	"fmt"
	"testing"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/trace"
)

func TestFailover_KilledInstanceLosesItsWorkToAnother(t *testing.T) {
	redelivered := 0
	inBubble(t, Config{Trace: &trace.Hooks{Delivered: func(_ trace.Kind, attempt uint32) {
		if attempt > 1 {
			redelivered++
		}
	}}}, func(t *testing.T, w *world) {
		a := w.chat("a")
		browser := w.join(a)
		browser.emit(1, "message", `1`)
		first := a.Event("message")
		b := w.chat("b")
		browser.emit(2, "message", `2`)
		a.Event("message")
		start := time.Now()
		a.Kill()
		again := b.Event("message")
		if took := time.Since(start); took > time.Second {
			t.Errorf("redelivered after %v", took)
		}
		if again.Attempt != 2 || string(again.DedupeId) != string(first.DedupeId) || string(again.GetEvent().Payload.Args) != "[1]" {
			t.Errorf("redelivered: %v", again)
		}
		b.Reply(again, `[1]`)
		b.Reply(b.Event("message"), `[2]`)
		browser.Expect(`43/chat,1[1]`, `43/chat,2[2]`)
		browser.Send("41/chat,")
		b.Done(b.Disconnected())
		b.Settle(done(first.DeliverySeq))
		if s := b.Result().Status; s.Code != hubv1.Code_CODE_ABORTED || s.Reason != "LEASE_LOST" {
			t.Errorf("late settlement: %v", s)
		}
	})
	if redelivered != 2 {
		t.Errorf("%d redeliveries were traced", redelivered)
	}
}

func TestFailover_WholeServiceAwayParksEventsAndAcks(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.chat("a")
		b := w.join(a)
		a.Kill()
		for i := range 10 {
			b.emit(i, "message", fmt.Sprint(i))
		}
		w.pass(20 * time.Second)
		again := w.chat("a")
		for i := range 10 {
			e := again.Event("message")
			again.Reply(e, string(e.GetEvent().Payload.Args))
			b.Expect(fmt.Sprintf(`43/chat,%d[%d]`, i, i))
		}
	})
}

// While nobody is there a browser is not read further; what it has said is not dropped
// before the age, and then not without its hearing that something is lost.
func TestFailover_WithoutAServiceBrowsersAreSentAway(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.chat("a")
		b := w.join(a)
		a.Kill()
		w.pass(0)           // the hub has noticed: nothing is handed over and taken back
		for i := range 64 { // no more, as the pipe takes nothing that is not read
			b.emit(i, "message", "")
		}
		w.pass(Default("parking.age").(time.Duration) - time.Second)
		if p := w.srv.Status().Groups[0]; p.Parked.Events != 64 || p.Held != 1 {
			t.Errorf("parked: %+v", p)
		}
		w.pass(7 * time.Second)
		b.WaitEnd()
		again := w.chat("a")
		d := again.Disconnected()
		if d.GetDisconnected().Reason != "forced server close" || d.GetDisconnected().Detail != "no service" {
			t.Error(d)
		}
		n := again.Notice()
		if n.Kind != hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED || n.Status.Reason != "NO_SERVICE" || n.Count != 64 {
			t.Errorf("notice: %v", n)
		}
	})
}

// What waited for less than the age is handed over, and all that followed it.
func TestFailover_ALateServiceGetsWhatABrowserSaidMeanwhile(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.chat("a")
		b := w.join(a)
		a.Kill()
		w.pass(0)
		go func() { // it has to wait after some
			for i := range 500 {
				_ = b.TrySend(fmt.Sprintf(`42/chat,%d["message",%d]`, i, i))
			}
		}()
		w.pass(20 * time.Second) // less than to the next ping, whose answer would wait, too
		again := w.chat("a")
		for i := range 500 {
			e := again.Event("message")
			again.Reply(e, string(e.GetEvent().Payload.Args))
			b.Expect(fmt.Sprintf(`43/chat,%d[%d]`, i, i))
		}
	})
}

func TestFailover_RejectedEventsExpireAndTheServiceIsTold(t *testing.T) {
	inBubble(t, Config{Parking: ParkingConfig{Age: 30 * time.Second}}, func(t *testing.T, w *world) {
		rejects := controlplanetest.Handler("/chat")
		rejects.Overflow = hubv1.Overflow_OVERFLOW_REJECT
		a := w.attach("chat", "a", controlplanetest.Authorizer("/chat"), rejects)
		b := w.join(a)
		a.Kill()
		w.pass(0) // the hub has noticed: nothing is handed over and taken back
		for i := range 70 {
			b.emit(i, "message", "")
		}
		w.pass(32 * time.Second)
		if p := w.srv.Status().Parked; p.Events != 0 || p.Bytes != 0 {
			t.Errorf("still parked: %+v", p)
		}
		again := w.chat("a")
		got := map[string]uint64{}
		for range 2 {
			n := again.Notice()
			if n.Kind != hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED {
				t.Errorf("notice: %v", n)
			}
			got[n.Status.Reason] += uint64(n.Count)
		}
		if got["EXPIRED"] != 64 || got["SOCKET_FULL"] != 6 {
			t.Errorf("dropped: %v", got)
		}
		// No acknowledgement was given for what was dropped.
		b.Quiet(time.Second)
	})
}

func TestFailover_LifecycleIsKeptWithoutLimitOfAge(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		chat := w.attach("chat", "a", controlplanetest.Handler("/chat"))
		b := w.browser()
		b.Send("40/chat,")
		gate.Accept(gate.Attempt())
		b.joined("/chat")
		chat.Done(chat.Connected())
		w.pass(0)
		chat.Kill()
		b.Send("41/chat,")
		seen := w.browser()
		seen.Send("40/chat,")
		gate.Accept(gate.Attempt())
		seen.joined("/chat")
		unseen := w.browser()
		unseen.Send("40/chat,")
		gate.Accept(gate.Attempt())
		unseen.joined("/chat")
		unseen.Send("41/chat,")
		w.pass(10 * time.Minute)
		chat = w.attach("chat", "b", controlplanetest.Handler("/chat"))
		got := map[string]int{}
		for range 2 {
			d := chat.Delivery()
			switch d.Body.(type) {
			case *hubv1.Delivery_Connected:
				got["connected "+d.Socket.Id]++
			case *hubv1.Delivery_Disconnected:
				got["disconnected "+d.Socket.Id]++
			}
		}
		if got["disconnected "+b.id] != 1 || got["connected "+seen.id] != 1 {
			t.Errorf("lifecycle: %v", got)
		}
		chat.Quiet(time.Second)
	})
}

func TestIntroduction_OnAttachTellsARestartedServiceWhoIsThere(t *testing.T) {
	subs := []*hubv1.Subscription{
		controlplanetest.Authorizer("/chat"),
		{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/chat", Introduction: hubv1.Introduction_INTRODUCTION_ON_ATTACH},
	}
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.attach("chat", "a", subs...)
		ann, bob := w.join(a), w.join(a)
		a.Kill()
		ann.emit(1, "message", "")
		w.pass(time.Second)
		a = w.attach("chat", "a", subs...)
		names := map[string]string{ann.id: "ann", bob.id: "bob"}
		var got []string
		for range 3 {
			d := a.Delivery()
			switch {
			case d.GetConnected() != nil:
				if !d.GetConnected().Late || d.Attempt != 2 {
					t.Errorf("introduced anew: %v", d)
				}
				got = append(got, names[d.Socket.Id])
			case d.GetEvent() != nil:
				got = append(got, names[d.Socket.Id]+" speaks")
			}
			a.Done(d)
		}
		if fmt.Sprint(got) != "[ann ann speaks bob]" {
			t.Errorf("order: %v", got)
		}
		// A second instance is told nothing: the group knows. It gets its share of the
		// sockets, and with them their disconnected.
		b := w.attach("chat", "b", subs...)
		b.Quiet(10 * time.Second)
		ann.Send("41/chat,")
		bob.Send("41/chat,")
		w.pass(time.Second)
		a.Disconnected()
		b.Disconnected()
	})
}

func TestIntroduction_OnEventIsLazy(t *testing.T) {
	subs := []*hubv1.Subscription{
		controlplanetest.Authorizer("/chat"),
		{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/chat", Introduction: hubv1.Introduction_INTRODUCTION_ON_EVENT},
	}
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.attach("chat", "a", subs...)
		silent, b := w.browser(), w.browser()
		for _, browser := range []*browser{silent, b} {
			browser.Send("40/chat,")
			a.Accept(a.Attempt())
			browser.joined("/chat")
		}
		a.Quiet(time.Second)
		silent.Send("41/chat,")
		b.emit(-1, "message", "")
		if c := a.Connected(); !c.GetConnected().Late || c.Socket.Id != b.id {
			t.Errorf("introduced: %v", c)
		}
		a.Event("message")
		b.Send("41/chat,")
		a.Disconnected()
		a.Quiet(time.Second)
	})
}

func TestRouting_EventsOfOneSocketGoToSeveralGroups(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		files := w.attach("files", "f", controlplanetest.Handler("/chat", "file:*"))
		b := w.join(chat)
		files.Done(files.Connected())
		b.emit(1, "file:put", `1`)
		b.emit(2, "message", `2`)
		files.Reply(files.Event("file:put"), `["stored"]`)
		chat.Reply(chat.Event("message"), `["said"]`)
		got := map[string]bool{b.Next(): true, b.Next(): true}
		if !got[`43/chat,1["stored"]`] || !got[`43/chat,2["said"]`] {
			t.Errorf("acks: %v", got)
		}
		b.CloseFrame(1001)
		for _, s := range []*controlplanetest.Service{chat, files} {
			if d := s.Disconnected().GetDisconnected(); d.Reason != "transport close" || d.CloseCode != 1001 {
				t.Errorf("disconnected: %v", d)
			}
		}
	})
}

func TestRouting_AtMostOnceIsDroppedWhenItsStreamIsLost(t *testing.T) {
	lost := 0
	inBubble(t, Config{Trace: &trace.Hooks{Dropped: func(_, _ string, _ trace.Kind, why trace.Drop) {
		if why == trace.DropLost {
			lost++
		}
	}}}, func(t *testing.T, w *world) {
		subs := []*hubv1.Subscription{
			controlplanetest.Authorizer("/chat"),
			{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/chat", Guarantee: hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE},
		}
		a := w.attach("chat", "a", subs...)
		b := w.join(a)
		b.emit(-1, "message", "")
		a.Event("message")
		a.Kill()
		w.pass(time.Second)
		again := w.attach("chat", "a", subs...)
		if n := again.Notice(); n.Status.Reason != "LOST" {
			t.Errorf("notice: %v", n)
		}
		again.Quiet(time.Second)
	})
	if lost != 1 {
		t.Errorf("%d lost", lost)
	}
}

func TestRouting_StrictWaitsForTheSettlement(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.attach("chat", "a", controlplanetest.Authorizer("/chat"),
			&hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: "/chat", Ordering: hubv1.Ordering_ORDERING_STRICT})
		b := w.join(a)
		b.emit(-1, "one", "")
		b.emit(-1, "two", "")
		one := a.Event("one")
		a.Quiet(time.Minute)
		a.Done(one)
		a.Done(a.Event("two"))
	})
}

func TestWindow_PauseAndGoOn(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.chat("a")
		b := w.join(a)
		a.Send(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Paused: true}}})
		w.pass(time.Second)
		b.emit(-1, "message", "")
		a.Quiet(10 * time.Second)
		if s := w.srv.Status().Groups[0]; s.Parked.Events != 1 || s.Instances[0].Deliveries != 0 {
			t.Errorf("status: %+v", s)
		}
		a.Window(10, 0)
		a.Done(a.Event("message"))
	})
}
