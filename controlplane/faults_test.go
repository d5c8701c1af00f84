package controlplane

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub/hubtest"
)

// handlerOf is a handler of /chat that a test completes.
func handlerOf(set func(*hubv1.Subscription)) *hubv1.Subscription {
	s := controlplanetest.Handler("/chat")
	set(s)
	return s
}

func reply(seq uint64, args string, commands ...*hubv1.Command) *hubv1.Settlement {
	return &hubv1.Settlement{DeliverySeq: seq, Commands: commands, Outcome: &hubv1.Settlement_Reply{
		Reply: &hubv1.Reply{Payload: &hubv1.Payload{Args: []byte(args)}},
	}}
}

// A handler that outlives a restart of the hub settles on its new stream: nobody gets its
// answer, and its commands are not carried out.
func TestSettle_OfAnotherHubProcessReachesNobody(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, old *world) {
		before := old.chat("a")
		b := old.join(before)
		b.emit(1, "message", "")
		stale := before.Event("message")

		w := newWorld(t, Config{})
		after := w.chat("a")
		c := w.join(after)
		c.emit(1, "message", "")
		fresh := after.Event("message")
		if distance := int64(fresh.DeliverySeq) - int64(stale.DeliverySeq); distance < 1<<20 && distance > -1<<20 {
			t.Errorf("two processes number alike: %d, %d", stale.DeliverySeq, fresh.DeliverySeq)
		}
		if fresh.DeliverySeq >= 1<<53 {
			t.Errorf("number %d is too large for JavaScript", fresh.DeliverySeq)
		}
		for _, seq := range []uint64{stale.DeliverySeq, 1, fresh.DeliverySeq - 100, 0} {
			fenced := controlplanetest.EmitTo("/chat", "never", "[]", c.id)
			fenced.CommandId = 7
			after.Settle(reply(seq, `["stale"]`, fenced))
			r := after.Result()
			code := r.Status.GetCode()
			// A number beyond all that were given may be of a process that began above this one.
			if r.DeliverySeq != seq || code != hubv1.Code_CODE_ABORTED && (seq < fresh.DeliverySeq || code != hubv1.Code_CODE_NOT_FOUND) {
				t.Errorf("%d: %v", seq, r)
			}
			if r := after.Result(); r.CommandId != 7 || r.Status.GetReason() != "SETTLEMENT_REFUSED" {
				t.Errorf("its command: %v", r)
			}
		}
		after.Settle(reply(fresh.DeliverySeq+1<<40, `["stale"]`))
		if r := after.Result(); r.Status.GetCode() != hubv1.Code_CODE_NOT_FOUND {
			t.Errorf("never given: %v", r)
		}
		after.Reply(fresh, `["own"]`)
		c.Expect(`43/chat,1["own"]`)
		c.Quiet(time.Second)
	})
}

// A service that repeats a lone surrogate raw is answered for that, and goes on.
func TestSettle_LoneSurrogateEndsNoStream(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		good := w.join(chat)
		bad := w.browser()
		for range 5 {
			bad.Send(`40/chat,{"name":"bad\ud800"}`)
			attempt := chat.Attempt()
			chat.AcceptAs(attempt, withField(&hubv1.Accept{}, 1, "bad\xed\xa0\x80"))
			r := chat.Result()
			wantStatus(t, "accept", r.Status, hubv1.Code_CODE_INVALID_ARGUMENT, "INVALID_UTF8", "accept.user")
			// The attempt is undecided for now, and asked again.
			chat.Settle(deny(chat.Attempt(), "bad name", ""))
			bad.Expect(`44/chat,{"message":"bad name"}`)
			good.emit(1, "message", "")
			chat.Reply(chat.Event("message"), `[]`)
			good.Expect(`43/chat,1[]`)
		}
	})
}

// An event that kills each process that handles it comes five times at most; what was
// unsettled beside it is not used up.
func TestFailover_PoisonComesFiveTimesAtMost(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		a := w.chat("a")
		poisoned, good := w.join(a), w.join(a)
		poisoned.emit(1, "poison", "")
		good.emit(1, "good", "")
		seen, settled := 0, 0
		for round := range 12 {
			for {
				item, ok := a.TryNext()
				if !ok {
					break
				}
				if n := item.GetNotice(); n != nil {
					if n.Status.GetReason() != "TRIES" || n.Count != 1 || seen != 5 {
						t.Errorf("after %d tries: %v", seen, n)
					}
					good.emit(2, "good", "")
					settled += 100
				}
				d := item.GetDelivery()
				switch d.GetEvent().GetName() {
				case "poison":
					seen++
					a.Kill()
					w.pass(0)
					a = w.chat("a")
				case "good":
					// Slow enough that the poison strikes first, while both are in flight.
					if round > 2 {
						a.Reply(d, `[]`)
						settled++
					}
				}
			}
			w.pass(5 * time.Second)
		}
		if seen != 5 || settled != 102 {
			t.Errorf("the poison came %d times; settled and told: %d", seen, settled)
		}
		good.Expect(`43/chat,1[]`, `43/chat,2[]`)
		poisoned.Quiet(time.Second)
	})
}

