package redis

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/siohub/siohub/hub/cluster"
)

// nodeEngines are the engines, and their modes, as Node servers have them (testdata/node.mjs), and the hub beside each.
var nodeEngines = map[string]Config{
	Classic: {Engine: Classic}, "redis-specific": {Engine: Classic, SpecificResponses: true},
	Sharded: {Engine: Sharded}, "redis-sharded-static": {Engine: Sharded, SubscriptionMode: Static}, shardedPrivate: {Engine: Sharded, SubscriptionMode: DynamicPrivate},
	Streams: {Engine: Streams}, "redis-streams-0.2": {Engine: Streams}, plaintext: {Engine: Streams},
	"redis-streams-sharded": {Engine: Streams, ShardedPubSub: true},
}

// shardedPrivate is a Node server with `subscriptionMode: "dynamic-private"`.
const shardedPrivate = "redis-sharded-private"

// plaintext is a Node server with `onlyPlaintext`.
const plaintext = "redis-streams-plaintext"

// besideNode is a hub and a Node server, which has a client x in `/` with room a.
type besideNode struct {
	name string // of the engine, as Node has it
	*host
	*node
}

// TestNode runs all tests of a hub and a Node server over each engine, with the same two: a Node server takes long to start, and
// one of version 0.2 to be known.
func TestNode(t *testing.T) {
	for name, c := range nodeEngines {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // each has a Redis of its own
			s := newServer(t)
			c.URL = s.url()
			b := &besideNode{name, newHost(t, c, hubSocket()).connected(), newNode(t, name, s)}
			b.meet()
			for what, test := range map[string]func(*testing.T, *besideNode){
				"ItsEmitsReachTheHub": itsEmitsReachTheHub, "OddRoomsInBothDirections": oddRoomsInBothDirections,
				"ItsCommandsReachTheHub": itsCommandsReachTheHub, "ItsQuestionsAreAnswered": itsQuestionsAreAnswered,
				"CommandsOfTheHubReachIt": commandsOfTheHubReachIt, "QuestionsOfTheHubAreAnswered": questionsOfTheHubAreAnswered,
			} {
				t.Run(what, func(t *testing.T) {
					b.reset(t)
					test(t, b)
				})
			}
		})
	}
}

// meet waits until either counts the other.
func (b *besideNode) meet() {
	h, n := b.host, b.node
	n.run(`await join("x", "/", ["a"])`)
	eventually(h.t, "the Node server counts the hub", func() bool { return n.run(`return (await io.of("/").adapter.serverCount()) > 1`) == "true" })
	eventually(h.t, "the hub counts the Node server", func() bool {
		answers, missing := h.ask(&cluster.Question{Kind: cluster.Count, Namespace: "/", Target: all()})
		return len(answers) == 1 && answers[0].Count == 1 && len(missing) == 0
	})
}

// subscribed waits until so many servers have subscribed to the room a, which Node does in its own time.
func (b *besideNode) subscribed(servers int) {
	if b.name == Sharded || b.name == shardedPrivate {
		eventually(b.node.t, "room a is subscribed to", func() bool {
			return b.run(`return await pub.sendCommand(["PUBSUB", "SHARDNUMSUB", "socket.io#/#a#"])`) == fmt.Sprintf(`["socket.io#/#a#",%d]`, servers)
		})
	}
}

// reset forgets what a test has left.
func (b *besideNode) reset(t *testing.T) {
	b.host.t, b.node.t = t, t
	b.run(`for (const c of Object.values(clients)) c.disconnect();
		while (io.of("/").sockets.size > 0) await sleep(5);
		for (const name of Object.keys(clients)) delete clients[name];
		io.of("/").removeAllListeners("hello"); io.of("/").removeAllListeners("ask");`)
	b.subscribed(1) // the hub
	b.run(`await join("x", "/", ["a"])`)
	b.subscribed(2)
	b.host.mu.Lock()
	defer b.host.mu.Unlock()
	b.commands, b.questions, b.acks = nil, nil, nil
}

const hubID = "hubhubhubhubhubhub20"

