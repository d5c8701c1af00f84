package nodewire

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/hub/cluster"
)

func event(name, args string, attachments ...[]byte) *cluster.Message {
	return &cluster.Message{Event: name, Args: []byte(args), Attachments: attachments}
}

var at = time.Date(2026, 11, 29, 2, 29, 5, 123e6, time.UTC)

// messages are what both sides have to understand.
func messages() map[string]*Message {
	target := cluster.Target{Sockets: []string{"Zm9vYmFyYmF6cXV4MTIz"}, Rooms: []string{"a", "#", "", "ключ\u0001", "12"}, Users: []string{"u1"},
		ExceptSockets: []string{"x"}, ExceptRooms: []string{"y#"}, ExceptUsers: []string{"z"}}
	sockets := []cluster.Socket{{ID: "s1", Rooms: []string{"a", ""}, Data: []byte(`{"n":18446744073709551615}`), ConnectTime: at, Handshake: &cluster.Handshake{
		Address: "1.2.3.4", URL: "/socket.io/?EIO=4", Origin: "http://x", CrossDomain: true, Secure: true, Time: at,
		Headers: []cluster.Pair{{Name: "host", Value: "h"}, {Name: "origin", Value: "http://x"}},
		Query:   []cluster.Pair{{Name: "EIO", Value: "4"}}, Auth: []byte(`{"token":"t"}`),
	}}}
	volatile := event("n", `[]`)
	volatile.Volatile, volatile.NoCompress = true, true
	return map[string]*Message{
		"to all":        {Kind: Broadcast, Target: cluster.Target{All: true}, Event: event("hello", `["x",1]`)},
		"to some":       {Kind: Broadcast, Target: target, Event: event("hello", `[9007199254740993,{"a":[1.5,null,true]}]`)},
		"volatile":      {Kind: Broadcast, Target: cluster.Target{All: true}, Event: volatile, Sequence: 1 << 60},
		"binary":        {Kind: Broadcast, Target: target, Event: event("b", `[{"x":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}]`, []byte{1, 2}, []byte{})},
		"with acks":     {Kind: Broadcast, RequestID: "r", Timeout: 1500, Target: target, Event: event("a", `["\u0001é\n"]`)},
		"join":          {Kind: Join, Target: target, Names: []string{"r", "#"}},
		"leave":         {Kind: Leave, Target: cluster.Target{All: true}, Names: []string{""}},
		"disconnect":    {Kind: Disconnect, Target: target, Disconnect: cluster.Disconnect{CloseTransport: true, Detail: "go\"ne"}},
		"may return":    {Kind: Disconnect, Target: target, Disconnect: cluster.Disconnect{MayReturn: true, Forget: true}},
		"fetch":         {Kind: FetchSockets, RequestID: "r", Target: target},
		"server side":   {Kind: ServerSideEmit, Event: event("s", `["x"]`)},
		"with answer":   {Kind: ServerSideEmit, RequestID: "r", Event: event("s", `[{"_placeholder":true,"num":0}]`, []byte("bin"))},
		"sockets":       {Kind: SocketsAnswer, RequestID: "r", Sockets: sockets},
		"server's":      {Kind: ServerSideAnswer, RequestID: "r", Value: []byte(`[{"a":1}]`)},
		"client count":  {Kind: ClientCount, RequestID: "r", Count: 3},
		"ack":           {Kind: Ack, RequestID: "r", Value: []byte(`["yes"]`)},
		"ack in binary": {Kind: Ack, RequestID: "r", Value: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{7}}},
		"list ids":      {Kind: ListIDs, RequestID: "r", Target: cluster.Target{Rooms: []string{"a"}}},
		"list rooms":    {Kind: ListRooms, RequestID: "r"},
		"ids":           {Kind: IDsAnswer, RequestID: "r", Names: []string{"a", "b"}},
		"rooms":         {Kind: RoomsAnswer, RequestID: "r", Names: []string{"a", ""}},
		"done":          {Kind: Done, RequestID: "r"},
		"hello":         {Kind: InitialHeartbeat},
		"heartbeat":     {Kind: Heartbeat},
		"leaving":       {Kind: Leaving},
	}
}

