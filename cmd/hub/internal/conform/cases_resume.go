package conform

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var resumeCases = []*Case{
	{Name: "resume/numbers", Rules: []string{"R1"}, slow: true, About: "Envelopes are numbered one by one, and receipts are given.", run: func(t *T) {
		h := t.Hub()
		h.heartbeat = time.Second
		t.start([]*Hub{h})
		a := h.attach()
		b := a.join(`{}`)
		for i := range 100 {
			b.ask("R1", "echo", fmt.Sprintf("[%d]", i))
		}
		var sent uint64
		t.locked(func() { sent = a.sent })
		t.until("R1", fmt.Sprintf("a receipt for envelope %d, at the latest with the next heartbeat", sent), func() bool { return a.acked >= sent })
	}},
	{Name: "resume/hello", Rules: []string{"R2"}, About: "After a broken stream the hello resumes: attachment, hub and number.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		b.ask("R2", "echo", `[1]`)
		a.cut()
		st := a.hub.next()
		t.check("R2", st.hello.GetResume() != nil && !st.hello.GetAnew(), "a hello with resume", "%s", short(st.hello))
		t.check("R2", len(st.hello.GetSubscriptions()) == len(a.hello.GetSubscriptions()), "the rest of the hello said again", "%s", short(st.hello))
		a.resumeOn(st)
		b.ask("R2", "echo", `[2]`)
	}},
	{Name: "resume/waits-for-welcome", Rules: []string{"R3"}, About: "Nothing but the hello is sent before the welcome.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		b.ask("R3", "free", `["k",{"op":"emit_result","all":true,"event":"x"},300]`)
		a.cut()
		st := a.hub.next()
		t.rest(800 * time.Millisecond)
		a.resumeOn(st)
		a.logged("R5", `["free","k","…"]`)
	}},
	{Name: "resume/sends-again", Rules: []string{"R4"}, About: "What the hub had not applied is sent again: same actions, same order, before anything new.", run: sendsAgain},
	{Name: "resume/applied", Rules: []string{"R4", "R10"}, About: "What the hub had applied is not sent again, with or without a receipt.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for range 40 {
			b.ask("R10", "echo", `[1]`)
		}
		t.locked(func() { a.noReceipts = true })
		for range 40 {
			b.ask("R10", "echo", `[2]`)
		}
		a.cut()
		a.resume()
		b.ask("R4", "echo", `[3]`)
		t.rest(200 * time.Millisecond)
	}},
	{Name: "resume/handlers", Rules: []string{"R5"}, About: "Handlers go on over a break, and settle on the stream that resumed.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		a.ctl()
		g := b.hold("k")
		a.cut()
		a.resume()
		a.release("k")
		got := g.reply("R5")
		t.check("R5", sameJSON(string(got.GetArgs()), `["released","k"]`), "a handler that was not cancelled", "%s", got.GetArgs())
		t.check("R5", a.count(`["cancelled","k","…"]`) == 0, "a handler that was not cancelled", "it in the log")
	}},
	{Name: "resume/hub-sends-again", Rules: []string{"R6"}, About: "What the program had not received comes again, and is handled once.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		var all []*hubv1.Delivery
		for i := range 5 {
			all = append(all, b.event("order", fmt.Sprintf("[%d]", i)))
		}
		got := a.deliver(all[:2]...)
		settledAll(t, "R6", "2 settlements", got)
		var lost []*Given
		t.mu.Lock()
		for _, d := range all[2:] {
			given, items := a.give(d)
			lost = append(lost, given...)
			a.envelope(items...)
		}
		t.mu.Unlock()
		a.cut()
		a.resume()
		settledAll(t, "R6", "3 more settlements", lost)
		for i := range 5 {
			n := a.count(fmt.Sprintf(`["begin",%q,%d]`, b.socket.Id, i))
			t.check("R6", n == 1, fmt.Sprintf("event %d handled once", i), "%d times", n)
		}
	}},
	{Name: "resume/many", Rules: []string{"R4", "R6"}, About: "Ten breaks under load cost nothing and double nothing.", run: manyBreaks},
	{Name: "resume/broken-again", Rules: []string{"R2"}, About: "A stream that breaks before its welcome leaves the attachment as it is.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		g := b.hold("k")
		a.cut()
		for range 2 {
			st := a.hub.next()
			t.check("R2", st.hello.GetResume() != nil, "a hello with resume", "%s", short(st.hello))
			a.hub.gate.cut()
		}
		a.resume()
		a.release("k")
		g.reply("R5")
	}},
	{Name: "resume/after-seconds", Rules: []string{"R2", "R5"}, slow: true, About: "A hub that was away for 4 s is resumed; handlers have gone on.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		a.ctl()
		g := b.hold("k")
		b2 := a.join(`{}`)
		b2.ask("R5", "free", `["f",{"op":"emit_result","all":true,"event":"x"},500]`)
		st := a.stream
		a.hub.Away()
		t.until("", "the end of the stream", func() bool { return !st.closed.IsZero() })
		t.rest(4 * time.Second)
		a.hub.Back()
		a.resumeOn(a.hub.nextWithin(20*time.Second, "B7", "a stream once the hub is back"))
		a.logged("R5", `["free","f","…"]`)
		a.release("k")
		g.reply("R5")
	}},
	{Name: "resume/revoked", Rules: []string{"R7"}, About: "Welcome.revoked cancels these handlers, and no others.", run: func(t *T) {
		_, a := t.one()
		moved, stays := a.join(`{}`), a.join(`{}`)
		g, other := moved.hold("m"), stays.hold("s")
		a.cut()
		a.resume(func(w *hubv1.Welcome) {
			w.Revoked = []uint64{g.GetDeliverySeq()}
			g.revoked = a.sent + 1
		})
		a.logged("R7", `["cancelled","m","…"]`)
		a.release("s")
		other.reply("R7")
		t.rest(200 * time.Millisecond)
	}},
	{Name: "resume/results", Rules: []string{"R9"}, About: "A command that was sent waits over a resume for its result.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		a.ctl()
		t.locked(func() { a.hub.answer = keepEmits })
		b.ask("R9", "free", `["k",{"op":"emit_result","all":true,"event":"x"}]`)
		var q *Asked
		t.until("R9", "the command", func() bool { q = firstOpen(a); return q != nil })
		a.cut()
		q.reply(&hubv1.Result{MatchedCount: 77}) // is kept
		a.resume()
		got := a.logged("R9", `["free","k","…"]`)
		t.check("R9", member(element(got, 2), "matched") == "77", "the result", "%s", got)
	}},
}

