package controlplane

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/hub/hubtest"
)

// Who wants no introductions gets events without them, however it says when it would have them.
func TestIntroduction_OfWhoWantsNone(t *testing.T) {
	for number, name := range hubv1.Introduction_name {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			chat := w.attach("chat", "1", controlplanetest.Authorizer("/chat"), handlerOf(func(s *hubv1.Subscription) {
				s.Introduction, s.Kinds = hubv1.Introduction(number), []hubv1.Kind{hubv1.Kind_KIND_EVENT}
			}))
			b := w.browser()
			b.Send("40/chat,")
			chat.Accept(chat.Attempt())
			b.joined("/chat")
			b.Send(`42/chat,1["x"]`)
			synctest.Wait()
			item, ok := chat.TryNext()
			if d := item.GetDelivery(); !ok || d.GetEvent().GetName() != "x" {
				t.Fatalf("%s: %v", name, item)
			}
			chat.Reply(item.GetDelivery(), "[2]")
			b.Expect("43/chat,1[2]")
		})
	}
}

// Instances get sockets by their weight.
func TestPlacement_FollowsWeight(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		counts := map[*controlplanetest.Service]int{}
		for _, weight := range []uint32{1, 9} {
			s := controlplanetest.Attach(t, w.dial(), &hubv1.Hello{
				Group: "chat", InstanceId: fmt.Sprint(weight), Weight: weight,
				Subscriptions: []*hubv1.Subscription{controlplanetest.Handler("/chat")},
			})
			counts[s] = 0
		}
		const sockets = 50
		for range sockets {
			b := w.browser()
			b.Send("40/chat,")
			gate.Accept(gate.Attempt())
			b.joined("/chat")
			synctest.Wait()
			for s := range counts {
				for item, ok := s.TryNext(); ok; item, ok = s.TryNext() {
					if item.GetDelivery().GetConnected() != nil {
						counts[s]++
						s.Done(item.GetDelivery())
					}
				}
			}
		}
		var got []int
		for _, n := range counts {
			got = append(got, n)
		}
		if total := got[0] + got[1]; total != sockets || min(got[0], got[1]) != sockets/10 {
			t.Errorf("with weights 1 and 9: %v", got)
		}
	})
}

// An instance that comes gets its share: it is introduced to the sockets before anything
// else of them, and the one that had them is told to forget them.
func TestIntroduction_OnInstanceFollowsASocket(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		subs := []*hubv1.Subscription{
			controlplanetest.Authorizer("/chat"),
			handlerOf(func(s *hubv1.Subscription) { s.Introduction = hubv1.Introduction_INTRODUCTION_ON_INSTANCE }),
		}
		one := w.attach("chat", "1", subs...)
		ids := map[string]*browser{}
		dedupe := map[string]string{}
		for range 4 {
			b := w.browser()
			b.Send("40/chat,")
			one.Accept(one.Attempt())
			b.joined("/chat")
			c := one.Connected()
			if c.GetConnected().Moved || c.GetConnected().Late {
				t.Errorf("connected: %v", c)
			}
			dedupe[b.id] = string(c.DedupeId)
			ids[b.id] = b
			one.Done(c)
		}
		two := w.attach("chat", "2", subs...)
		released := map[string]bool{}
		for len(released) < 2 {
			r := one.Released()
			if r.Reason != "REBALANCED" {
				t.Errorf("released: %v", r)
			}
			for _, id := range r.SocketIds {
				released[id] = true
			}
		}
		for range 2 {
			c := two.Connected()
			if !c.GetConnected().Moved || !c.GetConnected().Late || !released[c.Socket.Id] || string(c.DedupeId) != dedupe[c.Socket.Id] || c.Attempt != 2 {
				t.Errorf("moved: %v", c)
			}
			two.Done(c)
		}
		for id := range released {
			ids[id].emit(1, "message", "")
			two.Reply(two.Event("message"), `[]`)
			ids[id].Expect(`43/chat,1[]`)
		}
		one.Quiet(time.Second)
		// The one that is lost cannot be told; the other is introduced before the events.
		one.Kill()
		for id, b := range ids {
			if !released[id] {
				b.emit(1, "message", "")
			}
		}
		seen := map[string]int{}
		for range 4 {
			d := two.Delivery()
			switch {
			case d.GetConnected() != nil && seen[d.Socket.Id] == 0 && d.GetConnected().Moved:
			case d.GetEvent() != nil && seen[d.Socket.Id] == 1:
			default:
				t.Errorf("after %d: %v", seen[d.Socket.Id], d)
			}
			seen[d.Socket.Id]++
			two.Done(d)
		}
	})
}

