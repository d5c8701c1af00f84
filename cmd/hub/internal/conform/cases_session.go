package conform

import (
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var sessionCases = []*Case{
	{Name: "session/hello", Rules: []string{"S1", "R1"}, About: "The first action is a hello with group and instance id.", run: func(t *T) {
		_, a := t.one("CONFORM_INSTANCE=one")
		t.check("S1", a.hello.GetGroup() == "conform", "group conform", "%q", a.hello.GetGroup())
		t.check("S1", a.hello.GetInstanceId() == "one", "the instance id of CONFORM_INSTANCE", "%q", a.hello.GetInstanceId())
		t.check("S1", !a.hello.GetAnew() && a.hello.GetResume() == nil, "a hello of a new process", "%s", short(a.hello))
	}},
	{Name: "session/instance", Rules: []string{"S1"}, About: "Each stream of the process has the same group and instance id.", run: func(t *T) {
		_, a := t.one()
		first := a.hello.GetInstanceId()
		t.check("S1", first != "", "an instance id that the kit draws", "none")
		a.stream.stop(14, "SHUTDOWN")
		b := a.hub.attach()
		t.check("S1", b.hello.GetInstanceId() == first && b.hello.GetGroup() == "conform", "the instance id "+first, "%q", b.hello.GetInstanceId())
	}},
	{Name: "session/subscriptions", Rules: []string{"S2"}, About: "The hello asks for what the program asked for.", run: sessionSubscriptions},
	{Name: "session/late-welcome", Rules: []string{"S3"}, slow: true, About: "After 10 s without a welcome the attempt is given up and made again.", run: func(t *T) {
		h := t.Hub()
		t.start([]*Hub{h})
		silent := h.next()
		t.within(20*time.Second, "S3", "the end of an attempt without a welcome after 10 s", func() bool { return !silent.closed.IsZero() })
		took := silent.closed.Sub(silent.opened)
		t.check("S3", took > 7*time.Second, "10 s of patience for the welcome", "%s", took)
		b := h.attach().join(`{}`)
		b.ask("S3", "echo", `[1]`)
	}},
	{Name: "session/no-welcome-first", Rules: []string{"S8"}, About: "Another item in place of the welcome ends the attempt; it is made again.", run: func(t *T) {
		h := t.Hub()
		t.start([]*Hub{h})
		st := h.next()
		st.raw(&hubv1.AttachResponse{EnvelopeSeq: 1, Items: []*hubv1.Item{{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}}})
		h.attach().join(`{}`).ask("S8", "echo", `[1]`)
	}},
	{Name: "session/refused-subscription", Rules: []string{"S4"}, About: "A subscription that is refused is told by reason; the stream lives or the process ends with an error.", run: refusedSubscription},
	{Name: "session/unknown", Rules: []string{"S5"}, About: "Unknown fields, items, notices, capabilities and enum values are passed over.", run: unknownThings},
	{Name: "session/unknown-body", Rules: []string{"S6"}, About: "A delivery with an unknown body is nacked, UNIMPLEMENTED, without retry.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		d := newDelivery(b.socket)
		d.SubscriptionId = a.subscriptionFor(hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_EVENT, "/", "echo")
		d.ProtoReflect().SetUnknown(unknownField(999))
		s := a.deliver(d)[0].settlement("S6", "a nack of a delivery with an unknown body")
		t.check("S6", s.GetNack() != nil && !s.GetNack().GetRetry(), "a nack without retry", "%s", short(s))
		t.check("S6", s.GetNack().GetStatus().GetCode() == hubv1.Code_CODE_UNIMPLEMENTED, "CODE_UNIMPLEMENTED", "%s", short(s))
		b.ask("S6", "echo", `[1]`)
	}},
	{Name: "session/early-delivery", Rules: []string{"S9"}, About: "A delivery in the welcome's own envelope is settled.", run: func(t *T) {
		h := t.Hub()
		t.start([]*Hub{h})
		var early []*Given
		h.next().welcomeWith(func(a *Attachment) (items []*hubv1.Item) {
			d := newDelivery(&hubv1.Socket{Id: "early", Namespace: "/"})
			if s := find(a.hello, hubv1.Role_ROLE_AUTHORIZER, 0, "/", ""); s != nil {
				d.SubscriptionId = s.GetId()
			}
			d.Body = &hubv1.Delivery_ConnectAttempt{ConnectAttempt: &hubv1.ConnectAttempt{Handshake: handshake()}}
			early, items = a.give(d)
			return items
		})
		s := early[0].settlement("S9", "a settlement of a delivery beside the welcome")
		t.check("S9", s.GetAccept() != nil, "an accept", "%s", short(s))
	}},
	{Name: "session/envelope", Rules: []string{"P5"}, About: "The hello takes envelopes of at least 4 MiB.", run: func(t *T) {
		_, a := t.one()
		limit := a.hello.GetMaxEnvelopeBytes()
		t.check("P5", limit == 0 || limit >= 4<<20, "max_envelope_bytes of 0 or at least 4 MiB", "%d", limit)
	}},
}