func hubSocket() cluster.Socket {
	at := time.Date(2026, 11, 29, 1, 2, 3, 0, time.UTC)
	return cluster.Socket{
		ID: hubID, User: "u", Transport: "websocket", Rooms: []string{"a", "h", "\x01user:u"}, Data: []byte(`{"name":"hub"}`), ConnectTime: at,
		Handshake: &cluster.Handshake{Address: "10.0.0.1", URL: "/socket.io/?EIO=4", Time: at, Headers: []cluster.Pair{{Name: "User-Agent", Value: "browser"}},
			Query: []cluster.Pair{{Name: "EIO", Value: "4"}}},
	}
}

func itsEmitsReachTheHub(t *testing.T, b *besideNode) {
	h, n := b.host, b.node
	for name, c := range map[string]struct {
		js     string
		target cluster.Target
		args   string
		binary [][]byte
	}{
		"text":    {`io.emit("text", "x", 1, { a: [null, true, 1.5] })`, all(), `["x",1,{"a":[null,true,1.5]}]`, nil},
		"rooms":   {`io.to("a").to("h").except("z").emit("rooms")`, cluster.Target{Rooms: []string{"a", "h"}, ExceptRooms: []string{"z"}}, `[]`, nil},
		"room":    {`io.to("a").emit("room", "é")`, toRooms("a"), `["é"]`, nil},
		"socket":  {`io.to("` + hubID + `").emit("socket")`, toRooms(hubID), `[]`, nil},
		"binary":  {`io.emit("binary", Buffer.from([1, 2]), { deep: [{ b: Buffer.from([]) }] })`, all(), `[{"_placeholder":true,"num":0},{"deep":[{"b":{"_placeholder":true,"num":1}}]}]`, [][]byte{{1, 2}, {}}},
		"numbers": {`io.emit("numbers", 2 ** 53, -1, 4294967296, 0.1)`, all(), `[9007199254740992,-1,4294967296,0.1]`, nil},
	} {
		if name == "binary" && b.name == plaintext { // Node makes text of it
			c.args, c.binary = `[{"type":"Buffer","data":[1,2]},{"deep":[{"b":{"type":"Buffer","data":[]}}]}]`, nil
		}
		n.run(c.js)
		got := h.event(name)
		if diff := cmp.Diff(c.target, got.Target); diff != "" {
			t.Errorf("%s: target\n%s", name, diff)
		}
		if string(got.Message.Args) != c.args {
			t.Errorf("%s: args %s", name, got.Message.Args)
		}
		if diff := cmp.Diff(c.binary, got.Message.Attachments); diff != "" {
			t.Errorf("%s: attachments\n%s", name, diff)
		}
	}
	n.run(`io.volatile.compress(false).emit("flags"); io.of("/chat").emit("chat")`)
	if m := h.event("flags").Message; !m.Volatile || !m.NoCompress {
		t.Errorf("flags: %+v", m)
	}
	if c := h.event("chat"); c.Namespace != "/chat" {
		t.Errorf("namespace %s", c.Namespace)
	}
	large := `"x".repeat(200 * 1024), Buffer.alloc(200 * 1024, 7)`
	if b.name == plaintext {
		large = `"x".repeat(200 * 1024)`
	}
	n.run(`io.emit("large", ` + large + `)`)
	if m := h.event("large").Message; len(m.Args) < 200<<10 || b.name != plaintext && (len(m.Attachments) != 1 || len(m.Attachments[0]) != 200<<10) {
		t.Errorf("large: %d bytes", len(m.Args))
	}
	n.run(`for (let i = 0; i < 500; i++) io.emit("n", i)`)
	for i := range 500 {
		if got := string(h.event("n").Message.Args); got != "["+strconv.Itoa(i)+"]" {
			t.Fatalf("%s in place of %d", got, i)
		}
	}
	if seen := h.seen(); len(seen) > 0 {
		t.Errorf("more than there was: %s", short(seen))
	}
}

