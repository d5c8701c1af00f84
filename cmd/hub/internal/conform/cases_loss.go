package conform

import (
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// lossCases are about hubs that are lost, and those that are not.
var lossCases = []*Case{
	{Name: "loss/lost", Rules: []string{"N5", "N7", "N12"}, slow: true, About: "A hub that another one names no more, and whose stream has ended, is lost; when it comes back the hello says anew.", run: hubLost},
	{Name: "loss/stream-ends-after-list", Rules: []string{"N5"}, About: "A hub that a list lacks is lost when its stream ends.", run: func(t *T) {
		all := attachTwo(t)
		b := all[1].join(`{}`)
		all[0].ctl()
		all[0].tell(all[0].hub.info())
		b.ask("N6", "echo", `["alive"]`)
		all[1].hub.Away()
		all[0].logged("N5", `["disconnected",`+quote(b.socket.Id)+`,"hub lost"]`)
	}},
	{Name: "loss/lists-alone", Rules: []string{"N6"}, About: "A hub is not lost while its stream lives, whatever a list says.", run: func(t *T) {
		all := attachTwo(t)
		b := all[1].join(`{}`)
		g := b.hold("k")
		all[0].tell(all[0].hub.info())
		all[0].tell()
		t.rest(500 * time.Millisecond)
		t.check("N6", all[0].count(`["disconnected",`+quote(b.socket.Id)+`,"…"]`) == 0, "a socket that is there", "its disconnected")
		all[0].release("k")
		g.reply("N6")
	}},
	{Name: "loss/empty-list", Rules: []string{"N6"}, About: "An empty list says nothing: a hub that is away is not lost by it.", run: func(t *T) {
		all := attachTwo(t)
		notLost(t, all, func() { all[0].tell() })
	}},
	{Name: "loss/never-named", Rules: []string{"N6"}, About: "A hub that never named another one says nothing about it.", run: func(t *T) {
		one, two := t.Hub(), t.Hub()
		t.start([]*Hub{one, two})
		all := attachAll(t, one, two)
		notLost(t, all, func() { all[0].tell(one.info()) })
	}},
	{Name: "loss/returned-socket", Rules: []string{"N12"}, slow: true, About: "Connected and disconnected of a socket alternate over the loss of its hub and its return.", run: func(t *T) {
		all := attachTwo(t)
		b := all[1].join(`{}`)
		all[0].ctl()
		lose(t, all)
		all[0].logged("N5", `["disconnected",`+quote(b.socket.Id)+`,"hub lost"]`)
		all[1].hub.Back()
		back := all[1].hub.nextWithin(20*time.Second, "N7", "a stream to the hub that came back").welcome()
		b.att = back
		b.introduce(&hubv1.Connected{Late: true}).settlement("N12", "a settlement of connected")
		b.leave().settlement("N12", "a settlement of disconnected")
		var kinds []string
		for _, entry := range all[0].log() {
			if strings.Contains(entry, b.socket.Id) {
				kinds = append(kinds, strings.Trim(element(entry, 0), `"`))
			}
		}
		t.check("N12", strings.Join(kinds, " ") == "connected disconnected connected disconnected", "connected and disconnected in turns", "%v", kinds)
	}},
}

// lose lets the second hub be lost.
func lose(t *T, all []*Attachment) {
	st := all[1].stream
	all[1].hub.Away()
	t.until("", "the end of the stream", func() bool { return !st.closed.IsZero() })
	all[0].tell(all[0].hub.info())
}

func hubLost(t *T) {
	all := attachTwo(t)
	b, c := all[1].join(`{}`), all[1].join(`{}`)
	all[0].ctl()
	stays := all[0].join(`{}`)
	b.hold("k")
	t.locked(func() { all[1].hub.answer = keepEmits })
	c.ask("N5", "free", `["open",{"op":"emit_result","sockets":[`+quote(c.socket.Id)+`],"event":"x"}]`)
	t.until("N9", "the command", func() bool { return firstOpen(all[1]) != nil })
	lose(t, all)
	all[0].logged("N5", `["cancelled","k","lost"]`)
	for _, s := range []*Browser{b, c} {
		all[0].logged("N5", `["disconnected",`+quote(s.socket.Id)+`,"hub lost"]`)
	}
	got := all[0].logged("N5", `["free","open","…"]`)
	t.check("N5", member(element(got, 2), "error", "class") == "outcome_unknown", "class outcome_unknown", "%s", got)
	t.check("N5", all[0].count(`["disconnected",`+quote(stays.socket.Id)+`,"…"]`) == 0, "nothing about the other hub's sockets", "%s", tailOf(all[0].log()))
	for _, s := range []*Browser{b, c} {
		n := all[0].count(`["disconnected",` + quote(s.socket.Id) + `,"hub lost"]`)
		t.check("N5", n == 1, "one disconnected of each socket", "%d", n)
	}
	all[1].hub.Back()
	st := all[1].hub.nextWithin(20*time.Second, "N7", "a stream to the hub that came back")
	t.check("N7", st.hello.GetAnew() && st.hello.GetResume() == nil, "anew, without resume", "%s", short(st.hello))
	st.welcome().join(`{}`).ask("N7", "echo", `[1]`)
}

// notLost lets the second hub be away, and something be said that does not lose it.
func notLost(t *T, all []*Attachment, say func()) {
	b := all[1].join(`{}`)
	all[0].ctl()
	g := b.hold("k")
	st := all[1].stream
	all[1].hub.Away()
	t.until("", "the end of the stream", func() bool { return !st.closed.IsZero() })
	say()
	t.rest(500 * time.Millisecond)
	lost := all[0].count(`["disconnected",`+quote(b.socket.Id)+`,"…"]`) + all[0].count(`["cancelled","k","…"]`)
	t.check("N6", lost == 0, "a hub that is only away", "%s", tailOf(all[0].log()))
	all[1].hub.Back()
	all[1].resume()
	all[0].release("k")
	g.reply("N6")
}