// In a rolling deploy each version gets what it asked for, whichever said hello last.
func TestRouting_EachVersionGetsWhatItAskedFor(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		one := w.attach("chat", "1", controlplanetest.Handler("/chat", "a"))
		two := w.attach("chat", "2", controlplanetest.Handler("/chat", "a", "b"))
		var browsers []*browser
		for range 4 {
			b := w.browser()
			b.Send("40/chat,")
			gate.Accept(gate.Attempt())
			b.joined("/chat")
			browsers = append(browsers, b)
		}
		w.pass(time.Second)
		one.Kill()
		w.pass(0)
		one = w.attach("chat", "1", controlplanetest.Handler("/chat", "a")) // v1 comes back, and is the newest
		for i, b := range browsers {
			b.emit(1, "a", "")
			b.emit(2, "b", "")
			b.emit(3, "a", "")
			_ = i
		}
		names := map[*controlplanetest.Service]map[string]int{one: {}, two: {}}
		for range 40 {
			w.pass(time.Second)
			for s, seen := range names {
				for item, ok := s.TryNext(); ok; item, ok = s.TryNext() {
					d := item.GetDelivery()
					if d == nil {
						t.Fatalf("unexpected: %v", item)
					}
					if e := d.GetEvent(); e != nil {
						seen[e.Name]++
						s.Reply(d, `[]`)
					} else {
						s.Done(d)
					}
				}
			}
		}
		if names[one]["b"] != 0 || names[two]["b"] != 4 || names[one]["a"]+names[two]["a"] != 8 {
			t.Errorf("v1 got %v, v2 got %v", names[one], names[two])
		}
		for _, b := range browsers {
			b.Expect(`43/chat,1[]`, `43/chat,2[]`, `43/chat,3[]`)
		}
	})
}

// Settlements that are refused hold neither the window nor a socket under STRICT.
func TestSettle_RefusedOnesFreeTheirWindow(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := controlplanetest.Attach(t, w.dial(), &hubv1.Hello{
			Group: "chat", InstanceId: "a", Window: &hubv1.Window{Deliveries: 1},
			Subscriptions: []*hubv1.Subscription{
				controlplanetest.Authorizer("/chat"),
				handlerOf(func(s *hubv1.Subscription) { s.Ordering = hubv1.Ordering_ORDERING_STRICT }),
			},
		})
		b := w.join(chat)
		for i := range 20 {
			b.emit(i, "message", "")
		}
		large := `["` + strings.Repeat("x", 3_500_000) + `"]`
		events, answers := 0, map[uint64][]string{} // by delivery and by command
		for events < 20 || len(answers) < 30 {
			item := chat.Next()
			if r := item.GetResult(); r != nil {
				id := r.DeliverySeq + r.CommandId
				answers[id] = append(answers[id], r.Status.GetReason())
			}
			d := item.GetDelivery()
			if d == nil {
				continue
			}
			events++
			command := &hubv1.Command{CommandId: uint64(events)}
			switch (events - 1) % 4 {
			case 0:
				chat.Settle(reply(d.DeliverySeq, `{"no":"array"}`, command))
			case 1:
				chat.Settle(reply(d.DeliverySeq, large, command))
			case 2:
				chat.Settle(&hubv1.Settlement{DeliverySeq: d.DeliverySeq, Commands: []*hubv1.Command{command}})
			default:
				chat.Reply(d, `[]`)
			}
		}
		for id, reasons := range answers {
			if command := id <= 20; len(reasons) != 1 || reasons[0] == "" || (reasons[0] == "SETTLEMENT_REFUSED") != command {
				t.Errorf("%d is answered with %v", id, reasons)
			}
		}
		for i := 3; i < 20; i += 4 {
			b.Expect(fmt.Sprintf(`43/chat,%d[]`, i))
		}
	})
}