// Nack elsewhere moves the socket to another instance, if there is one.
func TestSettle_NackElsewhere(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		one := w.chat("1")
		b := w.join(one)
		b.emit(1, "message", "")
		first := one.Event("message")
		one.Nack(first, &hubv1.Nack{Retry: true, Elsewhere: true})
		again := one.Event("message") // nobody else is there
		two := w.chat("2")
		one.Nack(again, &hubv1.Nack{Retry: true, Elsewhere: true})
		d := two.Event("message")
		if d.Attempt != 3 || string(d.DedupeId) != string(first.DedupeId) {
			t.Errorf("moved: %v", d)
		}
		if r := one.Released(); len(r.SocketIds) != 1 || r.SocketIds[0] != b.id || r.Reason != "MOVED" {
			t.Errorf("released: %v", r)
		}
		two.Reply(d, `[]`)
		b.Expect(`43/chat,1[]`)
	})
}

// A delivery names the subscription that it belongs to, and has the trace of its browser.
func TestDelivery_HasSubscriptionAndTrace(t *testing.T) {
	const parent, state = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a=b"
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.attach("chat", "a",
			&hubv1.Subscription{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: "/chat", Id: 1},
			handlerOf(func(s *hubv1.Subscription) { s.Id, s.Events = 2, []string{"file:*"} }),
			handlerOf(func(s *hubv1.Subscription) { s.Id = 3 }),
		)
		b := &browser{t: t, Browser: w.browsers.Open(hubtest.Options{
			Transport: hubtest.WebSocket, Header: http.Header{"Traceparent": {parent}, "Tracestate": {state}},
		})}
		check := func(d *hubv1.Delivery, id uint32) *hubv1.Delivery {
			t.Helper()
			if d.SubscriptionId != id || d.Traceparent != parent || d.Tracestate != state {
				t.Errorf("want subscription %d: %v", id, d)
			}
			return d
		}
		b.Send("40/chat,")
		chat.Accept(check(chat.Attempt(), 1))
		b.joined("/chat")
		if c := chat.Connected(); c.SubscriptionId == 0 || c.Traceparent != parent {
			t.Errorf("connected: %v", c)
		} else {
			chat.Done(c)
		}
		b.emit(-1, "file:put", "")
		chat.Done(check(chat.Event("file:put"), 2))
		b.emit(-1, "message", "")
		chat.Done(check(chat.Event("message"), 3))
	})
}

// Lifecycle without events, and events without lifecycle.
func TestSubscription_Kinds(t *testing.T) {
	kinds := func(namespace string, list ...hubv1.Kind) *hubv1.Subscription {
		return &hubv1.Subscription{Role: hubv1.Role_ROLE_HANDLER, Namespace: namespace, Kinds: list}
	}
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
		lives := w.attach("lives", "i", kinds("/chat", hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_DISCONNECTED))
		events := w.attach("events", "i", kinds("/chat", hubv1.Kind_KIND_EVENT))
		b := w.browser()
		b.Send("40/chat,")
		gate.Accept(gate.Attempt())
		b.joined("/chat")
		lives.Done(lives.Connected())
		b.emit(1, "message", "")
		events.Reply(events.Event("message"), `[]`)
		b.Expect(`43/chat,1[]`)
		b.Send("41/chat,")
		lives.Done(lives.Disconnected())
		events.Quiet(time.Second)
		lives.Quiet(time.Second)
	})
}

