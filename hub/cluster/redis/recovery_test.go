package redis

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
)

func (h *host) recorder() cluster.Recorder { return h.cluster.(cluster.Recorder) }

// fence waits for one.
func (h *host) fence(namespace string) cluster.Position {
	h.t.Helper()
	type result struct {
		at  cluster.Position
		err error
	}
	ended := make(chan result, 1)
	h.recorder().Fence(namespace, func(at cluster.Position, err error) { ended <- result{at, err} })
	select {
	case r := <-ended:
		if r.err != nil {
			h.t.Fatal(r.err)
		}
		return r.at
	case <-time.After(patience):
		h.t.Fatal("a fence has no end")
	}
	return cluster.Position{}
}

func (h *host) replay(namespace string, after, to cluster.Position) (list []*cluster.Command) {
	h.t.Helper()
	if err := h.recorder().Replay(h.t.Context(), namespace, after, to, func(c *cluster.Command) bool { list = append(list, c); return true }); err != nil {
		h.t.Fatal(err)
	}
	return list
}

// streamsBeside runs a test with a hub and a Node server that recovers.
func streamsBeside(t *testing.T, f func(t *testing.T, s *server, h *host, n *node)) {
	for _, engine := range []string{"redis-streams", "redis-streams-0.2"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			n := newNode(t, engine, s, "recovery")
			h := newHost(t, Config{Engine: Streams, URL: s.url()}, hubSocket()).connected()
			n.run(`await join("x", "/", ["a"])`)
			eventually(t, "the hub hears", func() bool {
				n.run(`io.emit("probe")`)
				return len(h.seen()) > 0
			})
			n.run(`io.emit("settled")`)
			h.event("settled")
			eventually(t, "x has heard all", func() bool { return strings.Contains(n.run(`return clients.x.heard`), "settled") })
			h.mu.Lock()
			h.commands = nil
			h.mu.Unlock()
			n.run(`clients.x.heard.length = 0`)
			f(t, s, h, n)
		})
	}
}

// TestNode_ReadsWhatIsForTheLog: the fields that hubs add are nothing to Node, nor are entries for hubs alone.
func TestNode_ReadsWhatIsForTheLog(t *testing.T) {
	streamsBeside(t, func(t *testing.T, _ *server, h *host, n *node) {
		from := h.fence("/")
		counted := cluster.Origin{Number: 7, After: cluster.Position{Major: 5, Minor: 6}}
		one := &cluster.Command{Namespace: "/", Target: all(), Message: message("one", `[{"_placeholder":true,"num":0}]`, []byte{1}), Origin: counted}
		kept := &cluster.Command{Namespace: "/", Target: all(), Message: message("kept", `[]`), KeepOnly: true, Origin: counted}
		pattern := &cluster.Command{Namespace: "/*", Target: all(), Message: message("pattern", `[]`), Origin: counted}
		last := &cluster.Command{Namespace: "/", Target: toRooms("a"), Message: message("last", `[1]`), Origin: counted}
		sent := []*cluster.Command{one, kept, pattern, last}
		for _, c := range sent {
			mustPublish(t, h, c)
		}
		to := h.fence("/")
		got := h.replay("/", from, to)
		if len(got) != len(sent) {
			t.Fatalf("%d in the log: %s", len(got), short(got))
		}
		var ids []string
		for i, c := range got {
			want := *sent[i]
			want.Origin.Hub, want.Origin.At = h.id, c.Origin.At
			if diff := cmp.Diff(&want, c); diff != "" {
				t.Errorf("%d:\n%s", i, diff)
			}
			ids = append(ids, `"`+idOf(c.Origin.At)+`"`)
		}
		n.heard("x", `[["one",{"$bin":"AQ=="},`+ids[0]+`],["last",1,`+ids[3]+`]]`)
	})
}

