package conform

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var deliveryCases = []*Case{
	{Name: "deliveries/one-settlement", Rules: []string{"D1", "D6"}, About: "Whatever a handler does, its delivery has one settlement.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, one := range []struct{ name, args, want string }{
			{"echo", `["a"]`, "reply"}, {"silent", `[]`, "done"}, {"fail", `["m"]`, "nack"}, {"reject", `["m",{"a":1}]`, "reply"}, {"twice", `[]`, "reply"},
		} {
			s := b.emit(one.name, one.args).settlement("D1", "a settlement of `"+one.name+"`")
			t.check("D1", outcome(s) == one.want, one.want+" of `"+one.name+"`", "%s", short(s))
		}
		t.rest(200 * time.Millisecond)
	}},
	{Name: "deliveries/twice", Rules: []string{"D1"}, About: "Of two answers the first one counts.", run: func(t *T) {
		_, a := t.one()
		got := a.join(`{}`).ask("D1", "twice", `[]`)
		t.check("D1", sameJSON(got, `["one"]`), `["one"]`, "%s", got)
	}},
	{Name: "deliveries/reject", Rules: []string{"D6"}, About: "A rejection is an answer with message and data.", run: func(t *T) {
		_, a := t.one()
		got := a.join(`{}`).ask("D6", "reject", `["no",{"why":7}]`)
		t.check("D6", sameJSON(got, `[{"error":{"message":"no","data":{"why":7}}}]`), "the error's message and data", "%s", got)
	}},
	{Name: "deliveries/no-ack", Rules: []string{"D8"}, About: "An event whose browser waits for nothing is settled.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, name := range []string{"echo", "silent", "fail", "twice"} {
			d := b.event(name, `["x"]`)
			d.GetEvent().WantsAck = false
			a.deliver(d)[0].settlement("D8", "a settlement of `"+name+"` without an acknowledgement")
		}
	}},
	{Name: "deliveries/fail", Rules: []string{"D7"}, About: "A handler that fails gives a permanent nack with its text.", run: func(t *T) {
		_, a := t.one()
		s := a.join(`{}`).emit("fail", `["this went wrong"]`).settlement("D7", "a nack")
		t.check("D7", s.GetNack() != nil && !s.GetNack().GetRetry(), "a nack without retry", "%s", short(s))
		t.check("D7", strings.Contains(s.GetNack().GetStatus().GetMessage(), "this went wrong"), "the error's text in the status", "%s", short(s))
	}},
	{Name: "deliveries/retry", Rules: []string{"D7", "D4"}, About: "Another try is asked for with its delay, and handled with attempt 2.", run: retryCase},
	{Name: "deliveries/retry-long", Rules: []string{"D7"}, About: "A retry_delay is 30 s at most, whatever the program asks for.", run: func(t *T) {
		_, a := t.one()
		n := a.join(`{}`).emit("retry", `[3600000,1]`).settlement("D7", "a nack").GetNack()
		t.check("D7", n != nil && n.GetRetryDelay().AsDuration() <= 30*time.Second, "a nack with a delay of at most 30 s, or none", "%s", short(n))
	}},
	{Name: "deliveries/no-handler", Rules: []string{"D5"}, About: "A delivery that belongs to no handler of the program is nacked; the stream lives.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		stray := b.event("echo", `[1]`)
		stray.SubscriptionId = 1 << 20
		unheard := b.event("echo", `[1]`)
		unheard.GetEvent().Name = "of-nobody"
		for _, g := range a.deliver(stray, unheard) {
			s := g.settlement("D5", "a settlement")
			t.check("D5", s.GetNack() != nil && !s.GetNack().GetRetry() || g.Delivery == stray && s.GetReply() != nil, "a permanent nack", "%s", short(s))
		}
		b.ask("D5", "echo", `[1]`)
	}},
	{Name: "deliveries/elsewhere", Rules: []string{"D7"}, About: "A try by another instance is asked for with `elsewhere`.", run: func(t *T) {
		_, a := t.one()
		n := a.join(`{}`).emit("elsewhere", `[]`).settlement("D7", "a nack").GetNack()
		t.check("D7", n.GetRetry() && n.GetElsewhere(), "a nack with retry and elsewhere", "%s", short(n))
	}},
	{Name: "deliveries/redelivery", Rules: []string{"D4"}, About: "attempt and dedupe_id reach the program; a delivery that comes again is handled again.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		d := b.event("who", `[]`)
		for attempt := 1; attempt <= 3; attempt++ {
			got := string(a.deliver(d)[0].reply("D4").GetArgs())
			t.check("D4", member(element(got, 0), "attempt") == fmt.Sprint(attempt), fmt.Sprintf("attempt %d", attempt), "%s", got)
			t.check("D4", member(element(got, 0), "dedupe") == hex.EncodeToString(d.GetDedupeId()), "the dedupe_id of the delivery", "%s", got)
			d = again(d)
		}
	}},
	{Name: "deliveries/routing", Rules: []string{"D5"}, About: "Each delivery finds its handler: exact before prefix, namespaces by pattern.", run: routing},
	{Name: "deliveries/ack-later", Rules: []string{"D9"}, About: "A later acknowledgement settles at once, and acknowledges by dedupe_id.", run: ackLater},
	{Name: "deliveries/call", Rules: []string{"D12"}, About: "Calls of other services are answered: reply, done, nack.", run: func(t *T) {
		_, a := t.one()
		got := a.serviceCall("sum", `[2,40]`).reply("D12")
		t.check("D12", sameJSON(string(got.GetArgs()), `[42]`), "[42]", "%s", got.GetArgs())
		s := a.serviceCall("mute", `[]`).settlement("D12", "a settlement of a call")
		t.check("D12", outcome(s) == "done" || outcome(s) == "reply" && sameJSON(argsOf(s.GetReply().GetPayload()), "[]"), "done", "%s", short(s))
		s = a.serviceCall("fail", `["m"]`).settlement("D12", "a settlement of a call")
		t.check("D12", s.GetNack() != nil && !s.GetNack().GetRetry(), "a nack", "%s", short(s))
		s = a.serviceCall("of-nobody", `[]`).settlement("D12", "a settlement of a call without a handler")
		t.check("D12", s.GetNack() != nil, "a nack", "%s", short(s))
	}},
	{Name: "deliveries/call-waits", Rules: []string{"D12"}, About: "A call that waits keeps no other call back.", run: func(t *T) {
		_, a := t.one()
		held := a.serviceCall("hold", `["c"]`)
		a.logged("D12", `["hold","c"]`)
		a.serviceCall("sum", `[1,1]`).reply("D12")
		a.release("c")
		held.reply("D12")
	}},
}

