package conform

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// attachAll welcomes one stream at each hub, in whatever order they come.
func attachAll(t *T, hubs ...*Hub) []*Attachment {
	all := make([]*Attachment, len(hubs))
	for range hubs {
		at := -1
		t.until("N1", "a stream to each hub", func() bool {
			at = slices.IndexFunc(hubs, func(h *Hub) bool {
				return all[slices.Index(hubs, h)] == nil && slices.ContainsFunc(h.streams[h.taken:], func(st *Stream) bool { return st.hello != nil })
			})
			return at >= 0
		})
		all[at] = hubs[at].attach()
	}
	return all
}

// cluster are hubs that name each other.
func (t *T) cluster(n int) []*Hub {
	hubs := make([]*Hub, n)
	var list []*hubv1.HubInfo
	for i := range hubs {
		hubs[i] = t.Hub()
		list = append(list, hubs[i].info())
	}
	for _, h := range hubs {
		h.hubs = list
	}
	return hubs
}

// tell sends the list of hubs that are alive.
func (a *Attachment) tell(hubs ...*hubv1.HubInfo) {
	a.say(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: &hubv1.Notice{
		Kind: hubv1.NoticeKind_NOTICE_KIND_HUBS, Count: 1, Fact: &hubv1.Notice_Hubs{Hubs: &hubv1.Hubs{Hubs: hubs}},
	}}})
}