// TestNode_ItsEmitsAreInTheLog with the id that its browsers get too.
func TestNode_ItsEmitsAreInTheLog(t *testing.T) {
	streamsBeside(t, func(t *testing.T, _ *server, h *host, n *node) {
		from := h.fence("/")
		n.run(`io.to("a").emit("one", Buffer.from([1]))`)
		n.run(`io.of("/chat").emit("elsewhere")`)
		live := h.event("one")
		heard := ""
		eventually(t, "x has heard it", func() bool { heard = n.run(`return clients.x.heard`); return heard != "[]" })
		if want := `[["one",{"$bin":"AQ=="},"` + idOf(live.Origin.At) + `"]]`; heard != want {
			t.Errorf("x has %s, the hub %s", heard, want)
		}
		if live.Origin != (cluster.Origin{At: live.Origin.At}) {
			t.Errorf("%+v", live.Origin)
		}
		got := h.replay("/", from, h.fence("/"))
		if diff := cmp.Diff([]*cluster.Command{live}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// TestNode_ItsSessionsAreTaken by a hub, and what the browser has missed is behind the offset that it names.
func TestNode_ItsSessionsAreTaken(t *testing.T) {
	streamsBeside(t, func(t *testing.T, _ *server, h *host, n *node) {
		n.run(`for (const s of io.of("/").sockets.values()) s.data = { n: 1, b: Buffer.from([1]), "ü": null }`)
		n.run(`io.emit("before")`)
		eventually(t, "x has an offset", func() bool { return strings.Contains(n.run(`return clients.x.heard`), "before") })
		pid := strings.Trim(n.run(`return clients.x._pid`), `"`)
		sid := strings.Trim(n.run(`return clients.x.id`), `"`)
		offset := strings.Trim(n.run(`return clients.x._lastOffset`), `"`)
		if n.run(`clients.x.io.reconnection(false); clients.x.io.engine.close(); await sleep(50); return clients.x.connected`) != "false" {
			t.Fatal("x is there still")
		}
		n.run(`io.to("a").emit("missed", 1); io.to("b").emit("not for x")`)
		var kept *cluster.KeptSession
		eventually(t, "its session", func() (is bool) {
			var err error
			if kept, err = h.recorder().TakeSession(t.Context(), pid); err != nil {
				t.Fatal(err)
			}
			return kept != nil
		})
		f := kept.Foreign
		if f == nil || f.ID != sid || !strings.Contains(strings.Join(f.Rooms, " "), "a") || string(f.Data) != `{"n":1,"b":{"type":"Buffer","data":[1]},"ü":null}` {
			t.Errorf("%+v %s", f, f.Data)
		}
		after, ok := positionOf(offset)
		if !ok {
			t.Fatalf("offset %s", offset)
		}
		h.event("missed")
		var names []string
		for _, c := range h.replay("/", after, h.fence("/")) {
			names = append(names, c.Message.Event)
		}
		if fmt.Sprint(names) != "[missed not for x]" {
			t.Errorf("missed: %v", names)
		}
		if again, err := h.recorder().TakeSession(t.Context(), pid); again != nil || err != nil {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}

// TestNode_LetsTheBrowserOfAHubBeginAnew, whatever its browser says that it is.
func TestNode_LetsTheBrowserOfAHubBeginAnew(t *testing.T) {
	streamsBeside(t, func(t *testing.T, s *server, h *host, n *node) {
		client := watch(t, s)
		n.run(`io.emit("before")`)
		eventually(t, "x has an offset", func() bool { return strings.Contains(n.run(`return clients.x.heard`), "before") })
		values := [][]byte{{}, []byte("text"), []byte(`{"sid":"x"}`), {0x81, 0xa3, 's', 'i', 'd', 0xa1, 'x'}}
		for i, value := range values {
			h.recorder().KeepSession("private", value, time.Minute, nil)
			h.fence("/")
			raw, err := client.Get(t.Context(), "sio:session:hub:private").Result()
			if err != nil {
				t.Fatal(err)
			}
			for _, pid := range []string{"private", "hub:private", "same"} {
				client.Set(t.Context(), "sio:session:same", raw, time.Minute)
				got := n.run(`const c = clients.x; c.io.reconnection(false);
					const old = c.id, offset = c._lastOffset;
					c.disconnect(); c._pid = ` + strconv.Quote(pid) + `; c._lastOffset = offset;
					await new Promise((done, fail) => { c.once("connect", done); c.once("connect_error", fail); c.connect(); });
					const is = [c.recovered, c.id === old];
					c._lastOffset = offset; return is`)
				if got != `[false,false]` {
					t.Errorf("value %d, pid %s: recovered, same id: %s", i, pid, got)
				}
			}
		}
		n.run(`io.emit("alive")`)
		h.event("alive")
	})
}

// TestStreams_AStormReadsTheStreamOnce has as many come back as there are browsers of a hub that ends.
func TestStreams_AStormReadsTheStreamOnce(t *testing.T) {
	s := newServer(t)
	one, two := pair(t, Streams, s)
	const entries, browsers = 3000, 5000
	start := one.fence("/")
	for i := range entries {
		mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("n", "["+strconv.Itoa(i)+"]"), Origin: cluster.Origin{Number: uint64(i + 1)}})
	}
	to := one.fence("/")
	places := []cluster.Position{start}
	for _, c := range one.replay("/", start, to) {
		places = append(places, c.Origin.At)
	}
	if len(places) != entries+1 {
		t.Fatalf("%d entries", len(places)-1)
	}
	client := watch(t, s)
	calls := func() (n int) {
		info, err := client.Info(t.Context(), "commandstats").Result()
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(info, "cmdstat_xrange:calls=")
		n, _ = strconv.Atoi(rest[:max(strings.IndexByte(rest, ','), 0)])
		return n
	}
	before := calls()
	begun := time.Now()
	var all sync.WaitGroup
	for i := range browsers {
		all.Go(func() {
			first := (i * 7919) % entries
			n := first
			err := two.recorder().Replay(t.Context(), "/", places[first], to, func(c *cluster.Command) bool {
				if n++; c.Origin.Number != uint64(n) {
					t.Errorf("%d in place of %d", c.Origin.Number, n)
					return false
				}
				return true
			})
			if err != nil || n != entries {
				t.Errorf("from %d: %d, %v", first, n, err)
			}
		})
	}
	all.Wait()
	reads := calls() - before
	t.Logf("%d browsers over %d entries: %v, %d reads", browsers, entries, time.Since(begun), reads)
	if most := 2*entries/128 + 20; reads > most {
		t.Errorf("%d reads, want %d at most", reads, most)
	}
}

// TestStreams_APlaceWhereNothingIsIsGone, wherever it is said to be.
func TestStreams_APlaceWhereNothingIsIsGone(t *testing.T) {
	s := newServer(t)
	one, two := pair(t, Streams, s)
	from := one.fence("/")
	mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("n", `[]`)})
	to := one.fence("/")
	if got := two.replay("/", from, to); len(got) != 1 {
		t.Errorf("%d in the log", len(got))
	}
	for _, after := range []cluster.Position{{Major: from.Major, Minor: from.Minor + 1000}, {Major: 1}, {Major: to.Major + 1}} {
		err := two.recorder().Replay(t.Context(), "/", after, cluster.Position{Major: 1 << 62}, func(*cluster.Command) bool { return true })
		if !errors.Is(err, cluster.ErrGone) {
			t.Errorf("after %v: %v", after, err)
		}
	}
}

// TestStreams_AnEntryThatIsThereTwiceIsReplayedOnce as it is applied once.
func TestStreams_AnEntryThatIsThereTwiceIsReplayedOnce(t *testing.T) {
	s := newServer(t)
	one, two := pair(t, Streams, s)
	client := watch(t, s)
	from := one.fence("/")
	mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("one", `[]`), Origin: cluster.Origin{Number: 1}})
	mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("kept", `[]`), KeepOnly: true, Origin: cluster.Origin{Number: 2}})
	middle := one.fence("/")
	list, err := client.XRange(t.Context(), "socket.io", "("+idOf(from), "+").Result()
	if err != nil || len(list) != 2 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	for _, m := range list {
		if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: "socket.io", Values: m.Values}).Err(); err != nil {
			t.Fatal(err)
		}
	}
	mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("last", `[]`), Origin: cluster.Origin{Number: 3}})
	two.event("last")
	to := two.fence("/")
	if got := two.replay("/", from, to); len(got) != 3 {
		t.Errorf("%d from the beginning", len(got))
	}
	if got := two.replay("/", middle, to); len(got) != 1 {
		t.Errorf("%d from between", len(got))
	}
}

