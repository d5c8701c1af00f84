package adminui

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/siohub/siohub/hub"
)

// roomsOf are the rooms of a socket in /.
func (w *world) roomsOf(id string) string {
	sockets, err := w.hub.FetchSockets(hub.Target{Namespace: "/", Sockets: []string{id}})
	if err != nil || len(sockets) != 1 {
		return "gone"
	}
	return strings.Join(sockets[0].Rooms(), " ")
}

func TestCommands_AreCarriedOut(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		b1, id1 := w.browser()
		b2, id2 := w.browser()
		a := w.login()
		for _, step := range []struct {
			say          []any
			first, other string
		}{
			{[]any{"join", "/", "blue", id1}, "blue", ""},
			{[]any{"join", "/", "all"}, "all blue", "all"},
			{[]any{"join", "/", "red", "blue"}, "all blue red", "all"},
			{[]any{"leave", "/", "blue", id2}, "all blue red", "all"},
			{[]any{"leave", "/", "blue", id1}, "all red", "all"},
			{[]any{"leave", "/", "all"}, "red", ""},
			{[]any{"join", "/", "green", nil}, "green red", "green"},
			{[]any{"emit", "/", "red", "news", 1, map[string]any{"a": "<"}}, "green red", "green"},
			{[]any{"_disconnect", "/", false, id2}, "green red", "gone"},
			{[]any{"_disconnect", "/", true}, "gone", "gone"},
		} {
			a.say(step.say...)
			synctest.Wait()
			if first, other := w.roomsOf(id1), w.roomsOf(id2); first != step.first || other != step.other {
				t.Errorf("%v: %q and %q", step.say, first, other)
			}
		}
		b2.Expect("41")
		b1.Expect(`42["news",1,{"a":"<"}]`, "41")
		b1.WaitEnd()
		if n := w.counted("join done"); n != 4 {
			t.Errorf("counted %d", n)
		}
	})
}

func TestCommands_NothingWithReadOnly(t *testing.T) {
	inBubble(t, func(o *Options, _ *hub.Config) { o.ReadOnly = true }, func(t *testing.T, w *world) {
		b, id := w.browser()
		a := w.login()
		a.say("join", "/", "blue", id)
		a.say("emit", "/", nil, "news")
		a.say("_disconnect", "/", true, id)
		synctest.Wait()
		b.Send(`420["echo"]`)
		b.Expect("430[]")
		if got := w.roomsOf(id); got != "" || w.counted("join read_only") != 1 || w.counted("_disconnect read_only") != 1 {
			t.Errorf("%q, %v", got, w.counts)
		}
	})
}

// What a page may say that is logged in and malicious, or broken.
func TestCommands_Hostile(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		_, id := w.browser()
		a := w.login()
		long := strings.Repeat("x", 5000)
		for _, say := range [][]any{
			{"join"}, {"join", nil}, {"join", "/"}, {"join", "/", nil}, {"join", "/", 1}, {"join", "/", ""}, {"join", "/", "\u0001x"}, {"join", "/", long},
			{"join", "*", "x"}, {"join", "/*", "x"}, {"join", "x", "x"}, {"join", []string{"/"}, "x"}, {"join", "/" + long, "x"},
			{"leave"}, {"leave", "/"}, {"leave", "/", map[string]any{}},
			{"_disconnect"}, {"_disconnect", "*", true}, {"_disconnect", 7}, {"_disconnect", "/*", true},
			{"emit"}, {"emit", "/"}, {"emit", "/", id}, {"emit", "/", id, "connect"}, {"emit", "/", nil, ""}, {"emit", "*", nil, "x"}, {"emit", "/", nil, long},
			{"unknown"}, {"", 1}, {"config", 1}, {"server_stats", map[string]any{"serverId": 1}},
		} {
			a.say(say...)
			synctest.Wait()
			if got := w.roomsOf(id); got != "" {
				t.Errorf("%v: %s", say, got)
			}
			w.ui.commands.said(&hub.Event{Socket: w.page(t), Name: "join", Args: []byte(`[`)})
			synctest.Wait()
		}
	})
}

// page is the socket of the page.
func (w *world) page(t *testing.T) *hub.Socket {
	t.Helper()
	pages, err := w.hub.FetchSockets(hub.Target{Namespace: "/admin", All: true})
	if err != nil || len(pages) != 1 {
		t.Fatal(len(pages), err)
	}
	return pages[0]
}