// A browser's secrets go to those who ask for them, and to authorizers.
func TestConnected_HandshakeDetail(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		b := &browser{t: t, Browser: w.browsers.Open(hubtest.Options{
			Transport: hubtest.WebSocket, Query: "token=secret",
			Header: http.Header{"Cookie": {"secret"}, "Authorization": {"secret"}, "X-Plain": {"plain"}},
		})}
		b.Send("40/chat,")
		attempt := gate.Attempt()
		if text := fmt.Sprint(attempt); strings.Count(text, "secret") < 3 {
			t.Errorf("authorizers get all: %v", text)
		}
		gate.Accept(attempt)
		b.joined("/chat")
		w.pass(time.Second)
		for detail, want := range map[hubv1.HandshakeDetail]struct{ secret, plain bool }{
			hubv1.HandshakeDetail_HANDSHAKE_DETAIL_UNSPECIFIED: {},
			hubv1.HandshakeDetail_HANDSHAKE_DETAIL_NONE:        {},
			hubv1.HandshakeDetail_HANDSHAKE_DETAIL_REDACTED:    {plain: true},
			hubv1.HandshakeDetail_HANDSHAKE_DETAIL_FULL:        {secret: true, plain: true},
		} {
			s := w.attach(fmt.Sprint("chat", detail), "i", handlerOf(func(s *hubv1.Subscription) {
				s.Handshake, s.Events = detail, []string{fmt.Sprintf("e%d", detail)}
				s.Introduction = hubv1.Introduction_INTRODUCTION_ON_ATTACH
			}))
			text := fmt.Sprint(s.Connected())
			if strings.Contains(text, "secret") != want.secret || strings.Contains(text, "plain") != want.plain {
				t.Errorf("%v: %s", detail, text)
			}
		}
	})
}

// socket.data counts against the window of those to whom it goes.
func TestWindow_SocketDataCounts(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		chat := controlplanetest.Attach(t, w.dial(), &hubv1.Hello{
			Group: "chat", InstanceId: "a", Window: &hubv1.Window{Bytes: 300 << 10},
			Subscriptions: []*hubv1.Subscription{controlplanetest.Handler("/chat")},
		})
		b := w.browser()
		b.Send("40/chat,")
		gate.AcceptAs(gate.Attempt(), &hubv1.Accept{Data: []byte(`"` + strings.Repeat("d", 60<<10) + `"`)})
		b.joined("/chat")
		chat.Done(chat.Connected())
		for range 12 {
			b.emit(-1, "message", "")
		}
		w.pass(time.Second)
		var open []*hubv1.Delivery
		for {
			bytes := 0
			for item, ok := chat.TryNext(); ok; item, ok = chat.TryNext() {
				open = append(open, item.GetDelivery())
			}
			for _, d := range open {
				bytes += len(d.Socket.Data)
			}
			if len(open) == 0 {
				break
			}
			if bytes > 360<<10 {
				t.Fatalf("%d bytes in a window of 300 KiB", bytes)
			}
			for _, d := range open {
				chat.Done(d)
			}
			open = nil
			w.pass(time.Second)
		}
		if s := w.srv.Status().Groups; s[0].Parked.Events+s[1].Parked.Events != 0 {
			t.Errorf("left: %+v", s)
		}
	})
}

// Rooms are called as applications like, and users are no rooms.
func TestRooms_MayBeCalledLikeUsers(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.chat("a")
		ann, bob := w.browser(), w.browser()
		for b, user := range map[*browser]string{ann: "1", bob: "2"} {
			b.Send("40/chat,")
			accept := &hubv1.Accept{User: user}
			if b == bob {
				accept.Rooms = []string{"user:1"}
			}
			chat.AcceptAs(chat.Attempt(), accept)
			b.joined("/chat")
			chat.Done(chat.Connected())
		}
		for _, c := range []struct {
			target *hubv1.Target
			to     *browser
		}{
			{&hubv1.Target{Namespace: "/chat", Rooms: []string{"user:1"}}, bob},
			{&hubv1.Target{Namespace: "/chat", Users: []string{"1"}}, ann},
		} {
			chat.Command(emit(c.target, "hi", "[]"))
			if r := chat.Result(); r.Status != nil || r.MatchedCount != 1 {
				t.Errorf("%v: %v", c.target, r)
			}
			c.to.Expect(`42/chat,["hi"]`)
		}
		chat.Command(&hubv1.Command{Op: &hubv1.Command_ListRooms{ListRooms: &hubv1.ListRooms{Namespace: "/chat"}}})
		if r := chat.Result(); len(r.Rooms) != 1 || r.Rooms[0].Name != "user:1" {
			t.Errorf("rooms: %v", r)
		}
	})
}

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
	inBubble(t, Config{Trace: &Trace{Dropped: func(_, _ string, _ Kind, why Drop) {
		if why == DropUnhandled {
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
