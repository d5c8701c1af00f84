package conform

import (
	"time"

	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var leaveCases = []*Case{
	{Name: "leaving/idle", Rules: []string{"E1"}, About: "SIGTERM: drain, the hub ends the stream, exit code 0.", run: func(t *T) {
		p, a := t.one()
		a.join(`{}`).ask("E1", "echo", `[1]`)
		p.terminate()
		t.until("E1", "a drain", func() bool { return a.drained })
		t.check("E1", p.exit(t.opts.Patience, "E1", "the end of the process") == 0, "exit code 0", "%d", p.code)
	}},
	{Name: "leaving/handlers", Rules: []string{"E1"}, About: "SIGTERM in a handler: results come in, it settles, exit code 0.", run: func(t *T) {
		p, a := t.one()
		b := a.join(`{}`)
		t.locked(func() { a.hub.answer = keepEmits })
		g := b.emit("do", `[{"op":"emit_result","all":true,"event":"x"}]`)
		var q *Asked
		t.until("E1", "the command", func() bool { q = firstOpen(a); return q != nil })
		p.terminate()
		t.until("E1", "a drain", func() bool { return a.drained })
		t.never(500*time.Millisecond, "E1", "a process that waits for its handler", func() bool { return p.ended })
		q.reply(&hubv1.Result{MatchedCount: 5})
		got := element(string(g.reply("E1").GetArgs()), 0)
		t.check("E1", member(got, "matched") == "5", "the answer with the result", "%s", got)
		t.check("E1", p.exit(t.opts.Patience, "E1", "the end of the process") == 0, "exit code 0", "%d", p.code)
	}},
	{Name: "leaving/open-result", Rules: []string{"E1"}, About: "SIGTERM with an open result outside of a handler: it comes in, or fails; exit code 0.", run: func(t *T) {
		p, a := t.one()
		t.locked(func() { a.hub.answer = keepEmits })
		a.join(`{}`).ask("E1", "free", `["k",{"op":"emit_result","all":true,"event":"x"}]`)
		var q *Asked
		t.until("E1", "the command", func() bool { q = firstOpen(a); return q != nil })
		p.terminate()
		t.until("E1", "a drain", func() bool { return a.drained })
		q.reply(&hubv1.Result{MatchedCount: 5})
		t.check("E1", p.exit(t.opts.Patience, "E1", "the end of the process") == 0, "exit code 0", "%d", p.code)
	}},
	{Name: "leaving/stuck", Rules: []string{"E2"}, slow: true, About: "A handler that does not end holds the process no longer than its close time-out of 5 s.", run: func(t *T) {
		p, a := t.one()
		a.join(`{}`).hold("k")
		p.terminate()
		p.exit(20*time.Second, "E2", "the end of the process after 5 s")
	}},
	{Name: "leaving/no-hub", Rules: []string{"E3"}, About: "Without a hub SIGTERM ends the process.", run: func(t *T) {
		p, a := t.one()
		a.hub.Away()
		t.rest(300 * time.Millisecond)
		p.terminate()
		p.exit(t.opts.Patience, "E3", "the end of the process")
	}},
	{Name: "leaving/greeting", Rules: []string{"E3"}, About: "SIGTERM while the welcome has not come ends the process.", run: func(t *T) {
		h := t.Hub()
		p := t.start([]*Hub{h})
		h.next()
		p.terminate()
		p.exit(20*time.Second, "E3", "the end of the process")
	}},
	{Name: "leaving/hub-drains", Rules: []string{"E5"}, About: "A hub that drains is served until it ends the stream, and attached again.", run: func(t *T) {
		p, a := t.one()
		b := a.join(`{}`)
		a.say(&hubv1.Item{Kind: &hubv1.Item_Drain{Drain: &hubv1.Drain{Reason: "SHUTDOWN", Deadline: someTime()}}})
		b.ask("E5", "echo", `[1]`)
		t.never(500*time.Millisecond, "E5", "a stream that goes on", func() bool { return p.ended || !a.stream.closed.IsZero() })
		a.stream.stop(codes.Unavailable, "SHUTDOWN")
		a.hub.attach().join(`{}`).ask("E5", "echo", `[1]`)
	}},
	{Name: "leaving/several", Rules: []string{"E6"}, About: "SIGTERM drains each hub.", run: func(t *T) {
		one, two := t.Hub(), t.Hub()
		p := t.start([]*Hub{one, two})
		all := attachAll(t, one, two)
		for _, a := range all {
			a.join(`{}`)
		}
		p.terminate()
		t.until("E6", "a drain at each hub", func() bool { return all[0].drained && all[1].drained })
		t.check("E6", p.exit(t.opts.Patience, "E6", "the end of the process") == 0, "exit code 0", "%d", p.code)
	}},
}