func oddRoomsInBothDirections(t *testing.T, b *besideNode) {
	engine, h, n := b.name, b.host, b.node
	for i, room := range oddRooms {
		h.occupy("/", room)
		quoted, _ := json.Marshal(room)
		name := "r" + strconv.Itoa(i)
		if strings.HasPrefix(engine, Sharded) { // until the hub listens to the room
			eventually(t, "the room is subscribed", func() bool {
				n.run(fmt.Sprintf(`io.to(%s).emit("probe")`, quoted))
				return slices.ContainsFunc(h.seen(), func(s string) bool { return strings.Contains(s, "probe") })
			})
			h.mu.Lock()
			h.commands = nil
			h.mu.Unlock()
		}
		n.run(fmt.Sprintf(`io.to(%s).emit(%q)`, quoted, name))
		if got := h.event(name).Target; len(got.Rooms) != 1 || got.Rooms[0] != room {
			t.Errorf("room %q became %+v", room, got)
		}
		n.run(fmt.Sprintf(`io.in(clients.x.id).local.socketsJoin(%s)`, quoted))
		eventually(t, fmt.Sprintf("x hears what is sent to %q", room), func() bool { // Node subscribes to a new room in its own time
			mustPublish(t, h, &cluster.Command{Namespace: "/", Target: toRooms(room), Message: message("of the hub", `[`+strconv.Itoa(i)+`]`)})
			return strings.Contains(n.run(`return clients.x.heard`), `["of the hub",`+strconv.Itoa(i)+`]`)
		})
		n.run(fmt.Sprintf(`io.in(clients.x.id).local.socketsLeave(%s)`, quoted))
	}
	n.run(`io.to(12).emit("numeric")`)
	if got := h.event("numeric").Target; got.Rooms[0] != "12" {
		t.Errorf("%+v", got)
	}
}

func itsCommandsReachTheHub(t *testing.T, b *besideNode) {
	h, n := b.host, b.node
	n.run(`io.in("a").except("b").socketsJoin(["r", "\u0001user:x"])`)
	c := h.take("a join", func(c *cluster.Command) bool { return c.Join != nil })
	c.Origin = cluster.Origin{} // other tests look at it
	if diff := cmp.Diff(&cluster.Command{Namespace: "/", Target: cluster.Target{Rooms: []string{"a"}, ExceptRooms: []string{"b"}}, Join: []string{"r"}}, c); diff != "" {
		t.Error(diff)
	}
	n.run(`io.socketsLeave("r")`)
	if c := h.take("a leave", func(c *cluster.Command) bool { return c.Leave != nil }); !c.Target.All || c.Leave[0] != "r" {
		t.Errorf("%+v", c)
	}
	n.run(`io.in("h").disconnectSockets(true)`)
	if c := h.take("a disconnect", func(c *cluster.Command) bool { return c.Disconnect != nil }); !c.Disconnect.CloseTransport || c.Target.Rooms[0] != "h" {
		t.Errorf("%+v", c)
	}
	n.run(`io.serverSideEmit("hello", { a: 1 })`)
	if c := h.take("a server side emit", func(c *cluster.Command) bool { return c.ServerSide != nil }); c.ServerSide.Event != "hello" || string(c.ServerSide.Args) != `[{"a":1}]` {
		t.Errorf("%+v", c.ServerSide)
	}
}

func itsQuestionsAreAnswered(t *testing.T, b *besideNode) {
	engine, h, n := b.name, b.host, b.node
	got := n.run(`const s = (await io.in("h").fetchSockets())[0];
		return [s.id, [...s.rooms], s.data, s.handshake.headers["user-agent"], s.handshake.query.EIO, s.handshake.address, s.handshake.issued, s.handshake.auth]`)
	if want := `["` + hubID + `",["` + hubID + `","a","h"],{"name":"hub"},"browser","4","10.0.0.1",1795914123000,{}]`; got != want {
		t.Errorf("fetch: %s", got)
	}
	if got := n.run(`return (await io.fetchSockets()).length`); got != "2" {
		t.Errorf("fetch of all: %s", got)
	}
	if got := n.run(`return (await io.in("nobody").fetchSockets()).length`); got != "0" {
		t.Errorf("fetch of nobody: %s", got)
	}
	if got := n.run(`return await io.serverSideEmitWithAck("ask", 1)`); got != `["from the hub"]` {
		t.Errorf("server side: %s", got)
	}
	h.mu.Lock()
	h.acks = []string{`["yes"]`, `[{"n":2},3]`, `[]`}
	h.mu.Unlock()
	n.run(`clients.x.answer = "no"`)
	got = n.run(`return await io.timeout(2000).emitWithAck("q", 1)`)
	for _, want := range []string{`"yes"`, `{"n":2}`, `null`, `"no"`} {
		if !strings.Contains(got, want) || strings.Count(got, ",") != 3 {
			t.Errorf("acks: %s, not %s", got, want)
		}
	}
	if engine == Classic || engine == "redis-specific" {
		if got := n.run(`return [...await io.of("/").adapter.allRooms()].sort()`); !strings.Contains(got, `"h",`) || strings.Contains(got, "user:") || !strings.Contains(got, hubID) {
			t.Errorf("rooms: %s", got)
		}
	}
}

