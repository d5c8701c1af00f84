package controlplane

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

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
		var slow []*hubv1.Delivery // not answered yet
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
					slow = nil
					a.Kill()
					w.pass(0)
					a = w.chat("a")
				case "good":
					slow = append(slow, d)
				}
			}
			// Slow enough that the poison strikes first, while both are in flight.
			if round > 2 {
				for _, d := range slow {
					a.Reply(d, `[]`)
					settled++
				}
				slow = nil
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