var hubsCases = []*Case{
	{Name: "hubs/list", Rules: []string{"N1", "N3"}, About: "One stream to each hub of the list; the second hello names the first hub.", run: func(t *T) {
		one, two := t.Hub(), t.Hub()
		t.start([]*Hub{one, two})
		all := attachAll(t, one, two)
		for _, a := range all {
			a.join(`{}`).ask("N1", "echo", `[1]`)
		}
		named := slices.Contains(all[0].hello.GetAttachedHubIds(), two.ID) || slices.Contains(all[1].hello.GetAttachedHubIds(), one.ID)
		t.check("N3", named, "attached_hub_ids in the second hello", "%v and %v", all[0].hello.GetAttachedHubIds(), all[1].hello.GetAttachedHubIds())
		t.check("N1", all[0].hello.GetInstanceId() == all[1].hello.GetInstanceId(), "the same instance id", "%q and %q", all[0].hello.GetInstanceId(), all[1].hello.GetInstanceId())
	}},
	{Name: "hubs/one-hello-at-a-time", Rules: []string{"N3"}, About: "While a hello has no answer no other one is said.", run: func(t *T) {
		one, two := t.Hub(), t.Hub()
		t.start([]*Hub{one, two})
		greeted := func(h *Hub) bool {
			return slices.ContainsFunc(h.streams, func(st *Stream) bool { return st.hello != nil })
		}
		t.until("N1", "a hello", func() bool { return greeted(one) || greeted(two) })
		t.never(400*time.Millisecond, "N3", "one hello at a time", func() bool { return greeted(one) && greeted(two) })
		attachAll(t, one, two)
	}},
	{Name: "hubs/told", Rules: []string{"N2"}, About: "A hub that the welcome tells is dialled, once, with the same credential.", run: func(t *T) {
		all := t.cluster(2)
		t.start(all[:1], "HUB_TOKEN=secret")
		a := all[0].attach()
		b := all[1].nextWithin(t.opts.Patience, "N2", "a stream to the hub that was told").welcome()
		t.check("S7", all[1].tokens[0] == "Bearer secret", "the same token", "%q", all[1].tokens[0])
		t.check("N3", slices.Contains(b.hello.GetAttachedHubIds(), all[0].ID), "attached_hub_ids", "%v", b.hello.GetAttachedHubIds())
		a.tell(all[0].info(), all[1].info())
		a.join(`{}`).ask("N1", "echo", `[1]`)
		b.join(`{}`).ask("N1", "echo", `[1]`)
		t.rest(500 * time.Millisecond)
		t.check("N2", len(all[1].streams) == 1 && len(all[0].streams) == 1, "one stream to each", "%d and %d", len(all[0].streams), len(all[1].streams))
	}},
	{Name: "hubs/notice", Rules: []string{"N2"}, About: "A hub that a notice tells is dialled.", run: func(t *T) {
		_, a := t.one()
		later := t.Hub()
		a.tell(a.hub.info(), later.info())
		later.nextWithin(t.opts.Patience, "N2", "a stream to the hub that was told").welcome().join(`{}`).ask("N2", "echo", `[1]`)
	}},
	{Name: "hubs/bad-address", Rules: []string{"N2"}, About: "Told addresses that are no HOST:PORT are passed over.", run: func(t *T) {
		p, a := t.one()
		later := t.Hub()
		list := []*hubv1.HubInfo{a.hub.info()}
		for i, bad := range []string{"", "http://127.0.0.1:1/", "unix:///tmp/none", "dns:///localhost:1", "no port", ":0:", "127.0.0.1:1,127.0.0.1:2"} {
			list = append(list, &hubv1.HubInfo{Id: fmt.Sprint("bad-", i), ControlAddress: bad})
		}
		a.tell(append(list, later.info())...)
		later.nextWithin(t.opts.Patience, "N2", "a stream to the hub that was told").welcome().join(`{}`).ask("N2", "echo", `[1]`)
		a.join(`{}`).ask("N2", "echo", `[1]`)
		t.check("N2", !p.ended && len(a.hub.streams) == 1, "a stream that lives", "%s", t.seen())
	}},
	{Name: "hubs/already-attached", Rules: []string{"N4"}, slow: true, About: "An address of a hub that is attached rests until a stream ends.", run: alreadyAttached},
	{Name: "hubs/refusal", Rules: []string{"N11"}, slow: true, About: "One hub that refuses does not concern the others.", run: func(t *T) {
		one, two := t.Hub(), t.Hub()
		p := t.start([]*Hub{one, two})
		all := attachAll(t, one, two)
		all[1].stream.stop(codes.PermissionDenied, "NOT_PERMITTED")
		b := all[0].join(`{}`)
		b.ask("N11", "echo", `[1]`)
		t.rest(1500 * time.Millisecond)
		b.ask("N11", "echo", `[2]`)
		t.check("N11", !p.ended && all[0].stream.closed.IsZero(), "a process that goes on", "%s", t.seen())
	}},
	{Name: "hubs/refused-by-all", Rules: []string{"B2", "N11"}, slow: true, About: "When every hub refuses the process ends.", run: func(t *T) {
		one, two := t.Hub(), t.Hub()
		p := t.start([]*Hub{one, two})
		for _, a := range attachAll(t, one, two) {
			a.stream.stop(codes.PermissionDenied, "NOT_PERMITTED")
		}
		answer := func(h *Hub) { // what is asked again is refused again
			for i := h.taken; i < len(h.streams); i++ {
				if st := h.streams[i]; st.hello != nil && st.att == nil && st.closed.IsZero() {
					st.finish(statusError(codes.PermissionDenied, &hubv1.Status{Code: hubv1.Code_CODE_PERMISSION_DENIED, Reason: "NOT_PERMITTED"}))
				}
			}
		}
		t.within(40*time.Second, "B2", "the end of the process", func() bool { answer(one); answer(two); return p.ended })
		t.check("B2", p.code != 0, "an exit code that is not 0", "0")
	}},
	{Name: "hubs/handlers", Rules: []string{"N8"}, About: "A command of a handler goes to the hub of its delivery.", run: func(t *T) {
		all := attachTwo(t)
		for i, a := range all {
			event := fmt.Sprintf("from-%d", i)
			a.join(`{}`).ask("N8", "do", `[{"op":"emit_result","all":true,"event":"`+event+`"}]`)
			t.check("N8", a.lastEmit(event) != nil && all[1-i].lastEmit(event) == nil, "the command at the hub of the delivery", "it elsewhere")
		}
	}},
	{Name: "hubs/home", Rules: []string{"N8"}, About: "Other commands go to one hub, in order, and to the next one at once when that is away.", run: home},
	{Name: "hubs/straight", Rules: []string{"N9"}, About: "A command for one socket of a hub goes straight to that hub.", run: func(t *T) {
		all := attachTwo(t)
		from := all[0].join(`{}`)
		for i, a := range all {
			socket, event := a.join(`{}`), fmt.Sprintf("to-%d", i)
			from.ask("N9", "free", `["`+event+`",{"op":"emit_result","sockets":[`+quote(socket.socket.Id)+`],"event":"`+event+`"}]`)
			all[0].logged("N9", `["free","`+event+`","…"]`)
			t.check("N9", a.lastEmit(event) != nil && all[1-i].lastEmit(event) == nil, "the command at the hub of its socket", "it elsewhere")
		}
	}},
	{Name: "hubs/ack-later", Rules: []string{"D9"}, About: "A later acknowledgement goes to the hub that delivered the event.", run: func(t *T) {
		all := attachTwo(t)
		for i, a := range all {
			key := fmt.Sprint("k", i)
			a.join(`{}`).emit("later", `["`+key+`"]`).settlement("D9", "a settlement")
			all[1-i].release(key)
			a.logged("D9", `["later","`+key+`",{}]`)
			is := func(c *hubv1.Command) bool { return c.GetAcknowledge() != nil }
			t.locked(func() {
				if lastAsked(a, is) == nil || i == 0 && lastAsked(all[1], is) != nil {
					t.violate("D9", "acknowledge at the hub of the event", "it elsewhere")
				}
			})
		}
	}},
	{Name: "hubs/key", Rules: []string{"N10"}, slow: true, About: "An idempotency key stays with the hub where it was used.", run: keyStays},
}

