package conform

import (
	"fmt"
	"slices"
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var commandCases = []*Case{
	{Name: "commands/ops", Rules: []string{"C1", "C5"}, About: "Each command says what the program asked for.", run: commandOps},
	{Name: "commands/result", Rules: []string{"C1"}, About: "Each result goes to the call with its command_id, in whatever order results come.", run: resultsMixed},
	{Name: "commands/order", Rules: []string{"C3"}, About: "Commands of a handler keep their order, carry its delivery_seq, and come before its settlement.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		g := b.emit("seq", `[50]`)
		g.reply("C3")
		t.mu.Lock()
		defer t.mu.Unlock()
		n := 0
		for _, q := range a.asked {
			if q.GetEmit().GetEvent() != "tick" {
				continue
			}
			n++
			switch {
			case string(q.GetEmit().GetPayload().GetArgs()) != fmt.Sprintf("[%d]", n):
				t.violate("C3", fmt.Sprintf("tick %d", n), "%s", q.GetEmit().GetPayload().GetArgs())
			case q.GetDeliverySeq() != g.GetDeliverySeq() && q.GetDeliverySeq() != 0:
				t.violate("C3", "the handler's delivery_seq", "%d", q.GetDeliverySeq())
			case q.GetDeliverySeq() == 0 && !insideOf(g.settled[0], q.Command):
				t.violate("C3", "the handler's delivery_seq", "none")
			case q.order >= g.order:
				t.violate("C3", "commands before the settlement", "tick %d behind it", n)
			case !slices.Equal(q.GetEmit().GetTarget().GetSockets(), []string{b.socket.Id}):
				t.violate("C3", "the socket as the target", "%s", short(q.GetEmit().GetTarget()))
			}
		}
		if n != 50 {
			t.violate("C3", "50 emits", "%d", n)
		}
	}},
	{Name: "commands/outside", Rules: []string{"C6"}, About: "A command outside of a handler stands alone.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		b.ask("C6", "free", `["k",{"op":"emit_result","all":true,"event":"x"}]`)
		a.logged("C6", `["free","k","…"]`)
		t.locked(func() {
			q := lastAsked(a, func(c *hubv1.Command) bool { return c.GetEmit().GetEvent() == "x" })
			if q == nil || q.GetDeliverySeq() != 0 {
				t.violate("C6", "a command with delivery_seq 0", "%v", q)
			}
		})
	}},
	{Name: "commands/window", Rules: []string{"C4"}, About: "With a command window of 4 no more than 4 are open, and none fails.", run: func(t *T) {
		h := t.Hub()
		h.commandWindow = 4
		t.start([]*Hub{h})
		a := h.attach()
		b := a.join(`{}`)
		t.locked(func() { h.answer = keepEmits })
		for i := range 20 {
			b.ask("C4", "free", fmt.Sprintf(`["k%d",{"op":"emit_result","all":true,"event":"x"}]`, i))
		}
		t.until("C4", "4 open commands", func() bool { return len(a.open) == 4 })
		t.rest(200 * time.Millisecond)
		for range 20 {
			var q *Asked
			t.until("C4", "the next command once there is room", func() bool { q = firstOpen(a); return q != nil })
			q.reply(&hubv1.Result{MatchedCount: 1})
		}
		for i := range 20 {
			got := a.logged("C4", fmt.Sprintf(`["free","k%d","…"]`, i))
			t.check("C4", member(element(got, 2), "error") == "", "a result", "%s", got)
		}
	}},
	{Name: "commands/refused", Rules: []string{"C5"}, About: "A refusal is the program's error, with code, reason and field.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, one := range []struct {
			code          hubv1.Code
			reason, field string
			class         string
		}{
			{hubv1.Code_CODE_FAILED_PRECONDITION, "DATA_VERSION", "set_data.expected_version", "status"},
			{hubv1.Code_CODE_PERMISSION_DENIED, "NOT_PERMITTED", "emit.target.rooms[0]", "status"},
			{hubv1.Code_CODE_INVALID_ARGUMENT, "RESERVED_ROOM", "emit.target.rooms[0]", "invalid"},
			{hubv1.Code_CODE_RESOURCE_EXHAUSTED, "COMMAND_RATE", "", "status"},
			{hubv1.Code_CODE_ABORTED, "LEASE_LOST", "", "lease_lost"},
			{hubv1.Code_CODE_UNIMPLEMENTED, "UNKNOWN_FIELD", "", "status"},
		} {
			t.locked(func() {
				a.hub.answer = func(*Asked) []*hubv1.Result { return []*hubv1.Result{refused(one.code, one.reason, one.field)} }
			})
			got := element(b.ask("C5", "do", `[{"op":"emit_result","rooms":["r"],"event":"x"}]`), 0)
			t.check("C5", member(got, "error", "class") == one.class, "class "+one.class+" for "+one.reason, "%s", got)
			ok := member(got, "error", "reason") == one.reason && member(got, "error", "field") == one.field
			t.check("C5", ok, "reason "+one.reason+" and field "+one.field, "%s", got)
			code := strings.TrimPrefix(one.code.String(), "CODE_")
			t.check("C5", member(got, "error", "code") == code, "code "+code, "%s", got)
		}
	}},
	{Name: "commands/notice", Rules: []string{"C8"}, About: "A notice about a failed command ends nothing.", run: func(t *T) {
		p, a := t.one()
		b := a.join(`{}`)
		a.say(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{
			Kind: hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED, Count: 3, Status: &hubv1.Status{Code: hubv1.Code_CODE_PERMISSION_DENIED, Reason: "NOT_PERMITTED", Message: "no"},
		}}})
		b.ask("C8", "echo", `[1]`)
		t.until("C8", "the reason NOT_PERMITTED in the program's log", func() bool {
			return strings.Contains(p.stderr.String(), "NOT_PERMITTED") || strings.Contains(p.stderr.String(), "PermissionDenied")
		})
	}},
	{Name: "commands/nobody-waits", Rules: []string{"C9"}, About: "Results that nobody waits for are passed over.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		a.say(
			&hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: 987654}}},
			&hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{CommandId: 987655, More: true, MatchedCount: 1}}},
			&hubv1.Item{Kind: &hubv1.Item_Result{Result: &hubv1.Result{}}},
		)
		b.ask("C9", "do", `[{"op":"emit_result","all":true,"event":"x"}]`)
	}},
	{Name: "commands/while-away", Rules: []string{"C7"}, slow: true, About: "A command that is made while no hub is there leaves with the next stream.", run: func(t *T) {
		_, a := t.one()
		a.join(`{}`).ask("C7", "free", `["k",{"op":"emit_result","all":true,"event":"away"},1000]`)
		a.stream.stop(14, "SHUTDOWN")
		a.hub.Away()
		t.rest(2 * time.Second)
		a.hub.Back()
		next := a.hub.attach()
		got := next.logged("C7", `["free","k","…"]`)
		t.check("C7", member(element(got, 2), "matched") == "1", "a result", "%s", got)
	}},
}