func commandsOfTheHubReachIt(t *testing.T, b *besideNode) {
	h, n := b.host, b.node
	id := strings.Trim(n.run(`return clients.x.id`), `"`)
	for _, c := range []struct {
		target cluster.Target
		m      *cluster.Message
		want   string
	}{
		{all(), message("text", `["x",1,{"a":[null,true,1.5]}]`), `[["text","x",1,{"a":[null,true,1.5]}]]`},
		{toRooms("a", "z"), message("rooms", `[]`), `[["rooms"]]`},
		{cluster.Target{Sockets: []string{id}}, message("socket", `["é\u0001"]`), `[["socket","é\u0001"]]`},
		{toRooms("a"), message("binary", `[{"deep":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}]`, []byte{1, 2}, []byte{}), `[["binary",{"deep":[{"$bin":"AQI="}]},{"$bin":""}]]`},
		{all(), message("large", `["`+strings.Repeat("x", 200<<10)+`"]`), `[["large","` + strings.Repeat("x", 200<<10) + `"]]`},
	} {
		mustPublish(t, h, &cluster.Command{Namespace: "/", Target: c.target, Message: c.m})
		n.heard("x", c.want)
	}
	want := "["
	for i := range 500 {
		mustPublish(t, h, &cluster.Command{Namespace: "/", Target: all(), Message: message("n", "["+strconv.Itoa(i)+"]")})
		want += `["n",` + strconv.Itoa(i) + `],`
	}
	n.heard("x", strings.TrimSuffix(want, ",")+"]")
	mustPublish(t, h, &cluster.Command{Namespace: "/", Target: cluster.Target{All: true, ExceptSockets: []string{id}}, Message: message("not to x", `[]`)})
	mustPublish(t, h, &cluster.Command{Namespace: "/", Target: toRooms("a"), Join: []string{"r", "s"}})
	eventually(t, "x is in r", func() bool { return strings.Contains(n.run(`return rooms("x", "/")`), `"r","s"`) })
	mustPublish(t, h, &cluster.Command{Namespace: "/", Target: toRooms("r"), Leave: []string{"r"}})
	eventually(t, "x has left r", func() bool { return !strings.Contains(n.run(`return rooms("x", "/")`), `"r"`) })
	n.run(`io.heard = []; io.of("/").on("hello", (...args) => io.heard.push(args))`)
	mustPublish(t, h, &cluster.Command{Namespace: "/", ServerSide: message("hello", `[{"a":1}]`)})
	eventually(t, "the server hears", func() bool { return n.run(`return io.heard`) == `[[{"a":1}]]` })
	mustPublish(t, h, &cluster.Command{Namespace: "/", Target: toRooms("s"), Disconnect: &cluster.Disconnect{Detail: "why"}})
	n.heard("x", `[["disconnect","io server disconnect"]]`)
}