func sessionSubscriptions(t *T) {
	_, a := t.one()
	ids := map[uint32]string{}
	for _, s := range a.hello.GetSubscriptions() {
		if other, twice := ids[s.GetId()]; s.GetId() == 0 || twice {
			t.fail("S2", "an id of its own for each subscription", "%d for %s and %s", s.GetId(), s.GetNamespace(), other)
		}
		ids[s.GetId()] = s.GetNamespace()
	}
	for _, namespace := range []string{"/", "/org/x"} {
		a.subscriptionFor(hubv1.Role_ROLE_AUTHORIZER, 0, namespace, "")
		a.subscriptionFor(hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_EVENT, namespace, "who")
	}
	for _, event := range []string{"echo", "raw", "hold", "beside", "p:x", "log"} {
		a.subscriptionFor(hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_EVENT, "/", event)
	}
	for _, kind := range []hubv1.Kind{hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_DISCONNECTED, hubv1.Kind_KIND_ROOMS, hubv1.Kind_KIND_SERVICE_CALL} {
		a.subscriptionFor(hubv1.Role_ROLE_HANDLER, kind, "/", "")
	}
	s := find(a.hello, hubv1.Role_ROLE_HANDLER, hubv1.Kind_KIND_CONNECTED, "/", "")
	t.check("S2", s.GetIntroduction() == hubv1.Introduction_INTRODUCTION_ON_INSTANCE, "INTRODUCTION_ON_INSTANCE in /", "%s", s.GetIntroduction())
	t.check("S2", s.GetHandshake() == hubv1.HandshakeDetail_HANDSHAKE_DETAIL_FULL, "the whole handshake in /", "%s", s.GetHandshake())
	for _, s := range a.hello.GetSubscriptions() {
		if s.GetRole() == hubv1.Role_ROLE_AUTHORIZER {
			t.check("S2", len(s.GetEvents()) == 0 && len(s.GetKinds()) == 0, "an authorizer without events and kinds", "%s", short(s))
		}
	}
}

func refusedSubscription(t *T) {
	h := t.Hub()
	p := t.start([]*Hub{h})
	st := h.next()
	a := st.welcome(func(w *hubv1.Welcome) {
		for i, s := range st.hello.GetSubscriptions() {
			if s.GetNamespace() == "/org/*" {
				status := &hubv1.Status{Code: hubv1.Code_CODE_ALREADY_EXISTS, Reason: "HELD_BY_ANOTHER_GROUP", Message: "another group holds it"}
				w.Subscriptions[i] = &hubv1.SubscriptionResult{Status: status}
			}
		}
	})
	t.until("S4", "a word about the refused subscription, with its reason", func() bool {
		return strings.Contains(p.stderr.String(), "HELD_BY_ANOTHER_GROUP") || p.ended
	})
	if t.happens(500*time.Millisecond, func() bool { return p.ended }) {
		t.check("S4", p.code != 0, "an end with an error", "code %d", p.code)
		t.check("S4", strings.Contains(p.stderr.String(), "HELD_BY_ANOTHER_GROUP"), "the reason on stderr", "%s", p.stderr)
		return
	}
	a.join(`{}`).ask("S4", "echo", `[1]`)
}

// unknownField is a field that nobody knows: a message in it, and a number.
func unknownField(number protowire.Number) []byte {
	b := protowire.AppendTag(nil, number, protowire.BytesType)
	b = protowire.AppendBytes(b, []byte{8, 1})
	b = protowire.AppendTag(b, number+1, protowire.VarintType)
	return protowire.AppendVarint(b, 7)
}

func strange[M proto.Message](m M) M {
	m.ProtoReflect().SetUnknown(unknownField(998))
	return m
}

func unknownThings(t *T) {
	h := t.Hub()
	t.start([]*Hub{h})
	a := h.next().welcome(func(w *hubv1.Welcome) {
		strange(w)
		w.Capabilities = append(w.Capabilities, "tomorrow.word", "experimental.thing")
	})
	b := a.join(`{}`)
	unknown := &hubv1.Item{}
	unknown.ProtoReflect().SetUnknown(unknownField(500))
	a.say(unknown, strange(&hubv1.Item{Kind: &hubv1.Item_Heartbeat{Heartbeat: &hubv1.Heartbeat{}}}), &hubv1.Item{})
	for _, n := range []*hubv1.Notice{
		{Kind: 9999, Count: 1}, {Kind: hubv1.NoticeKind_NOTICE_KIND_UNSPECIFIED},
		{Kind: hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED, Count: 3, Status: &hubv1.Status{Code: 99, Reason: "OF_TOMORROW"}},
	} {
		a.say(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: strange(n)}})
	}
	a.say(&hubv1.Item{Kind: &hubv1.Item_Observation{Observation: strange(&hubv1.Observation{})}})
	a.say()
	d := strange(b.event("echo", `["x"]`))
	d.GetEvent().ProtoReflect().SetUnknown(unknownField(997))
	got := a.deliver(d)[0].reply("S5")
	t.check("S5", string(got.GetArgs()) == `["x"]`, `["x"]`, "%s", got.GetArgs())
	t.check("S5", a.stream.closed.IsZero(), "a stream that lives", "its end")
}