// Rooms and transports are told where they are asked for, in order with deliveries.
func TestSubscription_KindsOfNotices(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.attach("chat", "a", controlplanetest.Authorizer("/chat"), handlerOf(func(s *hubv1.Subscription) {
			s.Kinds = []hubv1.Kind{
				hubv1.Kind_KIND_ROOMS, hubv1.Kind_KIND_UPGRADED, hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED,
			}
		}))
		b := &browser{t: t, Browser: w.browsers.Open(hubtest.Options{Transport: hubtest.Polling})}
		b.Send("40/chat,")
		chat.Accept(chat.Attempt())
		b.joined("/chat")
		c := chat.Connected()
		chat.Done(c)
		version := c.GetConnected().RoomsVersion
		chat.Send(commandAction(update(target(b.id), []string{"b", "a"}, nil)), commandAction(update(target(b.id), nil, []string{"a"})))
		for _, want := range []string{"[a b] []", "[] [a]"} {
			n := chat.Notice()
			r := n.GetRoomsChanged()
			if got := fmt.Sprint(r.GetJoined(), " ", r.GetLeft()); n.Kind != hubv1.NoticeKind_NOTICE_KIND_ROOMS_CHANGED || got != want ||
				r.GetSocketId() != b.id || r.GetRoomsVersion() <= version {
				t.Errorf("notice: %v, want %s", n, want)
			}
			version = r.GetRoomsVersion()
		}
		b.Upgrade()
		if n := chat.Notice(); n.GetUpgraded().GetTransport() != "websocket" || n.GetUpgraded().GetSocketId() != b.id {
			t.Errorf("notice: %v", n)
		}
		b.emit(-1, "message", "")
		if d := chat.Event("message"); d.Socket.Transport != "websocket" {
			t.Errorf("event: %v", d)
		}
	})
}

// A service that told its program that the hub is lost is introduced to all sockets as to
// new ones.
func TestAttach_AnewHasNewDedupeIDs(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		for _, introduction := range []hubv1.Introduction{
			hubv1.Introduction_INTRODUCTION_ON_CONNECT, hubv1.Introduction_INTRODUCTION_ON_ATTACH,
		} {
			hello := &hubv1.Hello{Group: "chat", InstanceId: "a", Subscriptions: []*hubv1.Subscription{
				controlplanetest.Authorizer("/chat"), handlerOf(func(s *hubv1.Subscription) { s.Introduction = introduction }),
			}}
			chat := controlplanetest.Attach(t, w.dial(), hello)
			b := w.browser()
			b.Send("40/chat,")
			chat.Accept(chat.Attempt())
			b.joined("/chat")
			first := chat.Connected()
			chat.Done(first)
			w.pass(0)
			chat.Kill()
			hello.Anew = true
			chat = controlplanetest.Attach(t, w.dial(), hello)
			again := chat.Connected()
			if string(again.DedupeId) == string(first.DedupeId) || again.Attempt != 1 || !again.GetConnected().Late || again.Socket.Id != b.id {
				t.Errorf("introduced anew: %v, was %v", again, first)
			}
			chat.Done(again)
			b.Send("41/chat,")
			chat.Done(chat.Disconnected())
			chat.Quiet(time.Second) // there is one disconnected for it
			if err := chat.Leave(); err.Error() != "EOF" {
				t.Error(err)
			}
		}
	})
}

// socket.data comes as often as a subscription asks for it, also over a resume; its
// version comes always.
func TestSubscription_SocketData(t *testing.T) {
	for mode, want := range map[hubv1.SocketData]string{
		hubv1.SocketData_SOCKET_DATA_ALWAYS:    "1 1 2 2 2 2",
		hubv1.SocketData_SOCKET_DATA_ON_CHANGE: "1 - 2 - - -",
		hubv1.SocketData_SOCKET_DATA_NEVER:     "- - - - - -",
	} {
		inBubble(t, Config{}, func(t *testing.T, w *world) {
			gate := w.attach("gate", "g", controlplanetest.Authorizer("/chat"))
			r := newResumer(t, &hubv1.Hello{Group: "chat", InstanceId: "a", Subscriptions: []*hubv1.Subscription{
				handlerOf(func(s *hubv1.Subscription) { s.SocketData = mode }),
			}})
			r.attach(w.conn)
			b := w.browser()
			b.Send("40/chat,")
			gate.AcceptAs(gate.Attempt(), &hubv1.Accept{Data: []byte("1")})
			b.joined("/chat")
			var seen []string
			take := func(version uint64) {
				t.Helper()
				d := r.delivery()
				data := string(d.Socket.Data)
				if data == "" {
					data = "-"
				}
				seen = append(seen, data)
				if d.Socket.DataVersion != version {
					t.Errorf("version %d, want %d", d.Socket.DataVersion, version)
				}
				r.send(settleAction(done(d.DeliverySeq)))
			}
			take(1) // connected
			b.emit(-1, "message", "")
			take(1)
			gate.Command(setData(target(b.id), "2", nil))
			gate.Result()
			for range 2 {
				b.emit(-1, "message", "")
				take(2)
			}
			synctest.Wait()
			r.wire.cut()
			if !r.attach(w.conn) {
				t.Fatal("not resumed")
			}
			for range 2 {
				b.emit(-1, "message", "")
				take(2)
			}
			if got := strings.Join(seen, " "); got != want {
				t.Errorf("%v: data %q, want %q", mode, got, want)
			}
			r.wire.cut()
		})
	}
}

