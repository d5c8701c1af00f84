package socketio

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/virtualtime"
)

func (s *stage) openOld(transport hubtest.Transport) *hubtest.Browser {
	s.t.Helper()
	return s.http.Open(hubtest.Options{Transport: transport, Revision: eiopacket.Revision3, Query: "token=x"})
}

func TestRevision3_IsInTheMainNamespaceWithoutAWord(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		s := play(t, Config{})
		var attempt *Attempt
		s.connect = func(a *Attempt) {
			attempt = a
			_ = a.Accept(Acceptance{})
		}
		b := s.openOld(transport)
		b.Expect("40")
		s.heard("connect / ", "connected /")
		if socket := s.socket("/"); socket.ID() != b.SID() || socket.ClientID() == b.SID() || attempt.SocketID() != b.SID() {
			t.Errorf("socket %q, attempt %q, client %q of session %q", socket.ID(), attempt.SocketID(), socket.ClientID(), b.SID())
		}
		if q := attempt.Handshake().Query(); q["token"] != "x" || attempt.Auth() != nil {
			t.Errorf("query %v, auth %s", q, attempt.Auth())
		}
		b.Send("40/chat?token=a%20b&room=1&token=c&empty=,")
		b.Expect("40/chat,")
		s.heard(`connect /chat {"token":"c","room":"1","empty":""}`, "connected /chat")
		if got := s.socket("/chat").ID(); got != "/chat#"+b.SID() {
			t.Errorf("socket %q", got)
		}
		b.Send("40/plain")
		b.Expect("40/plain,")
		s.heard("connect /plain ", "connected /plain")
	})
}

// The packets of old clients name the namespace with its query or without.
func TestRevision3_TheQueryIsNoPartOfANamespace(t *testing.T) {
	s := play(t, Config{})
	b := s.openOld(hubtest.WebSocket)
	b.Send("40/chat?a=1,")
	b.Expect("40", "40/chat,")
	b.Send(`42/chat?a=1,["hi"]`, `42/chat,["ho"]`, "41/chat?a=1")
	s.heard("connect / ", "connected /", `connect /chat {"a":"1"}`, "connected /chat",
		"event /chat hi[] 0", "event /chat ho[] 0", "disconnected /chat client namespace disconnect")
}

func TestRevision3_Refusals(t *testing.T) {
	s := play(t, Config{Limits: Limits{AuthBytes: 100, Namespaces: 2}})
	s.connect = func(a *Attempt) {
		switch a.Namespace() {
		case "/data":
			_ = a.Deny("not today", []byte(`{"retry":false}`))
		case "/words":
			_ = a.Deny("not \"today\"", nil)
		default:
			_ = a.Accept(Acceptance{})
		}
	}
	b := s.openOld(hubtest.WebSocket)
	b.Expect("40")
	b.Send("40/data?x=1,", "40/words", "40/unknown?a=1", "40/big?"+strings.Repeat("a", 101), "40/ok", "40/toomany")
	b.Expect(`44/data,{"retry":false}`, `44/words,"not \"today\""`, `44/unknown,{"message":"Invalid namespace"}`,
		`44/big,"Auth is too large"`, "40/ok,", `44/toomany,"Too many namespaces"`)
}

// Whoever is refused in the main namespace may join others.
func TestRevision3_RefusedInTheMainNamespace(t *testing.T) {
	s := play(t, Config{})
	s.connect = func(a *Attempt) {
		if a.Namespace() == "/" {
			_ = a.Deny("who are you?", nil)
			return
		}
		_ = a.Accept(Acceptance{})
	}
	b := s.openOld(hubtest.Polling)
	b.Expect(`44"who are you?"`)
	b.Send("40/chat")
	b.Expect("40/chat,")
}

// Nobody is in without a decision, and what comes before it waits.
func TestRevision3_WaitsForTheDecision(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		s := play(t, Config{})
		attempts := make(chan *Attempt, 1)
		s.connect = func(a *Attempt) { attempts <- a }
		b := s.openOld(transport)
		a := <-attempts
		b.Send(`42["early"]`)
		s.heard("connect / ")
		if o := s.server.Emit(nil, "/", everybody, cluster.Message{Event: "secret"}); o.Matched != 0 {
			t.Errorf("%+v", o)
		}
		_ = a.Accept(Acceptance{Rooms: []string{"r"}})
		b.Expect("40")
		s.heard("connected /", "event / early[] 0")
		s.server.Emit(nil, "/", to("r"), cluster.Message{Event: "told", Args: []byte(`["é",{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{7}}})
		b.Expect(`451-["told","é",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte{7}))
	})
}