func TestClassic_ThereAndBack(t *testing.T) {
	c := New(Limits{})
	for name, m := range messages() {
		m.Namespace = "/chat"
		var got *Message
		var err error
		switch {
		case m.Kind == Broadcast && m.RequestID == "":
			m.UID = "0123456789abcdef"
			got, err = c.Broadcast(AppendBroadcast(nil, m))
		case m.Kind < SocketsAnswer:
			m.UID = "0123456789abcdef"
			got, err = c.Request("/chat", AppendRequest(nil, m))
		case m.Kind < InitialHeartbeat:
			got, err = c.Answer("/chat", AppendAnswer(nil, m))
		default:
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestCluster_ThereAndBack(t *testing.T) {
	c := New(Limits{})
	for name, m := range messages() {
		m.Namespace, m.UID = "/", "0123456789abcdef"
		if clusterType(m.Kind) == 0 {
			continue
		}
		for form, read := range map[string]func() (*Message, error){
			"text":   func() (*Message, error) { return c.Cluster(AppendCluster(nil, m, false)) },
			"packed": func() (*Message, error) { return c.Cluster(AppendCluster(nil, m, true)) },
			"entry":  func() (*Message, error) { return c.Entry(EntryOf(m)) },
		} {
			if got, err := read(); err != nil {
				t.Errorf("%s as %s: %v", name, form, err)
			} else if diff := cmp.Diff(m, got); diff != "" {
				t.Errorf("%s as %s:\n%s", name, form, diff)
			}
		}
	}
}

// What notepack.io 3.0.1 and @msgpack/msgpack 2.8 wrote.
func TestClassic_WhatNodeWrote(t *testing.T) {
	c := New(Limits{})
	// encode(["emitter",{type:2,data:["x",Buffer.from([1]),2**53+2],nsp:"/"},{rooms:[12,"a"],except:[],flags:{}}])
	raw, _ := hex.DecodeString("93a7656d697474657283a47479706502a46461746193a178c40101cf0020000000000002a36e7370a12f83a5726f6f6d73920ca161a665786365707490a5666c61677380")
	m, err := c.Broadcast(raw)
	if err != nil {
		t.Fatal(err)
	}
	want := &Message{Kind: Broadcast, UID: Emitter, Namespace: "/", Target: cluster.Target{Rooms: []string{"12", "a"}},
		Event: event("x", `[{"_placeholder":true,"num":0},9007199254740994]`, []byte{1})}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
}

func TestClassic_WhatOldServersSay(t *testing.T) {
	c := New(Limits{})
	for text, want := range map[string]*Message{
		`{"requestId":"r","type":2,"sid":"s","room":"a"}`: {Kind: Join, RequestID: "r", Target: cluster.Target{Sockets: []string{"s"}}, Names: []string{"a"}},
		`{"requestId":"r","type":4,"sid":"s","close":true}`: {Kind: Disconnect, RequestID: "r", Target: cluster.Target{Sockets: []string{"s"}},
			Disconnect: cluster.Disconnect{CloseTransport: true}},
	} {
		got, err := c.Request("", []byte(text))
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestBroadcast_WithoutNamespaceIsOfTheMainOne(t *testing.T) {
	m, err := New(Limits{}).Broadcast(packed(`["u",{"type":2,"data":["x"]},{"rooms":[],"except":[]}]`))
	if err != nil || m.Namespace != "/" || !m.Target.All {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestJoin_UsersAreNoRooms(t *testing.T) {
	c := New(Limits{})
	m, err := c.Request("/", []byte(`{"type":2,"opts":{"rooms":["\u0001user:u"],"except":[]},"rooms":["a","\u0001user:x","\u0001"]}`))
	if err != nil || m.LeftOut != 2 || len(m.Names) != 1 || m.Target.Users[0] != "u" {
		t.Errorf("%+v, %v", m, err)
	}
	for _, answer := range []string{`{"requestId":"r","rooms":["\u0001user:x","a"]}`, `{"requestId":"r","sockets":[{"id":"s","rooms":["s","\u0001user:x","a"]}]}`} {
		m, err := c.Answer("/", []byte(answer))
		if err != nil {
			t.Fatal(err)
		}
		rooms := m.Names
		if len(m.Sockets) > 0 {
			rooms = m.Sockets[0].Rooms
		}
		if len(rooms) != 1 || rooms[0] != "a" {
			t.Errorf("%s: %q", answer, rooms)
		}
	}
	own := AppendAnswer(nil, &Message{Kind: SocketsAnswer, Sockets: []cluster.Socket{{ID: "s", Rooms: []string{"\x01user:x"}}}})
	if strings.Contains(string(own), "user:") {
		t.Errorf("%s", own)
	}
}

func TestSockets_BinaryData(t *testing.T) {
	c := New(Limits{})
	const many = 20 // more than an event may have
	list := `{"uid":"u","nsp":"/","type":8,"data":{"requestId":"r","sockets":[`
	var attachments [][]byte
	for i := range many {
		if i > 0 {
			list += ","
		}
		list += `{"id":"s","rooms":[],"data":{"_placeholder":true,"num":` + string(rune('0'+i/10)) + `}}`
		attachments = append(attachments, []byte{byte(i)})
	}
	list += `]}}`
	m, err := c.Cluster(packed(list, attachments...))
	if err != nil || len(m.Sockets) != many || string(m.Sockets[0].Data) != `{"type":"Buffer","data":[0]}` {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestSocket_HandshakeIsWhole(t *testing.T) {
	got := string(appendSocket(nil, &cluster.Socket{ID: "s", ConnectTime: at, Handshake: &cluster.Handshake{
		Time:    at,
		Headers: []cluster.Pair{{Name: "Cookie", Value: "a=1"}, {Name: "Cookie", Value: "b=2"}, {Name: "Accept", Value: "x"}, {Name: "accept", Value: "y"}},
		Query:   []cluster.Pair{{Name: "q", Value: "1"}, {Name: "q", Value: "2"}},
	}}))
	const want = `{"id":"s","handshake":{"headers":{"cookie":"a=1; b=2","accept":"x, y"},"time":"Sun Nov 29 2026 02:29:05 GMT+0000 (Coordinated Universal Time)",` +
		`"address":"","xdomain":false,"secure":false,"issued":1795919345123,"url":"","query":{"q":"2"},"auth":{}},"rooms":["s"],"data":{}}`
	if got != want {
		t.Errorf("%s", got)
	}
}