func attachTwo(t *T) []*Attachment {
	hubs := t.cluster(2)
	t.start(hubs)
	return attachAll(t, hubs...)
}

func alreadyAttached(t *T) {
	p, a := t.one()
	alias := t.Hub()
	a.tell(a.hub.info(), &hubv1.HubInfo{Id: "alias", ControlAddress: alias.Address})
	st := alias.next()
	t.check("N3", slices.Contains(st.hello.GetAttachedHubIds(), a.hub.ID), "attached_hub_ids with "+a.hub.ID, "%v", st.hello.GetAttachedHubIds())
	st.stop(codes.AlreadyExists, "ALREADY_ATTACHED")
	b := a.join(`{}`)
	b.ask("N4", "echo", `[1]`)
	t.never(3*time.Second, "N4", "an address that rests", func() bool { return len(alias.streams) > 1 })
	t.check("N4", !p.ended && a.stream.closed.IsZero(), "a stream that goes on", "%s", t.seen())
	a.hub.Away()
	alias.next()
}

// home finds out which hub gets commands that belong to no delivery.
func home(t *T) {
	all := attachTwo(t)
	from := all[1].join(`{}`)
	all[0].ctl()
	for i := range 10 {
		from.ask("N8", "free", fmt.Sprintf(`["k%d",{"op":"emit_result","all":true,"event":"free","args":[%d]}]`, i, i))
		all[1].logged("N8", fmt.Sprintf(`["free","k%d","…"]`, i))
	}
	count := func(a *Attachment) (n int) {
		t.locked(func() {
			for _, q := range a.asked {
				if isEmit("free")(q.Command) {
					n++
				}
			}
		})
		return n
	}
	first := all[0]
	if count(all[1]) > 0 {
		first = all[1]
	}
	t.check("N8", count(first) == 10, "ten commands at one hub", "%d and %d", count(all[0]), count(all[1]))
	other := all[0]
	if first == other {
		other = all[1]
	}
	other.join(`{}`).ask("N8", "free", `["next",{"op":"emit_result","all":true,"event":"next"},500]`)
	first.hub.Away()
	other.logged("N8", `["free","next","…"]`)
	t.check("N8", other.lastEmit("next") != nil, "the command at the other hub", "none")
}

func keyStays(t *T) {
	all := attachTwo(t)
	from := all[0].join(`{}`)
	from.ask("N10", "free", `["one",{"op":"emit_result","all":true,"event":"keyed","key":"K"}]`)
	all[0].logged("N10", `["free","one","…"]`)
	first, other := all[0], all[1]
	if other.lastEmit("keyed") != nil {
		first, other = other, first
	}
	t.check("N10", first.lastEmit("keyed") != nil, "the command", "none")
	from = other.join(`{}`)
	first.hub.Away()
	st := first.stream
	t.until("N10", "the end of the stream", func() bool { return !st.closed.IsZero() })
	from.ask("N10", "free", `["two",{"op":"emit_result","all":true,"event":"keyed","key":"K"}]`)
	t.rest(2 * time.Second)
	t.check("N10", other.lastEmit("keyed") == nil, "a keyed command that does not go to another hub", "it there")
	entries := other.log()
	for _, entry := range entries {
		if like(entry, `["free","two","…"]`) {
			class := member(element(entry, 2), "error", "class")
			t.check("N10", class == "outcome_unknown" || class == "unavailable", "outcome_unknown while its hub is away", "%s", entry)
		}
	}
}