// insideOf reports whether a command stands in a settlement.
func insideOf(s *hubv1.Settlement, c *hubv1.Command) bool { return slices.Contains(s.GetCommands(), c) }

// keepEmits leaves emits with a result open.
func keepEmits(a *Asked) []*hubv1.Result {
	if a.GetEmit() != nil && a.GetCommandId() != 0 {
		return nil
	}
	return []*hubv1.Result{{MatchedCount: 1, QueuedCount: 1}}
}

// firstOpen is the oldest command without a result. It needs t.mu.
func firstOpen(a *Attachment) *Asked {
	for _, q := range a.asked {
		if !q.done && q.GetCommandId() != 0 {
			return q
		}
	}
	return nil
}

// resultsMixed answers ten open commands from the last to the first.
func resultsMixed(t *T) {
	_, a := t.one()
	b := a.join(`{}`)
	t.locked(func() { a.hub.answer = keepEmits })
	for i := range 10 {
		b.ask("C1", "free", fmt.Sprintf(`["k%d",{"op":"emit_result","all":true,"event":"e%d"}]`, i, i))
	}
	t.until("C1", "10 open commands", func() bool { return len(a.open) == 10 })
	for i := len(a.asked) - 1; i >= 0; i-- {
		q := a.asked[i]
		var n uint32
		if _, err := fmt.Sscanf(q.GetEmit().GetEvent(), "e%d", &n); err == nil {
			q.reply(&hubv1.Result{MatchedCount: 100 + n})
		}
	}
	for i := range 10 {
		got := a.logged("C1", fmt.Sprintf(`["free","k%d","…"]`, i))
		t.check("C1", member(element(got, 2), "matched") == fmt.Sprint(100+i), fmt.Sprintf("matched %d", 100+i), "%s", got)
	}
}

