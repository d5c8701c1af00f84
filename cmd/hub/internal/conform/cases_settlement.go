package conform

import (
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

var settlementCases = []*Case{
	{Name: "settlements/refused", Rules: []string{"F1"}, About: "A settlement that is refused is logged by reason; nothing is sent for its delivery any more.", run: func(t *T) {
		p, a := t.one()
		b := a.join(`{}`)
		g := b.emit("echo", `["x"]`)
		g.reply("F1")
		r := refused(hubv1.Code_CODE_INVALID_ARGUMENT, "BAD_PLACEHOLDERS", "reply.payload.args")
		r.DeliverySeq = g.GetDeliverySeq()
		a.say(&hubv1.Item{Kind: &hubv1.Item_Result{Result: r}})
		t.until("F1", "BAD_PLACEHOLDERS in the program's log", func() bool { return strings.Contains(p.stderr.String(), "BAD_PLACEHOLDERS") })
		b.ask("F1", "echo", `["next"]`)
		t.rest(200 * time.Millisecond) // a second settlement would be seen
	}},
	{Name: "settlements/commands", Rules: []string{"F2"}, About: "A command that gets SETTLEMENT_REFUSED fails at its call.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		t.locked(func() {
			a.hub.answer = func(*Asked) []*hubv1.Result {
				return []*hubv1.Result{refused(hubv1.Code_CODE_CANCELLED, "SETTLEMENT_REFUSED", "")}
			}
		})
		got := element(b.ask("F2", "do", `[{"op":"emit_result","all":true,"event":"x"}]`), 0)
		t.check("F2", member(got, "error", "reason") == "SETTLEMENT_REFUSED", "an error with its reason", "%s", got)
	}},
	{Name: "settlements/late", Rules: []string{"F1", "V4"}, About: "ABORTED and NOT_FOUND for a settlement end nothing.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for _, code := range []hubv1.Code{hubv1.Code_CODE_ABORTED, hubv1.Code_CODE_NOT_FOUND, hubv1.Code_CODE_ALREADY_EXISTS, hubv1.Code_CODE_CANCELLED} {
			r := refused(code, "LEASE_LOST", "")
			r.DeliverySeq = seqOf("late")
			a.say(&hubv1.Item{Kind: &hubv1.Item_Result{Result: r}})
		}
		b.ask("F1", "echo", `[1]`)
	}},
}

var revocationCases = []*Case{
	{Name: "revocation/cancels", Rules: []string{"V1", "V2"}, About: "A revoked delivery's handler is cancelled with the reason; what it answers is not sent.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		for i, reason := range []string{"MOVED", "TIMEOUT", "OF_TOMORROW"} {
			key := string(rune('a' + i))
			g := b.hold(key)
			a.revoke(reason, g)
			a.logged("V1", `["cancelled",`+quote(key)+`,`+quote(reason)+`]`)
		}
		b.ask("V3", "echo", `[1]`)
		t.rest(200 * time.Millisecond)
	}},
	{Name: "revocation/not-begun", Rules: []string{"V1", "V3"}, About: "A revoked delivery that waits in its lane is not begun; what stands behind it is.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		first := b.hold("k")
		waits, behind := b.emit("order", `[1]`), b.emit("order", `[2]`)
		a.revoke("MOVED", waits)
		a.ctl().ask("V1", "echo", `[1]`)
		a.release("k")
		first.reply("V3")
		behind.reply("V3")
		t.check("V1", a.count(`["begin",`+quote(b.socket.Id)+`,1]`) == 0, "a delivery that is not begun", "it in the log")
		t.rest(200 * time.Millisecond)
	}},
	{Name: "revocation/fenced", Rules: []string{"V2"}, About: "A command of a handler whose delivery is revoked fails as lease_lost.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		g := b.emit("late", `["k",{"op":"emit_result","all":true,"event":"fenced"}]`)
		a.logged("D3", `["hold","k"]`)
		a.revoke("MOVED", g)
		got := a.logged("V2", `["late","k","…"]`)
		t.check("V2", member(element(got, 2), "error", "class") == "lease_lost", "class lease_lost", "%s", got)
	}},
	{Name: "revocation/unknown", Rules: []string{"V4"}, About: "A revocation of a settled or unknown delivery is passed over.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		g := b.emit("echo", `[1]`)
		g.reply("V4")
		a.say(&hubv1.Item{Kind: &hubv1.Item_Revoked{Revoked: &hubv1.Revoked{DeliverySeqs: []uint64{g.GetDeliverySeq(), 5, 0}, Reason: "MOVED"}}})
		b.ask("V4", "echo", `[2]`)
	}},
	{Name: "revocation/redelivered", Rules: []string{"V3", "D4"}, About: "A delivery that was revoked and comes again is handled again.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		g := b.hold("k")
		a.revoke("TIMEOUT", g)
		next := a.deliver(again(g.Delivery))[0]
		a.logged("V1", `["cancelled","k","TIMEOUT"]`)
		a.loggedWhen("D4", "the second hold", func(entries []string) string {
			if strings.Count(strings.Join(entries, " "), `["hold","k"]`) == 2 {
				return "yes"
			}
			return ""
		})
		a.release("k")
		next.reply("D4")
	}},
	{Name: "revocation/released", Rules: []string{"V5"}, About: "A released socket is told once, behind what runs, and has no disconnected.", run: func(t *T) {
		_, a := t.one()
		b := a.join(`{}`)
		id := quote(b.socket.Id)
		g := b.hold("k")
		a.say(&hubv1.Item{Kind: &hubv1.Item_Released{Released: &hubv1.Released{SocketIds: []string{b.socket.Id, "nobody"}, Reason: "REBALANCED"}}})
		a.ctl().ask("V5", "echo", `[1]`)
		t.check("V5", a.count(`["released",`+id+`]`) == 0, "released behind the handler that runs", "it in the log before")
		a.release("k")
		g.reply("V5")
		a.logged("V5", `["released",`+id+`]`)
		t.check("V5", a.count(`["released",`+id+`]`) == 1 && a.count(`["disconnected",`+id+`,"…"]`) == 0, "released once, and no disconnected", "%s", tailOf(a.log()))
	}},
}