func TestRevision3_Undecided(t *testing.T) {
	s := play(t, Config{})
	s.connect = func(a *Attempt) { _ = a.Undecided() }
	b := s.openOld(hubtest.WebSocket)
	b.WaitEnd()
	s.heard("connect / ")
}

// A client that was refused, and asks for nothing else, is closed like any other.
func TestRevision3_ConnectTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := play(t, Config{ConnectTimeout: 10 * time.Second})
		attempts := make(chan *Attempt, 1)
		s.connect = func(a *Attempt) { attempts <- a }
		b := s.openOld(hubtest.WebSocket)
		virtualtime.Pass(30 * time.Second) // those who decide take their time
		_ = (<-attempts).Deny("no", nil)
		b.Expect(`44"no"`)
		b.Quiet(9 * time.Second)
		b.WaitEnd()
	})
}

func TestRevision3_AcknowledgementsBothWays(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		s := play(t, Config{})
		s.event = func(socket *Socket, e Event) { _ = socket.Reply(nil, e.ID, e.Args, e.Attachments) }
		b := s.openOld(transport)
		b.Expect("40")
		b.Send(`451-7["ask",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte{1, 2}))
		b.Expect(`461-7[{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte{1, 2}))
	})
}

// A broadcast is encoded once for clients of both revisions.
func TestRevision3_ABroadcastIsEncodedOnce(t *testing.T) {
	config, text, binary := bothForms()
	s := play(t, config)
	var browsers []*hubtest.Browser
	for range 3 {
		old := s.openOld(hubtest.WebSocket)
		old.Expect("40")
		s.heard("connect / ", "connected /")
		browsers = append(browsers, old, s.join("/"))
	}
	before := text.encoded.Load()
	s.server.Emit(nil, "/", everybody, cluster.Message{Event: "all", Args: []byte(`[1,{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{9}}})
	for _, b := range browsers {
		b.Expect(`451-["all",1,{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte{9}))
	}
	if n := text.encoded.Load() - before; n != 1 || binary.encoded.Load() != 0 {
		t.Errorf("encoded %d times, %d times as msgpack", n, binary.encoded.Load())
	}
}

func TestRevision3_SpeaksJSONBesideMsgpack(t *testing.T) {
	config, _, _ := bothForms()
	s := play(t, config)
	b := s.openOld(hubtest.WebSocket)
	b.Expect("40")
	b.SendBinary(pack(t, packed{"type": 2, "data": []any{"hi"}, "nsp": "/"}))
	b.WaitEnd()
	s.heard("connect / ", "connected /", "disconnected / forced close")
}

func TestRevision3_LeavesAndComesBack(t *testing.T) {
	s := play(t, Config{})
	b := s.openOld(hubtest.WebSocket)
	b.Expect("40")
	for range 3 {
		b.Send("40/chat")
		b.Expect("40/chat,")
		first := s.socket("/chat")
		b.Send("41/chat")
		eventually(t, "left", func() bool { return !first.Connected() })
	}
	s.server.Disconnect(nil, "/", everybody, Eviction{})
	b.Expect("41")
	b.Send("40") // as old clients do that come back by themselves
	b.Expect("40")
}

func TestAuthOf(t *testing.T) {
	for query, want := range map[string]string{
		"": "{}", "a": `{"a":""}`, "a=1&b=2&a=3": `{"a":"3","b":"2"}`, "a=%22%0a&b=+": `{"a":"\"\n","b":" "}`,
		"a=%ff": "{\"a\":\"\uFFFD\"}", "&&=1": `{"":"1"}`, "a=%": `{"a":"%"}`,
	} {
		if got := string(authOf(query)); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

// FuzzQueryAuth: whatever stands behind a namespace becomes an object.
func FuzzQueryAuth(f *testing.F) {
	for _, s := range []string{"a=1", "a=1&a=2", "%00=%22", "\xff", "=&=", "a=,", strings.Repeat("a&", 1000)} {
		f.Add(s)
	}
	parser := siopacket.NewJSON(siopacket.Limits{Depth: 1})
	f.Fuzz(func(t *testing.T, query string) {
		if err := parser.CheckValue(authOf(query)); err != nil {
			t.Fatalf("%q: %s: %v", query, authOf(query), err)
		}
	})
}