// TestStreams_SeveralStreams have a log each.
func TestStreams_SeveralStreams(t *testing.T) {
	s := newServer(t)
	c := Config{Engine: Streams, URL: s.url(), StreamCount: 4}
	one, two := newHost(t, c).connected(), newHost(t, c).connected()
	one.meets(1)
	two.meets(1)
	for _, namespace := range []string{"/", "/chat"} {
		from := two.fence(namespace)
		if from == (cluster.Position{}) {
			t.Error("a fence at nothing: nobody can come back to it")
		}
		for i := range 10 {
			mustPublish(t, one, &cluster.Command{Namespace: namespace, Target: all(), Message: message("n", "["+strconv.Itoa(i)+"]")})
		}
		to := one.fence(namespace)
		if got := two.replay(namespace, from, to); len(got) != 10 {
			t.Errorf("%s: %d in the log", namespace, len(got))
		}
	}
}

// TestStreams_ASessionThatWasTakenIsNotKeptAgain by a write whose answer was lost.
func TestStreams_ASessionThatWasTakenIsNotKeptAgain(t *testing.T) {
	s := newServer(t)
	one, two := pair(t, Streams, s)
	sessions := one.cluster.(*streamsEngine).streams.sessions
	again := func(value string) {
		t.Helper()
		left, err := sessions.change(t.Context(), []*sessionChange{{key: sessions.key("k"), value: sessions.ownHead() + value, until: time.Now().Add(time.Minute), again: true}})
		if err != nil || len(left) > 0 {
			t.Fatalf("%d left, %v", len(left), err)
		}
	}
	is := func(want string) {
		t.Helper()
		kept, err := two.recorder().TakeSession(t.Context(), "k")
		got := ""
		if kept != nil {
			got = string(kept.Value)
		}
		if err != nil || got != want {
			t.Errorf("%q, %v, want %q", got, err, want)
		}
	}
	again("1") // it had not been made
	is("1")
	again("1") // it had been
	is("")
	two.recorder().KeepSession("k", []byte("2"), time.Minute, nil)
	two.fence("/")
	again("1")
	is("2")
	one.recorder().KeepSession("k", []byte("3"), time.Minute, nil)
	one.fence("/")
	again("4") // its own
	is("4")
}