// What is not settled in time is taken back and given out again, five times in all.
func TestSubscription_SettleTimeout(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, w *world) {
		chat := w.attach("chat", "a", controlplanetest.Authorizer("/chat"),
			handlerOf(func(s *hubv1.Subscription) { s.SettleTimeout = durationpb.New(3 * time.Second) }))
		b := w.join(chat)
		b.emit(1, "message", "")
		first := chat.Event("message")
		if first.SettleTimeout.AsDuration() != 3*time.Second {
			t.Errorf("event: %v", first)
		}
		start := time.Now()
		again := chat.Event("message")
		if took := time.Since(start); took < 3*time.Second || took > 5*time.Second || again.Attempt != 2 || string(again.DedupeId) != string(first.DedupeId) {
			t.Errorf("after %v: %v", took, again)
		}
		if r := chat.Revoked(); r.Reason != "TIMEOUT" || len(r.DeliverySeqs) != 1 || r.DeliverySeqs[0] != first.DeliverySeq {
			t.Errorf("revoked: %v", r)
		}
		chat.Reply(first, `["late"]`)
		if r := chat.Result(); r.Status.GetCode() != hubv1.Code_CODE_ABORTED {
			t.Errorf("late: %v", r)
		}
		for range 3 {
			again = chat.Event("message")
		}
		if again.Attempt != 5 {
			t.Errorf("last: %v", again)
		}
		wantDropped(t, chat, "TRIES")
		b.Quiet(time.Minute)
	})
}

// What happens when too much of a socket is parked is what the group asked for.
func TestSubscription_Overflow(t *testing.T) {
	for policy, want := range map[hubv1.Overflow]struct{ first, last, reason string }{
		hubv1.Overflow_OVERFLOW_REJECT:      {"[0]", "[3]", "SOCKET_FULL"},
		hubv1.Overflow_OVERFLOW_DROP_OLDEST: {"[2]", "[5]", "OLDEST"},
		hubv1.Overflow_OVERFLOW_DISCONNECT:  {"[0]", "[3]", "SOCKET_FULL"},
	} {
		for _, road := range []hubtest.Transport{hubtest.Polling, hubtest.WebSocket} {
			for _, with := range []string{"a full service", "no service"} {
				t.Run(fmt.Sprint(policy, " ", road, " ", with), func(t *testing.T) {
					inBubble(t, Config{Parking: ParkingConfig{SocketEvents: 4}}, func(t *testing.T, w *world) {
						subs := []*hubv1.Subscription{controlplanetest.Authorizer("/chat"), handlerOf(func(s *hubv1.Subscription) { s.Overflow = policy })}
						chat := w.attach("chat", "a", subs...)
						b := w.joinOver(road, chat)
						w.stop(chat, with)
						disconnects := policy == hubv1.Overflow_OVERFLOW_DISCONNECT
						for i := range 6 {
							if i < 5 || !disconnects { // its session has ended by then
								b.emit(-1, "message", fmt.Sprint(i))
							}
							w.pass(0)
						}
						if disconnects {
							b.WaitEnd()
						}
						if with == "no service" {
							chat = w.attach("chat", "a", subs...)
						} else {
							chat.Window(0, 0)
						}
						var got []string
						reason := ""
						for left := false; len(got) < 4 || reason == "" || disconnects && !left; {
							item := chat.Next()
							switch d := item.GetDelivery(); {
							case d.GetEvent() != nil:
								got = append(got, string(d.GetEvent().Payload.Args))
								chat.Done(d)
							case d.GetDisconnected() != nil:
								left = true
								if d.GetDisconnected().Reason != "forced server close" {
									t.Errorf("left: %v", d)
								}
								chat.Done(d)
							case item.GetNotice() != nil:
								reason = item.GetNotice().Status.GetReason()
							default:
								t.Fatalf("unexpected: %v", item)
							}
						}
						if got[0] != want.first || got[3] != want.last || reason != want.reason {
							t.Errorf("got %v, dropped for %s", got, reason)
						}
					})
				})
			}
		}
	}
}
