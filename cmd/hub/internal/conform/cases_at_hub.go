package conform

import (
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// hubSessionCases are about hellos and streams.
var hubSessionCases = []*Case{
	{Name: "hub-session/welcome", Rules: []string{"S1", "S2"}, About: "The welcome comes first, with everything that a kit needs.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a", p.asks()...))
		w := s.welcome
		t.check("S1", w.GetHubId() != "" && len(w.GetAttachment()) == 16, "hub_id and an attachment of 16 bytes", "%s", short(w))
		t.check("C4", w.GetCommandWindow() > 0 && w.GetMaxEnvelopeBytes() >= 1<<20, "command_window and max_envelope_bytes", "%s", short(w))
		t.check("H1", w.GetHeartbeatInterval().AsDuration() > 0, "heartbeat_interval", "%s", short(w))
		t.check("S2", len(w.GetSubscriptions()) == 2, "a result for each subscription", "%d", len(w.GetSubscriptions()))
		for i, r := range w.GetSubscriptions() {
			ok := r.GetStatus().GetCode() == 0 && r.GetEffective().GetId() == uint32(i+1) && r.GetEffective().GetNamespace() == p.namespace
			t.check("S2", ok, "the subscription in force", "%s", short(r))
		}
		t.check("N2", len(w.GetHubs()) > 0, "the hubs that are alive", "none")
		s.item("S5", "the notice INTRODUCED", func(i *hubv1.Item) bool { return i.GetNotice().GetKind() == hubv1.NoticeKind_NOTICE_KIND_INTRODUCED })
	}},
	{Name: "hub-session/hello-missing", Rules: []string{"S1", "B2"}, About: "A first action that is no hello: FAILED_PRECONDITION.", run: func(t *T) {
		s := t.open(&hubv1.AttachRequest{EnvelopeSeq: 1, Actions: []*hubv1.Action{heartbeat()}})
		s.end("S1", hubv1.Code_CODE_FAILED_PRECONDITION, "HELLO_MISSING")
	}},
	{Name: "hub-session/hello-twice", Rules: []string{"S1", "B2"}, About: "A second hello: FAILED_PRECONDITION.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		s.say(&hubv1.Action{Kind: &hubv1.Action_Hello{Hello: p.hello("a")}})
		s.end("S1", hubv1.Code_CODE_FAILED_PRECONDITION, "HELLO_TWICE")
	}},
	{Name: "hub-session/hello-late", Rules: []string{"B1"}, slow: true, About: "No hello within 5 s: DEADLINE_EXCEEDED.", run: func(t *T) {
		s := t.open(&hubv1.AttachRequest{})
		t.within(20*time.Second, "B1", "the end of the stream", func() bool { return s.done })
		s.end("B1", hubv1.Code_CODE_DEADLINE_EXCEEDED, "HELLO_LATE")
	}},
	{Name: "hub-session/unknown-in-hello", Rules: []string{"S5"}, About: "Unknown fields of a hello are passed over; those of a subscription refuse that one.", run: func(t *T) {
		p := newPlace()
		asks := p.asks()
		strange(asks[1])
		s := t.attach(strange(p.hello("a", asks...)))
		t.check("S5", s.welcome.GetSubscriptions()[0].GetStatus().GetCode() == 0, "the first subscription in force", "%s", short(s.welcome))
		got := s.welcome.GetSubscriptions()[1].GetStatus()
		t.check("S5", got.GetCode() == hubv1.Code_CODE_UNIMPLEMENTED && got.GetReason() == "UNKNOWN_FIELD", "the second one UNIMPLEMENTED UNKNOWN_FIELD", "%s", short(got))
	}},
	{Name: "hub-session/unknown-action", Rules: []string{"S5"}, About: "An action of an unknown kind, or of none, is told by a notice; the stream lives.", run: func(t *T) {
		s := t.attach(newPlace().hello("a"))
		for _, a := range []*hubv1.Action{strange(&hubv1.Action{}), {}} {
			s.say(a)
			n := s.item("S5", "the notice BAD_ACTION", func(i *hubv1.Item) bool { return i.GetNotice().GetKind() == hubv1.NoticeKind_NOTICE_KIND_BAD_ACTION }).GetNotice()
			t.check("S5", n.GetStatus().GetCode() != 0, "a status", "%s", short(n))
		}
		t.check("S5", !s.done, "a stream that lives", "%s", s.seen())
	}},
	{Name: "hub-session/capability", Rules: []string{"B2"}, About: "A capability that the hub does not have: FAILED_PRECONDITION.", run: func(t *T) {
		hello := newPlace().hello("a")
		hello.RequiredCapabilities = []string{"of.tomorrow"}
		s := t.open(&hubv1.AttachRequest{EnvelopeSeq: 1, Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: hello}}}})
		s.end("B2", hubv1.Code_CODE_FAILED_PRECONDITION, "UNKNOWN_CAPABILITY")
	}},
	{Name: "hub-session/taken-over", Rules: []string{"B3"}, About: "The same instance_id again: the older stream ends with ABORTED.", run: func(t *T) {
		p := newPlace()
		older := t.attach(p.hello("a"))
		newer := t.attach(p.hello("a"))
		older.end("B3", hubv1.Code_CODE_ABORTED, "TAKEN_OVER")
		t.check("B3", !newer.done, "the newer stream alive", "%s", newer.seen())
	}},
	{Name: "hub-session/already-attached", Rules: []string{"N4"}, About: "A hello that names this hub in attached_hub_ids: ALREADY_EXISTS, and the stream that is there goes on.", run: func(t *T) {
		p := newPlace()
		first := t.attach(p.hello("a"))
		hello := p.hello("a")
		hello.AttachedHubIds = []string{"another", first.welcome.GetHubId()}
		s := t.open(&hubv1.AttachRequest{EnvelopeSeq: 1, Actions: []*hubv1.Action{{Kind: &hubv1.Action_Hello{Hello: hello}}}})
		s.end("N4", hubv1.Code_CODE_ALREADY_EXISTS, "ALREADY_ATTACHED")
		first.do("N4", emitTo(p.everybody(), "e", "[]"))
	}},
	{Name: "hub-session/held", Rules: []string{"S4"}, About: "A namespace that another group has is refused in its result; the stream lives.", run: func(t *T) {
		p, q := newPlace(), newPlace()
		t.attach(p.hello("a", p.asks()...))
		s := t.attach(q.hello("a", p.asks()...))
		for _, r := range s.welcome.GetSubscriptions() {
			t.check("S4", r.GetStatus().GetReason() == "HELD_BY_ANOTHER_GROUP", "ALREADY_EXISTS HELD_BY_ANOTHER_GROUP", "%s", short(r))
		}
		s.do("S4", emitTo(p.everybody(), "e", "[]"))
	}},
	{Name: "hub-session/warning", Rules: []string{"S4"}, About: "A handler for a namespace that nobody decides about is warned.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a", p.asks()[1]))
		w := s.welcome.GetSubscriptions()[0].GetWarnings()
		t.check("S4", len(w) == 1 && w[0].GetReason() == "NO_AUTHORIZER", "the warning NO_AUTHORIZER", "%v", w)
	}},
	{Name: "hub-session/heartbeats", Rules: []string{"H1", "H2"}, slow: true, About: "Heartbeats come at the interval that was wished for; three that stay away end the stream, UNAVAILABLE.", run: func(t *T) {
		hello := newPlace().hello("a")
		hello.HeartbeatInterval = duration(time.Second)
		s := t.attach(hello)
		t.check("H1", s.welcome.GetHeartbeatInterval().AsDuration() == time.Second, "an interval of 1 s", "%s", s.welcome.GetHeartbeatInterval().AsDuration())
		for range 2 {
			s.item("H1", "a heartbeat", func(i *hubv1.Item) bool { return i.GetHeartbeat() != nil })
			s.say(heartbeat())
		}
		t.within(20*time.Second, "H2", "the end of a stream that is silent", func() bool { return s.done })
		s.end("H2", hubv1.Code_CODE_UNAVAILABLE, "SILENT")
	}},
}