// TestStreams_WhatIsSaidOfACommandMayBeForged: nothing comes of it that is not a number.
func TestStreams_WhatIsSaidOfACommandMayBeForged(t *testing.T) {
	s := newServer(t)
	h := newHost(t, Config{Engine: Streams, URL: s.url()}).connected()
	client := watch(t, s)
	data, _ := json.Marshal(map[string]any{"opts": map[string]any{"rooms": []string{}, "except": []string{}, "flags": map[string]any{}}, "packet": map[string]any{"type": 2, "data": []string{"e"}, "nsp": "/"}})
	from := h.fence("/")
	for _, values := range [][]string{{"number", "x", "after", "y"}, {"number", "-1", "after", "1-"}, {"number", "99999999999999999999", "after", "1-2-3"}, {"number", "7", "after", "1-2"}} {
		args := []any{"XADD", "socket.io", "*", "uid", "node", "nsp", "/", "type", "3", "data", data}
		for _, v := range values {
			args = append(args, v)
		}
		if err := client.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
		if c := h.event("e"); c.Origin != (cluster.Origin{At: c.Origin.At}) {
			t.Errorf("%v: %+v", values, c.Origin)
		}
	}
	if got := h.replay("/", from, h.fence("/")); len(got) != 4 {
		t.Errorf("%d in the log", len(got))
	}
}

// TestStreams_TheDocumentedUserIsEnough for all that a hub does.
func TestStreams_TheDocumentedUserIsEnough(t *testing.T) {
	s := newServer(t)
	client := watch(t, s)
	text, err := os.ReadFile("../../../docs/cluster.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "ACL SETUSER") {
			continue
		}
		lines++
		var args []any
		for _, word := range strings.Fields(line) {
			args = append(args, word)
		}
		if err := client.Do(t.Context(), args...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if lines != 2 {
		t.Fatalf("%d lines", lines)
	}
	c := Config{Engine: Streams, URL: s.url(), Username: "hub", Password: "PASSWORD"}
	one, two := newHost(t, c).connected(), newHost(t, c).connected()
	one.meets(1)
	two.meets(1)
	mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("n", `[]`)})
	two.event("n")
	to := one.fence("/")
	if got := two.replay("/", cluster.Position{}, to); len(got) != 1 {
		t.Errorf("%d in the log", len(got))
	}
	kept := make(chan error, 1)
	one.recorder().KeepSession("k", []byte("v"), time.Minute, func(err error) { kept <- err })
	if err := <-kept; err != nil {
		t.Error(err)
	}
	sessions := one.cluster.(*streamsEngine).streams.sessions
	left, err := sessions.change(t.Context(), []*sessionChange{{key: sessions.key("k"), value: sessions.ownHead() + "w", until: time.Now().Add(time.Minute), again: true, done: func(err error) {
		if err != nil {
			t.Error(err)
		}
	}}, {key: sessions.key("x")}})
	if err != nil || len(left) > 0 {
		t.Errorf("%d left, %v", len(left), err)
	}
	if kept, err := two.recorder().TakeSession(t.Context(), "k"); err != nil || kept == nil || string(kept.Value) != "w" {
		t.Errorf("%+v, %v", kept, err)
	}
	log, err := client.Do(t.Context(), "ACL", "LOG").Slice()
	if err != nil || len(log) > 0 {
		t.Errorf("refused: %v, %v", log, err)
	}
}
