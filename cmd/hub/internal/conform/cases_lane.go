package conform

import (
	"fmt"
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var laneCases = []*Case{
	{Name: "lanes/order", Rules: []string{"D2"}, About: "Handlers of one socket run one at a time and in order, 50 at once.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		var all []*hubv1.Delivery
		for i := range 50 {
			all = append(all, b.event("order", fmt.Sprintf("[%d]", i)))
		}
		settledAll(t, "D2", "50 settlements", a.deliver(all...))
		var mine []string
		for _, entry := range a.log() {
			if strings.Contains(entry, b.socket.Id) && !strings.HasPrefix(entry, `["connected"`) {
				mine = append(mine, entry)
			}
		}
		for i := range 50 {
			want := [2]string{fmt.Sprintf(`["begin",%q,%d]`, b.socket.Id, i), fmt.Sprintf(`["end",%q,%d]`, b.socket.Id, i)}
			ok := len(mine) >= 2*i+2 && sameJSON(mine[2*i], want[0]) && sameJSON(mine[2*i+1], want[1])
			t.check("D2", ok, want[0]+" and then "+want[1], "%s", tailOf(mine[:min(len(mine), 2*i+2)]))
		}
	}},
	{Name: "lanes/order-of-answers", Rules: []string{"D2"}, About: "Answers to one socket leave in the order of its events.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		var all []*hubv1.Delivery
		for i := range 100 {
			all = append(all, b.event("echo", fmt.Sprintf("[%d]", i)))
		}
		given := a.deliver(all...)
		settledAll(t, "D2", "100 settlements", given)
		for i := 1; i < len(given); i++ {
			t.check("D2", given[i].order > given[i-1].order, "answers in order", "that of %d before that of %d", i, i-1)
		}
	}},
	{Name: "lanes/others", Rules: []string{"D3"}, About: "A socket whose handler waits holds nobody else's.", run: func(t *T) {
		_, a := t.one()
		slow, fast := a.join(`{}`), a.join(`{}`)
		held := slow.hold("k")
		behind := slow.emit("echo", `["behind"]`)
		for i := range 20 {
			fast.ask("D3", "echo", fmt.Sprintf("[%d]", i))
		}
		t.check("D2", !behind.isSettledNow(), "an event behind one that waits, waiting", "its answer")
		a.release("k")
		held.reply("D3")
		behind.reply("D2")
	}},
	{Name: "lanes/many-slow", Rules: []string{"D3", "W1"}, About: "150 sockets whose handlers wait hold nobody else's.", run: func(t *T) {
		_, a := t.one()
		var held []*Given
		for range 150 {
			b := a.browser("/")
			held = append(held, a.deliver(b.introduction(&hubv1.Connected{}), b.event("hold", `["all"]`))[1])
		}
		fast := a.join(`{}`)
		fast.ask("D3", "echo", `[1]`)
		a.loggedWhen("D3", "150 handlers that wait", func(entries []string) string {
			if n := strings.Count(strings.Join(entries, " "), `["hold"`); n < 150 {
				return ""
			}
			return "yes"
		})
		a.release("all")
		settledAll(t, "D3", "150 settlements", held)
	}},
	{Name: "lanes/beside", Rules: []string{"D2"}, About: "A handler that is registered to run beside others does so.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		held := b.emit("beside", `["k"]`)
		a.logged("D2", `["hold","k"]`)
		b.ask("D2", "echo", `["beside"]`)
		a.release("k")
		held.reply("D2")
	}},
	{Name: "lanes/lifecycle", Rules: []string{"D2"}, About: "connected comes first and disconnected last, behind what waits.", run: func(t *T) {
		_, a := t.one()
		a.ctl()
		b := a.browser("/")
		given := a.deliver(b.introduction(&hubv1.Connected{}), b.event("hold", `["k"]`))
		a.logged("D2", `["hold","k"]`)
		left := b.leave()
		t.never(300*time.Millisecond, "D2", "disconnected behind the handler that waits", left.isSettled)
		id := quote(b.socket.Id)
		t.check("D2", a.count(`["disconnected",`+id+`,"…"]`) == 0, "no disconnected before", "it in the log")
		a.release("k")
		given[1].reply("D2")
		left.settlement("D2", "a settlement of disconnected")
		entries := strings.Join(a.log(), "\n")
		at := []int{strings.Index(entries, `["connected",`+id), strings.Index(entries, `["hold","k"]`), strings.Index(entries, `["disconnected",`+id)}
		t.check("D2", at[0] >= 0 && at[0] < at[1] && at[1] < at[2], "connected, hold, disconnected", "%s", entries)
		a.logged("D2", `["disconnected",`+id+`,"transport close"]`)
	}},
	{Name: "lanes/window", Rules: []string{"W1"}, About: "A whole window of 1024 events at once is taken and settled.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		var all []*hubv1.Delivery
		for range int(max(1, a.hello.GetWindow().GetDeliveries(), 1024)) {
			all = append(all, b.event("silent", `[]`))
		}
		given := a.deliver(all...)
		settledAll(t, "W1", "a settlement of each", given)
		for _, g := range given {
			t.check("W1", g.settled[0].GetDone() != nil, "done", "%s", short(g.settled[0]))
		}
	}},
}

func (g *Given) isSettledNow() bool {
	g.att.t.mu.Lock()
	defer g.att.t.mu.Unlock()
	return g.isSettled()
}