// sendsAgain lets the hub lose envelopes of the program.
func sendsAgain(t *T) {
	_, a := t.one()
	a.ctl()
	b, c := a.join(`{}`), a.join(`{}`)
	g := b.emit("late", `["k",{"op":"emit","all":true,"event":"lost","args":[1]}]`)
	a.logged("D3", `["hold","k"]`)
	before := a.stream
	var from int
	t.locked(func() { before.frozen, from = true, len(before.requests) })
	released := a.ctl().emit("release", `["k"]`)
	third := c.emit("echo", `["third"]`)
	lost := func() (actions []*hubv1.Action) { return work(before.requests[from:]) }
	t.until("R4", "three settlements and a command", func() bool { return len(lost()) >= 4 })
	a.cut()
	a.resume()
	settledAll(t, "R4", "the settlements, again", []*Given{g, released, third})
	fresh := b.emit("echo", `["new"]`)
	fresh.reply("R4")
	t.mu.Lock()
	defer t.mu.Unlock()
	again := work(a.stream.requests[1:])
	for i, action := range lost() {
		if i >= len(again) || !proto.Equal(action, again[i]) {
			seen := "nothing"
			if i < len(again) {
				seen = describeAction(again[i])
			}
			t.violate("R4", "the same actions in the same order: "+describeAction(action), "%s", seen)
		}
	}
}

// work are the actions of envelopes without heartbeats.
func work(requests []*hubv1.AttachRequest) (actions []*hubv1.Action) {
	for _, r := range requests {
		for _, action := range r.GetActions() {
			if action.GetHeartbeat() == nil {
				actions = append(actions, action)
			}
		}
	}
	return actions
}

// manyBreaks delivers events while the connection breaks again and again: in between
// both sides lose what is under way.
func manyBreaks(t *T) {
	_, a := t.one()
	b := a.join(`{}`)
	var all []*Given
	for round := range 10 {
		for i := range 30 {
			all = append(all, b.emit("order", fmt.Sprintf("[%d]", 30*round+i)))
			if i == 15 {
				t.locked(func() { a.stream.frozen = true })
			}
		}
		t.rest(time.Duration(round) * 3 * time.Millisecond)
		a.cut()
		a.resume()
	}
	settledAll(t, "R4", "a settlement of each of 300 events", all)
	for i := range 300 {
		n := a.count2(fmt.Sprintf(`["begin",%q,%d]`, b.socket.Id, i))
		t.check("R6", n == 1, fmt.Sprintf("event %d handled once", i), "%d times", n)
	}
}

// count2 is count, of a log that was fetched once and does not change any more.
func (a *Attachment) count2(want string) (n int) {
	if a.fetched == nil {
		a.fetched = map[string]int{}
		for _, entry := range a.log() {
			a.fetched[entry]++
		}
	}
	return a.fetched[want]
}