func heartbeat() *hubv1.Action {
	return &hubv1.Action{Kind: &hubv1.Action_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}
}

// hubResumeCases are about numbers, receipts and resume.
var hubResumeCases = []*Case{
	{Name: "hub-resume/numbers", Rules: []string{"R1", "B2"}, About: "An envelope number that jumps: INVALID_ARGUMENT.", run: func(t *T) {
		s := t.attach(newPlace().hello("a"))
		s.raw(&hubv1.AttachRequest{EnvelopeSeq: 5, Actions: []*hubv1.Action{heartbeat()}})
		s.end("R1", hubv1.Code_CODE_INVALID_ARGUMENT, "ENVELOPE_GAP")
	}},
	{Name: "hub-resume/receipt", Rules: []string{"R1", "B2"}, About: "A receipt for what was not sent: INVALID_ARGUMENT.", run: func(t *T) {
		s := t.attach(newPlace().hello("a"))
		s.raw(&hubv1.AttachRequest{EnvelopeSeq: 2, AckEnvelopeSeq: 1 << 40, Actions: []*hubv1.Action{heartbeat()}})
		s.end("R1", hubv1.Code_CODE_INVALID_ARGUMENT, "BAD_RECEIPT")
	}},
	{Name: "hub-resume/deliveries", Rules: []string{"R2", "R4", "R5"}, About: "An attachment is taken up: what is in hand stays, and is settled on the new stream.", run: func(t *T) {
		p := newPlace()
		callee, caller := t.attach(p.hello("callee", p.asks()...)), t.attach(p.hello("caller"))
		id := caller.ask(p.call("slow", `[]`, 20*time.Second))
		d := callee.called("D12", "slow")
		callee.cut()
		next := callee.back()
		t.check("R2", next.welcome.GetResumed(), "resumed", "%s", short(next.welcome))
		t.check("R2", next.welcome.GetAckEnvelopeSeq() == callee.sent, "the number of the last envelope that was applied", "%d of %d", next.welcome.GetAckEnvelopeSeq(), callee.sent)
		next.settle(d, replyWith(`["after"]`))
		all := caller.results("R5", id)
		t.check("R5", string(all[0].GetCallAnswer().GetPayload().GetArgs()) == `["after"]`, "the answer", "%s", short(all[0]))
	}},
	{Name: "hub-resume/results", Rules: []string{"R6", "R9"}, About: "Results that were not received come again.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		id := s.ask(emitTo(p.everybody(), "e", "[]"))
		s.results("C1", id)
		before := s.applied
		second := s.ask(emitTo(p.everybody(), "e", "[]"))
		s.results("C1", second)
		s.cut()
		s.applied = before // as if the last envelopes had not come
		next := s.back()
		t.check("R9", next.welcome.GetResumed(), "resumed", "%s", short(next.welcome))
		next.results("R9", second)
	}},
	{Name: "hub-resume/refused", Rules: []string{"R8"}, About: "An attachment that the hub does not know is not resumed: a new one begins, counted from 1.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		s.cut()
		hello := proto.CloneOf(s.hello)
		hello.Resume = &hubv1.Resume{Attachment: make([]byte, 16), HubId: s.welcome.GetHubId(), AckEnvelopeSeq: 1}
		next := s.backWith(hello)
		t.check("R8", !next.welcome.GetResumed() && next.welcome.GetAckEnvelopeSeq() == 0, "resumed false, and 0 applied", "%s", short(next.welcome))
		next.do("R8", emitTo(p.everybody(), "e", "[]"))
	}},
	{Name: "hub-resume/receipts", Rules: []string{"R1"}, About: "The hub gives receipts.", run: func(t *T) {
		p := newPlace()
		s := t.attach(p.hello("a"))
		for range 5 {
			s.do("C1", emitTo(p.everybody(), "e", "[]"))
		}
		t.until("R1", "a receipt for all", func() bool { return s.acked >= s.sent })
	}},
	{Name: "hub-resume/drain", Rules: []string{"E1"}, About: "A service that drains and has nothing left: the stream ends with OK.", run: func(t *T) {
		p := newPlace()
		s, caller := t.attach(p.hello("callee", p.asks()...)), t.attach(p.hello("caller"))
		caller.ask(p.call("slow", `[]`, 20*time.Second))
		d := s.called("D12", "slow")
		s.say(&hubv1.Action{Kind: &hubv1.Action_Drain{Drain: &hubv1.Drain{}}})
		t.never(300*time.Millisecond, "E1", "a stream that waits for what is unsettled", func() bool { return s.done })
		s.settle(d, done())
		s.end("E1", hubv1.Code_CODE_UNSPECIFIED, "")
	}},
	{Name: "hub-resume/half-close", Rules: []string{"E1"}, About: "A service that closes its side: the stream ends with OK.", run: func(t *T) {
		s := t.attach(newPlace().hello("a"))
		_ = s.rpc.CloseSend()
		s.end("E1", hubv1.Code_CODE_UNSPECIFIED, "")
	}},
}

// call is a call of a service in the place.
func (p place) call(name, args string, timeout time.Duration) *hubv1.Command {
	c := &hubv1.Call{Group: p.group, Namespace: p.namespace, Name: name, Payload: &hubv1.Payload{Args: []byte(args)}}
	if timeout > 0 {
		c.Timeout = duration(timeout)
	}
	return &hubv1.Command{Op: &hubv1.Command_Call{Call: c}}
}
