package conform

import (
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// lostCases are about attachments that end.
var lostCases = []*Case{
	{Name: "lost/handlers", Rules: []string{"R8"}, About: "resumed: false cancels handlers; what they say is not sent, their commands fail as lease_lost.", run: func(t *T) {
		_, a := t.one()
		b, c := a.join(`{}`), a.join(`{}`)
		b.hold("k")
		c.emit("late", `["l",{"op":"emit_result","all":true,"event":"fenced"}]`)
		a.logged("D3", `["hold","l"]`)
		a.cut()
		next := a.hub.next().welcome()
		next.logged("R8", `["cancelled","k","lost"]`)
		got := next.logged("R8", `["late","l","…"]`)
		t.check("R8", member(element(got, 2), "error", "class") == "lease_lost", "class lease_lost", "%s", got)
		t.rest(200 * time.Millisecond)
	}},
	{Name: "lost/commands", Rules: []string{"R8"}, About: "resumed: false ends commands without a result as outcome_unknown.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		t.locked(func() { a.hub.answer = keepEmits })
		b.ask("R8", "free", `["k",{"op":"emit_result","all":true,"event":"x"}]`)
		t.until("R8", "the command", func() bool { return firstOpen(a) != nil })
		a.cut()
		next := a.hub.next().welcome()
		got := next.logged("R8", `["free","k","…"]`)
		t.check("R8", member(element(got, 2), "error", "class") == "outcome_unknown", "class outcome_unknown", "%s", got)
		t.check("R8", lastAsked(next, isEmit("x")) == nil, "nothing sent again", "the command")
	}},
	{Name: "lost/thrown-away", Rules: []string{"R8"}, About: "resumed: false throws away what was numbered; counting starts anew, and deliveries that come again are handled.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		t.locked(func() { a.stream.frozen = true })
		d := b.event("who", `[]`)
		a.deliver(d)
		st := a.stream
		t.until("R8", "a settlement that is lost", func() bool {
			return len(work(st.requests)) > 0 && st.requests[len(st.requests)-1].GetEnvelopeSeq() > a.applied
		})
		a.cut()
		next := a.hub.next().welcome()
		b.att = next
		got := string(next.deliver(again(d))[0].reply("R8").GetArgs())
		t.check("D4", member(element(got, 0), "attempt") == "2", "attempt 2", "%s", got)
		t.rest(200 * time.Millisecond)
	}},
	{Name: "lost/lanes", Rules: []string{"R8"}, About: "resumed: false empties the lanes: what had not begun is not begun.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		b.hold("k")
		b.emit("order", `[1]`)
		a.ctl().ask("R8", "echo", `[1]`)
		a.cut()
		next := a.hub.next().welcome()
		next.logged("R8", `["cancelled","k","lost"]`)
		t.rest(200 * time.Millisecond)
		t.check("R8", next.count(`["begin",`+quote(b.socket.Id)+`,1]`) == 0, "an event that is not begun", "it in the log")
	}},
	{Name: "lost/after-ok", Rules: []string{"R11"}, About: "A stream that ended with OK is not resumed: handlers are cancelled.", run: func(t *T) {
		_, a := t.one()
		a.join(`{}`).hold("k")
		a.stream.stop(codes.OK, "")
		next := a.hub.next().welcome()
		next.logged("R11", `["cancelled","k","lost"]`)
	}},
	{Name: "lost/after-30-s", Rules: []string{"R12"}, slow: true, About: "After 30 s without a stream handlers are cancelled, and open commands end as outcome_unknown.", run: func(t *T) {
		h, other := t.Hub(), t.Hub()
		t.start([]*Hub{h, other})
		all := attachAll(t, h, other)
		a, b := all[0], all[1]
		socket := a.join(`{}`)
		b.ctl()
		t.locked(func() { h.answer = keepEmits })
		socket.hold("k")
		h.Away()
		t.rest(25 * time.Second)
		t.check("R12", b.count(`["cancelled","k","…"]`) == 0, "a handler that goes on for 30 s", "its cancellation")
		t.rest(7 * time.Second)
		b.logged("R12", `["cancelled","k","lost"]`)
	}},
	{Name: "lost/another-hub", Rules: []string{"R13", "R8"}, About: "Another hub process at the same address: `hub lost` once for each introduced socket, behind what runs.", run: func(t *T) {
		_, a := t.one()
		b, c := a.join(`{}`), a.join(`{}`)
		b.hold("k")
		a.hub.Again()
		next := a.hub.next().welcome()
		for _, s := range []*Browser{b, c} {
			next.logged("R13", `["disconnected",`+quote(s.socket.Id)+`,"hub lost"]`)
		}
		next.logged("R8", `["cancelled","k","lost"]`)
		t.rest(200 * time.Millisecond)
		n := strings.Count(strings.Join(next.log(), "\n"), `"hub lost"`)
		t.check("R13", n == 3, "3 sockets that are lost, each once", "%d", n)
		next.join(`{}`).ask("R13", "echo", `[1]`)
	}},
}

func isEmit(event string) func(*hubv1.Command) bool {
	return func(c *hubv1.Command) bool { return c.GetEmit().GetEvent() == event }
}