// commandOps lets the program do one of each.
func commandOps(t *T) {
	_, a := t.one()
	b := a.join(`{}`)
	for _, one := range []struct {
		do string
		ok func(c *hubv1.Command) bool
	}{
		{`{"op":"emit","rooms":["r1","r2"],"except_sockets":["s"],"event":"e","args":[1,"a"],"volatile":true}`, func(c *hubv1.Command) bool {
			e := c.GetEmit()
			return slices.Equal(e.GetTarget().GetRooms(), []string{"r1", "r2"}) && slices.Equal(e.GetTarget().GetExceptSockets(), []string{"s"}) &&
				e.GetEvent() == "e" && e.GetVolatile() && sameJSON(string(e.GetPayload().GetArgs()), `[1,"a"]`) && e.GetTarget().GetNamespace() == "/"
		}},
		{`{"op":"emit_result","users":["u"],"except_rooms":["x"],"event":"e2"}`, func(c *hubv1.Command) bool {
			e := c.GetEmit()
			return c.GetCommandId() != 0 && slices.Equal(e.GetTarget().GetUsers(), []string{"u"}) && slices.Equal(e.GetTarget().GetExceptRooms(), []string{"x"})
		}},
		{`{"op":"emit_result","all":true,"event":"e3","key":"once"}`, func(c *hubv1.Command) bool {
			return c.GetEmit().GetTarget().GetAll() && c.GetIdempotencyKey() == "once"
		}},
		{`{"op":"join","sockets":["s"],"join":["a","b"]}`, func(c *hubv1.Command) bool {
			return slices.Equal(c.GetUpdateRooms().GetJoin(), []string{"a", "b"}) && len(c.GetUpdateRooms().GetLeave()) == 0
		}},
		{`{"op":"leave","sockets":["s"],"leave":["a"]}`, func(c *hubv1.Command) bool {
			return slices.Equal(c.GetUpdateRooms().GetLeave(), []string{"a"}) && len(c.GetUpdateRooms().GetJoin()) == 0
		}},
		{`{"op":"disconnect","sockets":["s"]}`, func(c *hubv1.Command) bool { return c.GetDisconnect() != nil && !c.GetDisconnect().GetCloseTransport() }},
		{`{"op":"disconnect","sockets":["s"],"close":true}`, func(c *hubv1.Command) bool { return c.GetDisconnect().GetCloseTransport() }},
		{`{"op":"set_data","sockets":["s"],"data":{"a":1}}`, func(c *hubv1.Command) bool {
			return sameJSON(string(c.GetSetData().GetData()), `{"a":1}`) && !c.GetSetData().GetMerge() && c.GetSetData().ExpectedVersion == nil
		}},
		{`{"op":"set_data","sockets":["s"],"data":{"a":2},"merge":true}`, func(c *hubv1.Command) bool { return c.GetSetData().GetMerge() }},
		{`{"op":"set_data","sockets":["s"],"data":3,"expected":0}`, func(c *hubv1.Command) bool {
			return c.GetSetData().ExpectedVersion != nil && c.GetSetData().GetExpectedVersion() == 0
		}},
		{`{"op":"count","rooms":["r"]}`, func(c *hubv1.Command) bool { return slices.Equal(c.GetCount().GetTarget().GetRooms(), []string{"r"}) }},
		{`{"op":"fetch","rooms":["r"]}`, func(c *hubv1.Command) bool { return slices.Equal(c.GetFetch().GetTarget().GetRooms(), []string{"r"}) }},
		{`{"op":"list_rooms","prefix":"p"}`, func(c *hubv1.Command) bool {
			return c.GetListRooms().GetPrefix() == "p" && c.GetListRooms().GetNamespace() == "/"
		}},
		{`{"op":"tell","group":"g","name":"n","args":[1]}`, func(c *hubv1.Command) bool {
			return c.GetCall().GetGroup() == "g" && c.GetCall().GetName() == "n" && c.GetCall().GetNamespace() == "/" && c.GetCall().GetTimeout().AsDuration() == 0
		}},
	} {
		got := element(b.ask("C1", "do", "["+one.do+"]"), 0)
		t.check("C5", member(got, "error") == "", "a result of "+one.do, "%s", got)
		var last *hubv1.Command
		t.locked(func() {
			if n := len(a.asked); n > 0 {
				last = a.asked[n-1].Command
			}
		})
		t.check("C1", last != nil && one.ok(last), "a command that says "+one.do, "%s", short(last))
	}
}
