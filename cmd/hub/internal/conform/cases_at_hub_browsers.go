package conform

import (
	"fmt"
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// party is a service and a browser that it has let in.
func party(t *T, accept *hubv1.Accept, changes ...func(authorizer, handler *hubv1.Subscription)) (place, *Instance, *Guest) {
	p := newPlace()
	s := t.attach(p.hello("a", p.asks(changes...)...))
	g := t.guest(p.namespace, `{"token":"x"}`)
	s.settle(s.attempt(), acceptWith(accept))
	g.enters()
	d := s.delivery("D2", "connected", func(d *hubv1.Delivery) bool { return d.GetConnected() != nil })
	t.check("D2", d.GetSocket().GetId() == g.id, "connected of the browser's socket", "%s", short(d))
	s.settle(d, done())
	return p, s, g
}

func (s *Instance) attempt() *hubv1.Delivery {
	return s.delivery("D10", "a connect attempt", func(d *hubv1.Delivery) bool { return d.GetConnectAttempt() != nil })
}

// hubBrowserCases need a browser.
var hubBrowserCases = []*Case{
	{Name: "hub-browsers/accept", Rules: []string{"D10", "I2"}, About: "User, rooms, data and auth of an accept come with connected.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a", p.asks()...))
		g := t.guest(p.namespace, `{"token":"x"}`)
		d := s.attempt()
		t.check("D10", string(d.GetConnectAttempt().GetAuth()) == `{"token":"x"}` && d.GetSubscriptionId() == 1, "auth as it was sent", "%s", short(d))
		t.check("D10", d.GetConnectAttempt().GetHandshake().GetProtocolVersion() == 4, "the handshake", "%s", short(d))
		s.settle(d, acceptWith(&hubv1.Accept{User: "ünï", Rooms: []string{"b", "a"}, Data: []byte(`{"n":1}`), KeepAuth: true}))
		g.enters()
		c := s.delivery("I2", "connected", func(d *hubv1.Delivery) bool { return d.GetConnected() != nil })
		ok := c.GetSocket().GetUser() == "ünï" && sameJSON(string(c.GetSocket().GetData()), `{"n":1}`) && c.GetSocket().GetDataVersion() == 1
		t.check("D10", ok, "user and data", "%s", short(c))
		t.check("D10", strings.Join(c.GetConnected().GetRooms(), " ") == "a b" && string(c.GetConnected().GetAuth()) == `{"token":"x"}`, "rooms, sorted, and auth", "%s", short(c))
	}},
	{Name: "hub-browsers/deny", Rules: []string{"D10"}, About: "A denial reaches the browser with message and data; an unknown namespace as such.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a", p.asks()...))
		g := t.guest(p.namespace, `{}`)
		s.settle(s.attempt(), &hubv1.Settlement{Outcome: &hubv1.Settlement_Deny{Deny: &hubv1.Deny{Message: "no", Data: []byte(`{"c":1}`)}}})
		got := g.reads("D10", "CONNECT_ERROR", "44")
		t.check("D10", sameJSON(got, `{"message":"no","data":{"c":1}}`), "message and data", "%s", got)
		g = t.guest(p.namespace, `{}`)
		s.settle(s.attempt(), &hubv1.Settlement{Outcome: &hubv1.Settlement_Deny{Deny: &hubv1.Deny{Reason: hubv1.DenyReason_DENY_REASON_NAMESPACE_UNKNOWN}}})
		got = g.reads("D10", "CONNECT_ERROR", "44")
		t.check("D10", sameJSON(got, `{"message":"Invalid namespace"}`), "Invalid namespace", "%s", got)
	}},
	{Name: "hub-browsers/browser-gone", Rules: []string{"V1"}, About: "A browser that leaves before the decision: BROWSER_GONE.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a", p.asks()...))
		g := t.guest(p.namespace, `{}`)
		d := s.attempt()
		g.close()
		r := s.item("V1", "a revocation", func(i *hubv1.Item) bool { return i.GetRevoked() != nil }).GetRevoked()
		t.check("V1", r.GetReason() == "BROWSER_GONE" && r.GetDeliverySeqs()[0] == d.GetDeliverySeq(), "BROWSER_GONE", "%s", short(r))
	}},
	{Name: "hub-browsers/bytes", Rules: []string{"P1", "P7"}, About: "Arguments and answers pass byte for byte, lone surrogates included.", run: func(t *T) {
		_, s, g := party(t, &hubv1.Accept{})
		for i, args := range []string{`[1.0,1e2]`, `["\u00e9","\/"]`, `["\ud800"]`, `[{"b":1,"a":2}]`, `[]`} {
			id := fmt.Sprint(i + 1)
			g.emit(id, "echo", args)
			d := s.event("P1", "echo")
			t.check("P1", argsOf(d.GetEvent().GetPayload()) == args && d.GetEvent().GetWantsAck(), args, "%s", d.GetEvent().GetPayload().GetArgs())
			s.settle(d, replyWith(args))
			got := g.reads("P1", "an acknowledgement", "43")
			t.check("P1", got == id+args, id+args, "%s", got)
		}
	}},
	{Name: "hub-browsers/binary", Rules: []string{"P3"}, About: "Binary passes both ways, with its placeholders.", run: func(t *T) {
		p, s, g := party(t, &hubv1.Accept{})
		g.emitBinary("bin", `[{"_placeholder":true,"num":0}]`, []byte{0, 255})
		d := s.event("P3", "bin")
		at := d.GetEvent().GetPayload().GetAttachments()
		t.check("P3", len(at) == 1 && string(at[0]) == "\x00\xff", "one attachment", "%s", short(d))
		c := emitTo(p.socket(g.id), "back", `[{"_placeholder":true,"num":0}]`)
		c.GetEmit().GetPayload().Attachments = [][]byte{{1, 2, 3}}
		s.do("P3", c)
		got := g.reads("P3", "a binary event", "451-")
		t.check("P3", strings.HasPrefix(got, `["back",{`), "the event", "%s", got)
		t.until("P3", "its attachment", func() bool { return len(g.packets) > 0 && g.packets[0] == "bAQID" })
	}},
	{Name: "hub-browsers/order", Rules: []string{"D2"}, About: "A socket's events come in order.", run: func(t *T) {
		_, s, g := party(t, &hubv1.Accept{})
		var packets []string
		for i := range 50 {
			packets = append(packets, fmt.Sprintf(`42%s,["n",%d]`, g.namespace, i))
		}
		g.say(packets...)
		for i := range 50 {
			d := s.event("D2", "n")
			t.check("D2", string(d.GetEvent().GetPayload().GetArgs()) == fmt.Sprintf("[%d]", i), fmt.Sprint(i), "%s", d.GetEvent().GetPayload().GetArgs())
			s.settle(d, done())
		}
	}},
	{Name: "hub-browsers/emit-before-reply", Rules: []string{"C3"}, About: "An emit before the reply reaches the browser before the acknowledgement.", run: func(t *T) {
		p, s, g := party(t, &hubv1.Accept{})
		g.emit("7", "e", "[]")
		d := s.event("C3", "e")
		c := emitTo(p.socket(g.id), "first", "[]")
		c.DeliverySeq = d.GetDeliverySeq()
		last := replyWith("[]")
		last.DeliverySeq = d.GetDeliverySeq()
		inside := emitTo(p.socket(g.id), "second", "[]")
		last.Commands = []*hubv1.Command{inside}
		s.say(&hubv1.Action{Kind: &hubv1.Action_Command{Command: c}}, &hubv1.Action{Kind: &hubv1.Action_Settlement{Settlement: last}})
		t.until("C3", "three packets", func() bool { return len(g.packets) >= 3 })
		got := strings.Join(g.packets, " ")
		want := fmt.Sprintf(`42%[1]s,["first"] 42%[1]s,["second"] 43%[1]s,7[]`, g.namespace)
		t.check("C3", got == want, want, "%s", got)
	}},
	{Name: "hub-browsers/retry", Rules: []string{"D4", "D7"}, About: "A nack with retry brings the event again: attempt 2, the same dedupe_id, another number.", run: func(t *T) {
		_, s, g := party(t, &hubv1.Accept{})
		g.emit("1", "e", "[]")
		first := s.event("D7", "e")
		s.settle(first, nackWith(&hubv1.Nack{Retry: true, RetryDelay: duration(50 * time.Millisecond)}))
		second := s.event("D7", "e")
		ok := second.GetAttempt() == 2 && string(second.GetDedupeId()) == string(first.GetDedupeId()) && second.GetDeliverySeq() > first.GetDeliverySeq()
		t.check("D4", ok, "attempt 2 of the same event", "%s", short(second))
		s.settle(second, replyWith("[2]"))
		g.reads("D7", "the acknowledgement", "43")
	}},
	{Name: "hub-browsers/redelivery", Rules: []string{"D4", "E1"}, About: "What a service leaves unsettled goes to another instance.", run: func(t *T) {
		p, s, g := party(t, &hubv1.Accept{})
		g.emit("1", "e", "[]")
		first := s.event("D4", "e")
		other := t.attach(p.hello("b", p.asks()...))
		_ = s.rpc.CloseSend()
		second := other.event("D4", "e")
		t.check("D4", second.GetAttempt() == 2 && string(second.GetDedupeId()) == string(first.GetDedupeId()), "attempt 2 of the same event", "%s", short(second))
		other.settle(second, replyWith("[2]"))
		g.reads("D4", "the acknowledgement", "43")
	}},
	{Name: "hub-browsers/settle-timeout", Rules: []string{"V1"}, slow: true, About: "A delivery that is not settled in settle_timeout is revoked and comes again.", run: func(t *T) {
		_, s, g := party(t, &hubv1.Accept{}, func(_, handler *hubv1.Subscription) { handler.SettleTimeout = duration(time.Second) })
		g.emit("1", "e", "[]")
		first := s.event("V1", "e")
		r := s.item("V1", "a revocation", func(i *hubv1.Item) bool { return i.GetRevoked() != nil }).GetRevoked()
		t.check("V1", r.GetReason() == "TIMEOUT" && r.GetDeliverySeqs()[0] == first.GetDeliverySeq(), "TIMEOUT", "%s", short(r))
		second := s.event("V1", "e")
		t.check("D4", second.GetAttempt() == 2, "attempt 2", "%s", short(second))
		s.settle(second, done())
	}},
	{Name: "hub-browsers/ack-later", Rules: []string{"D9"}, About: "An acknowledgement that was left open is given by dedupe_id, once.", run: func(t *T) {
		_, s, g := party(t, &hubv1.Accept{})
		g.emit("3", "e", "[]")
		d := s.event("D9", "e")
		s.settle(d, &hubv1.Settlement{Outcome: &hubv1.Settlement_Done{Done: &hubv1.Done{AckLater: true}}})
		ack := func() *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_Acknowledge{Acknowledge: &hubv1.Acknowledge{DedupeId: d.GetDedupeId(), Payload: &hubv1.Payload{Args: []byte(`["late"]`)}}}}
		}
		s.do("D9", ack())
		got := g.reads("D9", "the acknowledgement", "43")
		t.check("D9", got == `3["late"]`, `3["late"]`, "%s", got)
		s.fails("D9", ack(), hubv1.Code_CODE_NOT_FOUND, "NO_OPEN_ACK")
	}},
	{Name: "hub-browsers/emit-ack", Rules: []string{"C2"}, About: "Browsers' acknowledgements come with the total; those that stay away are counted.", run: func(t *T) {
		p, s, g := party(t, &hubv1.Accept{})
		c := emitTo(p.everybody(), "q", `[1]`)
		c.GetEmit().Ack = &hubv1.AckRequest{Timeout: duration(5 * time.Second)}
		id := s.ask(c)
		packet := g.reads("C2", "an event with an ack id", "42")
		ackID, _, _ := strings.Cut(packet, "[")
		g.say("43" + g.namespace + "," + ackID + `["yes"]`)
		total := s.results("C2", id)[0].GetAckTotal()
		t.check("C2", total.GetAckedCount() == 1 && string(total.GetAcks()[0].GetPayload().GetArgs()) == `["yes"]`, "one acknowledgement", "%s", short(total))
		c = emitTo(p.everybody(), "q", `[1]`)
		c.GetEmit().Ack = &hubv1.AckRequest{Timeout: duration(200 * time.Millisecond)}
		late := s.do("C2", c)[0]
		t.check("C2", late.GetStatus().GetReason() == "ACKS_TIMED_OUT" && late.GetAckTotal().GetTimedOutCount() == 1, "ACKS_TIMED_OUT, 1", "%s", short(late))
	}},
	{Name: "hub-browsers/rooms", Rules: []string{"I1"}, About: "A change of rooms is told to the instance that holds the socket, with a growing version.", run: func(t *T) {
		p, s, g := party(t, &hubv1.Accept{Rooms: []string{"a"}})
		s.do("I1", &hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{Target: p.socket(g.id), Join: []string{"b"}, Leave: []string{"a"}}}})
		var version uint64
		joined, left := "", ""
		for joined == "" || left == "" {
			n := s.item("I1", "ROOMS_CHANGED", func(i *hubv1.Item) bool { return i.GetNotice().GetRoomsChanged() != nil }).GetNotice().GetRoomsChanged()
			t.check("I1", n.GetSocketId() == g.id && n.GetRoomsVersion() > version, "a version that grows", "%s", short(n))
			joined, left, version = joined+strings.Join(n.GetJoined(), ""), left+strings.Join(n.GetLeft(), ""), n.GetRoomsVersion()
		}
		t.check("I1", joined == "b" && left == "a", "b joined and a left", "%s and %s", joined, left)
	}},
	{Name: "hub-browsers/data", Rules: []string{"I3"}, About: "socket.data changes by version, and comes with the next event.", run: func(t *T) {
		p, s, g := party(t, &hubv1.Accept{Data: []byte(`{"a":1}`)})
		set := func(data string, expected uint64) *hubv1.Command {
			return &hubv1.Command{Op: &hubv1.Command_SetData{SetData: &hubv1.SetData{Target: p.socket(g.id), Data: []byte(data), Merge: true, ExpectedVersion: &expected}}}
		}
		r := s.do("I3", set(`{"b":2}`, 1))[0]
		t.check("I3", r.GetDataVersion() == 2, "version 2", "%s", short(r))
		s.fails("I3", set(`{"b":3}`, 1), hubv1.Code_CODE_FAILED_PRECONDITION, "DATA_VERSION")
		g.emit("", "e", "[]")
		d := s.event("I3", "e")
		t.check("I3", sameJSON(string(d.GetSocket().GetData()), `{"a":1,"b":2}`) && d.GetSocket().GetDataVersion() == 2, "the data, version 2", "%s", short(d))
		s.settle(d, done())
	}},
	{Name: "hub-browsers/disconnected", Rules: []string{"D2"}, About: "disconnected is the last delivery, with reason and rooms.", run: func(t *T) {
		_, s, g := party(t, &hubv1.Accept{Rooms: []string{"r"}})
		g.emit("", "last", "[]")
		g.say("41" + g.namespace + ",")
		s.settle(s.event("D2", "last"), done())
		d := s.delivery("D2", "disconnected", func(d *hubv1.Delivery) bool { return d.GetDisconnected() != nil })
		ok := d.GetDisconnected().GetReason() == "client namespace disconnect" && strings.Join(d.GetDisconnected().GetRooms(), " ") == "r"
		t.check("D2", ok, "client namespace disconnect, rooms r", "%s", short(d))
		s.settle(d, done())
	}},
	{Name: "hub-browsers/window", Rules: []string{"W1"}, About: "A paused window gets nothing new, and what is in flight may be settled.", run: func(t *T) {
		_, s, g := party(t, &hubv1.Accept{})
		g.emit("1", "e", "[]")
		d := s.event("W1", "e")
		s.say(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{Paused: true}}})
		s.settle(d, replyWith("[]"))
		g.reads("W1", "the acknowledgement", "43")
		g.emit("2", "waits", "[]")
		t.never(300*time.Millisecond, "W1", "nothing while the window is paused", func() bool {
			for _, i := range s.items {
				if i.GetDelivery() != nil {
					return true
				}
			}
			return false
		})
		s.say(&hubv1.Action{Kind: &hubv1.Action_Window{Window: &hubv1.Window{}}})
		s.settle(s.event("W1", "waits"), done())
	}},
}
