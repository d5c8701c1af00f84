package conform

import (
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// hubCommandCases are about commands, settlements and calls: without browsers.
var hubCommandCases = []*Case{
	{Name: "hub-commands/results", Rules: []string{"C1"}, About: "Each command has its result by its id.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		var ids []uint64
		for range 20 {
			ids = append(ids, s.ask(emitTo(p.everybody(), "e", `[1]`)))
		}
		for _, id := range ids {
			all := s.results("C1", id)
			t.check("C2", len(all) == 1 && all[0].GetStatus().GetCode() == 0, "one result, OK", "%v", all)
		}
	}},
	{Name: "hub-commands/refused", Rules: []string{"C5"}, About: "What is wrong is refused with code, reason and field; the stream lives.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		for _, one := range []struct {
			c      *hubv1.Command
			reason string
		}{
			{emitTo(&hubv1.Target{Namespace: p.namespace}, "e", "[]"), "EMPTY_TARGET"},
			{emitTo(p.everybody(), "", "[]"), "EMPTY_EVENT"},
			{emitTo(p.everybody(), "disconnect", "[]"), "RESERVED_EVENT"},
			{emitTo(p.everybody(), "e", "{}"), "BAD_ARGS"},
			{withAttachment(emitTo(p.everybody(), "e", `[1]`)), "BAD_PLACEHOLDERS"},
			{emitTo(&hubv1.Target{Namespace: "no-slash", All: true}, "e", "[]"), "BAD_NAMESPACE"},
			{emitTo(&hubv1.Target{Namespace: p.namespace, All: true, Rooms: []string{"r"}}, "e", "[]"), "AMBIGUOUS_TARGET"},
			{&hubv1.Command{Op: &hubv1.Command_UpdateRooms{UpdateRooms: &hubv1.UpdateRooms{Target: p.socket("s"), Join: []string{"\u0001user:x"}}}}, "RESERVED_ROOM"},
		} {
			got := s.fails("C5", one.c, hubv1.Code_CODE_INVALID_ARGUMENT, one.reason)
			t.check("C5", got.GetField() != "" && got.GetMessage() != "", "a field and a message with "+one.reason, "%s", short(got))
		}
		s.do("C5", emitTo(p.everybody(), "e", "[]"))
	}},
	{Name: "hub-commands/unknown", Rules: []string{"S5"}, About: "A command with an unknown field is refused whole, UNIMPLEMENTED.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		c := emitTo(p.everybody(), "e", "[]")
		strange(c.GetEmit())
		s.fails("S5", c, hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD")
		s.fails("S5", strange(&hubv1.Command{}), hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD")
		s.do("S5", emitTo(p.everybody(), "e", "[]"))
	}},
	{Name: "hub-commands/notice", Rules: []string{"C8"}, About: "A command without an id that fails is told by a notice.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		s.say(&hubv1.Action{Kind: &hubv1.Action_Command{Command: emitTo(p.everybody(), "disconnect", "[]")}})
		n := s.item("C8", "the notice COMMAND_FAILED", func(i *hubv1.Item) bool {
			return i.GetNotice().GetKind() == hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED
		}).GetNotice()
		t.check("C8", n.GetStatus().GetReason() == "RESERVED_EVENT" && n.GetCount() == 1, "its reason, once", "%s", short(n))
	}},
	{Name: "hub-commands/utf8", Rules: []string{"P4"}, About: "A text that is not UTF-8 refuses that command alone; the stream lives.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		s.fails("P4", emitTo(&hubv1.Target{Namespace: p.namespace, Rooms: []string{"bad" + halfText}}, "e", "[]"), hubv1.Code_CODE_INVALID_ARGUMENT, "INVALID_UTF8")
		s.do("P4", emitTo(p.everybody(), "e", "[]"))
	}},
	{Name: "hub-commands/3-MiB", Rules: []string{"P5"}, About: "A command of 3 MiB is carried out.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		all := s.do("P5", emitTo(p.everybody(), "e", `["`+strings.Repeat("x", 3<<20-4)+`"]`))
		t.check("P5", all[0].GetStatus().GetCode() == 0, "OK", "%s", short(all[0]))
	}},
	{Name: "hub-commands/4.1-MiB", Rules: []string{"P6"}, About: "An envelope above the limit refuses each of its actions, and the stream lives.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		big := int(s.welcome.GetMaxEnvelopeBytes()) + 100_000
		s.fails("P6", emitTo(p.everybody(), "e", `["`+strings.Repeat("x", big)+`"]`), hubv1.Code_CODE_RESOURCE_EXHAUSTED, "ENVELOPE_TOO_LARGE")
		s.do("P6", emitTo(p.everybody(), "e", "[]"))
	}},
	{Name: "hub-commands/key", Rules: []string{"N10"}, About: "An idempotency key gives its result again, and refuses another command.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		keyed := func(args string) *hubv1.Command {
			c := emitTo(p.everybody(), "e", args)
			c.IdempotencyKey = "k"
			return c
		}
		first, second := s.do("N10", keyed(`[1]`))[0], s.do("N10", keyed(`[1]`))[0]
		t.check("N10", !first.GetDuplicate() && second.GetDuplicate(), "the second one a duplicate", "%s and %s", short(first), short(second))
		s.fails("N10", keyed(`[2]`), hubv1.Code_CODE_INVALID_ARGUMENT, "IDEMPOTENCY_REUSED")
	}},
	{Name: "hub-commands/queries", Rules: []string{"C2"}, About: "Queries are answered on the stream.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		for _, c := range []*hubv1.Command{
			{Op: &hubv1.Command_Count{Count: &hubv1.Count{Target: p.everybody()}}},
			{Op: &hubv1.Command_Fetch{Fetch: &hubv1.Fetch{Target: p.everybody()}}},
			{Op: &hubv1.Command_ListRooms{ListRooms: &hubv1.ListRooms{Namespace: p.namespace}}},
			{Op: &hubv1.Command_CountUsers{CountUsers: &hubv1.CountUsers{Namespace: p.namespace}}},
		} {
			all := s.do("C2", c)
			t.check("C2", len(all) == 1 && all[0].GetStatus().GetCode() == 0, "one page, OK", "%v", all)
		}
	}},
	{Name: "hub-calls/answer", Rules: []string{"D12", "P1"}, About: "A call reaches the other instance, byte for byte, and its answer comes back.", run: func(t *T) {
		p := newPlace()
		callee, caller := t.attach(p.hello("callee", p.asks()...)), t.attach(p.hello("caller"))
		args := `[ 1.0,"\u00e9\/", {"b":1,"a":2} ]`
		id := caller.ask(p.call("sum", args, 20*time.Second))
		d := callee.called("D12", "sum")
		t.check("P1", string(d.GetServiceCall().GetPayload().GetArgs()) == args, args, "%s", d.GetServiceCall().GetPayload().GetArgs())
		ok := d.GetServiceCall().GetGroup() == p.group && d.GetServiceCall().GetWantsAnswer() && d.GetSubscriptionId() == 2 && d.GetSocket() == nil && d.GetAttempt() == 1
		t.check("D5", ok, "the caller's group, wants_answer, the subscription's id, no socket", "%s", short(d))
		callee.settle(d, replyWith(`[ 3.0 ]`))
		all := caller.results("C2", id)
		t.check("C2", len(all) == 2 && all[0].GetMore(), "an answer with more, and the total", "%v", all)
		t.check("P1", string(all[0].GetCallAnswer().GetPayload().GetArgs()) == `[ 3.0 ]`, `[ 3.0 ]`, "%s", short(all[0]))
		t.check("C2", all[1].GetCallTotal().GetExpectedCount() == 1 && all[1].GetCallTotal().GetAnsweredCount() == 1, "1 of 1 answered", "%s", short(all[1]))
	}},
	{Name: "hub-calls/failure", Rules: []string{"D7", "D12"}, About: "A nack of a call is told to its caller.", run: func(t *T) {
		p := newPlace()
		callee, caller := t.attach(p.hello("callee", p.asks()...)), t.attach(p.hello("caller"))
		id := caller.ask(p.call("fail", `[]`, 20*time.Second))
		callee.settle(callee.called("D12", "fail"), nackWith(&hubv1.Nack{Status: &hubv1.Status{Code: hubv1.Code_CODE_UNKNOWN, Reason: "MINE", Message: "m"}}))
		all := caller.results("D7", id)
		t.check("D7", all[0].GetCallAnswer().GetStatus().GetReason() == "MINE", "the callee's own reason", "%s", short(all[0]))
	}},
	{Name: "hub-calls/expired", Rules: []string{"V1", "V2"}, About: "A call that ran out is revoked; its settlement and its commands are refused, ABORTED.", run: func(t *T) {
		p := newPlace()
		callee, caller := t.attach(p.hello("callee", p.asks()...)), t.attach(p.hello("caller"))
		id := caller.ask(p.call("slow", `[]`, 500*time.Millisecond))
		d := callee.called("D12", "slow")
		all := caller.results("C2", id)
		last := all[len(all)-1]
		t.check("C2", last.GetStatus().GetReason() == "CALL_TIMED_OUT" && last.GetCallTotal().GetTimedOutCount() == 1, "CALL_TIMED_OUT", "%s", short(last))
		r := callee.item("V1", "a revocation", func(i *hubv1.Item) bool { return i.GetRevoked() != nil }).GetRevoked()
		t.check("V1", r.GetReason() == "EXPIRED" && len(r.GetDeliverySeqs()) == 1 && r.GetDeliverySeqs()[0] == d.GetDeliverySeq(), "EXPIRED of the call", "%s", short(r))
		callee.settle(d, done())
		got := callee.refusedSettlement("V2", d.GetDeliverySeq())
		t.check("V2", got.GetCode() == hubv1.Code_CODE_ABORTED, "ABORTED", "%s", short(got))
		c := emitTo(p.everybody(), "e", "[]")
		c.DeliverySeq = d.GetDeliverySeq()
		callee.fails("V2", c, hubv1.Code_CODE_ABORTED, "LEASE_LOST")
	}},
	{Name: "hub-settlements/twice", Rules: []string{"D1", "F1"}, About: "A second settlement is refused, ALREADY_EXISTS.", run: func(t *T) {
		p := newPlace()
		callee, caller := t.attach(p.hello("callee", p.asks()...)), t.attach(p.hello("caller"))
		caller.ask(p.call("c", `[]`, 20*time.Second))
		d := callee.called("D12", "c")
		callee.settle(d, done())
		callee.settle(d, done())
		got := callee.refusedSettlement("D1", d.GetDeliverySeq())
		t.check("D1", got.GetCode() == hubv1.Code_CODE_ALREADY_EXISTS, "ALREADY_EXISTS", "%s", short(got))
	}},
	{Name: "hub-settlements/unknown", Rules: []string{"D1"}, About: "A settlement of a number that was never given is refused; the stream lives.", run: func(t *T) {
		s := t.attach(newPlace().hello("a"))
		for _, seq := range []uint64{1, 1<<53 - 1} {
			s.settle(&hubv1.Delivery{DeliverySeq: seq}, done())
			got := s.refusedSettlement("D1", seq)
			t.check("D1", got.GetCode() == hubv1.Code_CODE_ABORTED || got.GetCode() == hubv1.Code_CODE_NOT_FOUND, "ABORTED or NOT_FOUND", "%s", short(got))
		}
	}},
	{Name: "hub-settlements/misfit", Rules: []string{"D6", "F1", "F2"}, About: "An outcome that does not fit ends its delivery as a nack does; its commands are refused.", run: func(t *T) {
		p := newPlace()
		callee, caller := t.attach(p.hello("callee", p.asks()...)), t.attach(p.hello("caller"))
		id := caller.ask(p.call("c", `[]`, 20*time.Second))
		d := callee.called("D12", "c")
		wrong := acceptWith(&hubv1.Accept{})
		c := emitTo(p.everybody(), "e", "[]")
		c.CommandId = 77
		wrong.Commands = []*hubv1.Command{c}
		callee.settle(d, wrong)
		got := callee.refusedSettlement("D6", d.GetDeliverySeq())
		t.check("D6", got.GetReason() == "OUTCOME_MISFIT", "OUTCOME_MISFIT", "%s", short(got))
		refusedOne := callee.results("F2", 77)[0].GetStatus()
		t.check("F2", refusedOne.GetReason() == "SETTLEMENT_REFUSED", "SETTLEMENT_REFUSED", "%s", short(refusedOne))
		all := caller.results("F1", id)
		t.check("F1", all[0].GetCallAnswer().GetStatus().GetCode() != 0, "a failure for the caller", "%s", short(all[0]))
	}},
}

// withAttachment adds one that no placeholder stands for.
func withAttachment(c *hubv1.Command) *hubv1.Command {
	c.GetEmit().GetPayload().Attachments = [][]byte{{1}}
	return c
}