func outcome(s *hubv1.Settlement) string {
	switch s.GetOutcome().(type) {
	case *hubv1.Settlement_Done:
		return "done"
	case *hubv1.Settlement_Reply:
		return "reply"
	case *hubv1.Settlement_Accept:
		return "accept"
	case *hubv1.Settlement_Deny:
		return "deny"
	case *hubv1.Settlement_Nack:
		return "nack"
	}
	return "nothing"
}

func retryCase(t *T) {
	_, a := t.one()
	b := a.join(`{}`)
	d := b.event("retry", `[1500,1]`)
	n := a.deliver(d)[0].settlement("D7", "a nack").GetNack()
	t.check("D7", n.GetRetry() && !n.GetElsewhere(), "a nack with retry", "%s", short(n))
	t.check("D7", n.GetRetryDelay().AsDuration() == 1500*time.Millisecond, "a retry_delay of 1.5 s", "%s", n.GetRetryDelay().AsDuration())
	got := a.deliver(again(d))[0].reply("D4")
	t.check("D4", sameJSON(string(got.GetArgs()), `[2]`), "the second attempt's answer [2]", "%s", got.GetArgs())
	n = b.emit("retry", `[0,1]`).settlement("D7", "a nack").GetNack()
	t.check("D7", n.GetRetry() && n.GetRetryDelay().AsDuration() == 0, "a nack with retry, without a delay", "%s", short(n))
}

func routing(t *T) {
	_, a := t.one()
	b := a.join(`{}`)
	got := b.ask("D5", "p:some thing", `["x"]`)
	t.check("D5", sameJSON(got, `["p:some thing","x"]`), "the handler of p:*", "%s", got)
	got = b.ask("D5", "p:", `[]`)
	t.check("D5", sameJSON(got, `["p:"]`), "the handler of p:*", "%s", got)
	for _, namespace := range []string{"/org/a", "/org/a/b"} {
		o := a.joinTo(namespace, ``)
		got = o.ask("D5", "who", `[]`)
		t.check("D5", member(element(got, 0), "namespace") == namespace, "the namespace "+namespace, "%s", got)
	}
	s := a.browser("/org/none").attempt("").settlement("D5", "a decision")
	t.check("D5", s.GetDeny().GetReason() == hubv1.DenyReason_DENY_REASON_NAMESPACE_UNKNOWN, "a denial by the authorizer of /org/*", "%s", short(s))
}

func ackLater(t *T) {
	_, a := t.one()
	b := a.join(`{}`)
	g := b.emit("later", `["k"]`)
	s := g.settlement("D9", "a settlement at once")
	t.check("D9", s.GetDone().GetAckLater(), "done with ack_later", "%s", short(s))
	b.ask("D9", "echo", `[1]`)
	a.release("k")
	var ack *Asked
	t.until("D9", "an acknowledge", func() bool {
		ack = lastAsked(a, func(c *hubv1.Command) bool { return c.GetAcknowledge() != nil })
		return ack != nil
	})
	t.check("D9", string(ack.GetAcknowledge().GetDedupeId()) == string(g.GetDedupeId()), "the event's dedupe_id", "%x", ack.GetAcknowledge().GetDedupeId())
	got := string(ack.GetAcknowledge().GetPayload().GetArgs())
	t.check("D9", sameJSON(got, `["late","k"]`), `["late","k"]`, "%s", got)
	a.logged("D9", `["later","k",{}]`)
}

// lastAsked is the last command that is one of some. It needs t.mu.
func lastAsked(a *Attachment, is func(*hubv1.Command) bool) (found *Asked) {
	for _, q := range a.asked {
		if is(q.Command) {
			found = q
		}
	}
	return found
}