func questionsOfTheHubAreAnswered(t *testing.T, b *besideNode) {
	h, n := b.host, b.node
	n.run(`for (const s of io.of("/").sockets.values()) s.data = { b: Buffer.from([1]) }`)
	answers, missing := h.ask(&cluster.Question{Kind: cluster.Fetch, Namespace: "/", Target: toRooms("a"), Handshakes: true})
	if len(missing) != 0 || len(answers) != 1 || len(answers[0].Sockets) != 1 {
		t.Fatalf("fetch: %s, missing %v", short(answers), missing)
	}
	s := answers[0].Sockets[0]
	if !slices.Equal(s.Rooms, []string{"a"}) || string(s.Data) != `{"b":{"type":"Buffer","data":[1]}}` || s.Handshake == nil || string(s.Handshake.Auth) != `{"token":"x"}` {
		t.Errorf("fetched %+v %s", s, s.Data)
	}
	answers, missing = h.ask(&cluster.Question{Kind: cluster.ListRooms, Namespace: "/", Prefix: "a"})
	if len(missing) != 0 || len(answers) != 1 || !slices.Equal(answers[0].Names, []cluster.Size{{Name: "a", Sockets: 1}}) {
		t.Errorf("rooms: %s, missing %v", short(answers), missing)
	}
	n.run(`io.of("/").on("ask", (x, cb) => cb({ x }))`)
	answers, missing = h.ask(&cluster.Question{Kind: cluster.ServerSideEmit, Namespace: "/", Message: message("ask", `[1]`)})
	if len(missing) != 0 || len(answers) != 1 || string(answers[0].Value) != `[{"x":1}]` {
		t.Errorf("server side: %s, missing %v", short(answers), missing)
	}
	n.run(`await join("y", "/"); clients.x.answer = "yes"; clients.y.answer = Buffer.from([5])`)
	answers, missing = h.ask(&cluster.Question{Kind: cluster.Acks, Namespace: "/", Target: all(), Message: message("q", `[]`), Timeout: 3 * time.Second})
	acks := 0
	for _, a := range answers {
		if a.Acks.Ack != nil {
			acks++
		}
	}
	last := answers[len(answers)-1].Acks.Total
	if len(missing) != 0 || acks != 2 || last == nil || *last != (cluster.AckTotal{Expected: 2, Acked: 2}) {
		t.Errorf("acks: %d, %+v, missing %v", acks, last, missing)
	}
	n.run(`clients.y.answer = undefined`)
	answers, missing = h.ask(&cluster.Question{Kind: cluster.Acks, Namespace: "/", Target: all(), Message: message("q", `[]`), Timeout: 300 * time.Millisecond})
	if last := answers[len(answers)-1].Acks.Total; len(missing) != 0 || last == nil || *last != (cluster.AckTotal{Expected: 2, Acked: 1, TimedOut: 1}) {
		t.Errorf("late acks: %s, missing %v", short(answers), missing)
	}
}

func TestEmitter_IsNeverTakenForAnybody(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	n := newNode(t, Classic, s)
	h := newHost(t, Config{Engine: Classic, URL: s.url()}, hubSocket()).connected()
	n.run(`emitter.to("a").emit("one", Buffer.from([1]), 2 ** 53); emitter.of("/chat").emit("two"); emitter.in(["a", "b"]).except("c").volatile.emit("three")`)
	if m := h.event("one").Message; string(m.Args) != `[{"_placeholder":true,"num":0},9007199254740992]` || string(m.Attachments[0]) != "\x01" {
		t.Errorf("%s", m.Args)
	}
	if c := h.event("two"); c.Namespace != "/chat" || !c.Target.All {
		t.Errorf("%+v", c)
	}
	if c := h.event("three"); !c.Message.Volatile || len(c.Target.Rooms) != 2 || len(c.Target.ExceptRooms) != 1 {
		t.Errorf("%+v", c)
	}
	n.run(`emitter.in("a").socketsJoin("r"); emitter.socketsLeave(["r", "s"]); emitter.in("a").disconnectSockets(true); emitter.serverSideEmit("x", 1)`)
	h.take("a join", func(c *cluster.Command) bool { return len(c.Join) == 1 && c.Target.Rooms[0] == "a" })
	h.take("a leave", func(c *cluster.Command) bool { return len(c.Leave) == 2 && c.Target.All })
	h.take("a disconnect", func(c *cluster.Command) bool { return c.Disconnect != nil && c.Disconnect.CloseTransport })
	h.take("a server side emit", func(c *cluster.Command) bool { return c.ServerSide != nil })
}

// TestClassic_AnswersOnTheChannelOfWhoHasAsked with SpecificResponses, and on that of all without.
func TestClassic_AnswersOnTheChannelOfWhoHasAsked(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client := redis.NewClient(&redis.Options{Addr: s.address})
	defer client.Close()
	const toAll, toOne = "socket.io-response#/#", "socket.io-response#/#abcdef#"
	heard := client.Subscribe(t.Context(), toAll, toOne)
	defer heard.Close()
	for range 2 {
		if _, err := heard.Receive(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for specific, want := range map[bool]string{false: toAll, true: toOne} {
		c := Config{Engine: Classic, URL: s.url(), Prefix: "socket.io", SpecificResponses: specific}
		h := newHost(t, c, hubSocket()).connected()
		if err := client.Publish(t.Context(), "socket.io-request#/#", `{"uid":"abcdef","requestId":"r","type":5,"opts":{"rooms":[],"except":[]}}`).Err(); err != nil {
			t.Fatal(err)
		}
		if m, err := heard.ReceiveMessage(t.Context()); err != nil || m.Channel != want {
			t.Errorf("%v: %v %v", specific, m, err)
		}
		if err := h.cluster.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
