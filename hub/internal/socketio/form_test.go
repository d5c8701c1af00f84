package socketio

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
	"github.com/siohub/siohub/internal/sampledlog"
)

// counted counts what a parser encodes.
type counted struct {
	siopacket.Parser
	encoded atomic.Int32
}

func (c *counted) Encode(buf []byte, p siopacket.Packet, attachments [][]byte) ([]byte, bool, bool) {
	c.encoded.Add(1)
	return c.Parser.Encode(buf, p, attachments)
}

func jsonParser() siopacket.Parser { return siopacket.NewJSON(siopacket.Limits{}) }

func msgpackParser() siopacket.Parser { return msgpacket.New(siopacket.Limits{}, 3<<20) }

// bothForms serves clients of either form.
func bothForms() (config Config, text, binary *counted) {
	text, binary = &counted{Parser: jsonParser()}, &counted{Parser: msgpackParser()}
	return Config{Parsers: Parsers{Text: text, Binary: binary}}, text, binary
}

type packed = map[string]any

// sendPacked sends a packet as socket.io-msgpack-parser does.
func sendPacked(t *testing.T, b *hubtest.Browser, packet packed) {
	t.Helper()
	b.SendBinary(pack(t, packet))
}

func pack(t *testing.T, packet packed) []byte {
	t.Helper()
	message, err := msgpack.Marshal(packet)
	if err != nil {
		t.Fatal(err)
	}
	return message
}

// nextPacked reads a packet.
func nextPacked(t *testing.T, b *hubtest.Browser) packed {
	t.Helper()
	text := b.Next()
	message, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "b"))
	if err != nil || text[0] != 'b' {
		t.Fatalf("got %q, no binary message", text)
	}
	var packet packed
	if err := msgpack.Unmarshal(message, &packet); err != nil {
		t.Fatal(err)
	}
	return packet
}

// expectPacked compares with fmt: the library reads numbers as whatever fits.
func expectPacked(t *testing.T, b *hubtest.Browser, want packed) {
	t.Helper()
	if got := nextPacked(t, b); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// enterPacked joins a namespace.
func (s *stage) enterPacked(b *hubtest.Browser, namespace string) {
	s.t.Helper()
	sendPacked(s.t, b, packed{"type": 0, "nsp": namespace})
	got := nextPacked(s.t, b)
	data, _ := got["data"].(packed)
	if id, _ := data["sid"].(string); len(id) != 20 || got["nsp"] != namespace {
		s.t.Fatalf("got %v", got)
	}
	s.heard("connect "+namespace+" ", "connected "+namespace)
}

func TestForm_MsgpackOverEveryRoad(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		s := play(t, Config{Parsers: Parsers{Binary: msgpackParser()}})
		var reply func(*Socket, Event)
		s.event = func(socket *Socket, e Event) { reply(socket, e) }
		reply = func(socket *Socket, e Event) {
			if err := socket.Reply(nil, e.ID, e.Args, e.Attachments); err != nil {
				t.Error(err)
			}
		}
		b := s.http.Open(hubtest.Options{Transport: road})
		sendPacked(t, b, packed{"type": 0, "nsp": "/", "data": packed{"token": "x"}})
		nextPacked(t, b)
		s.heard(`connect / {"token":"x"}`, "connected /")

		args := []any{"echo", 1, -2.5, "grüße", nil, []byte("bytes"), packed{"a": []any{true, []byte{}}}}
		sendPacked(t, b, packed{"type": 2, "nsp": "/", "data": args, "id": 7, "options": packed{"compress": true}})
		expectPacked(t, b, packed{"type": 3, "nsp": "/", "data": args[1:], "id": 7})
		s.heard(`event / echo[1,-2.5,"grüße",null,{"_placeholder":true,"num":0},{"a":[true,{"_placeholder":true,"num":1}]}] 2`)

		s.server.Emit(nil, "/", everybody, cluster.Message{Event: "x", Args: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2}}})
		expectPacked(t, b, packed{"type": 2, "nsp": "/", "data": []any{"x", []byte{1, 2}}})

		acks, done := make(chan BrowserAck, 1), make(chan AckTotal, 1)
		s.server.EmitWithAck(nil, "/", everybody, cluster.Message{Event: "q", Args: []byte(`[1]`)},
			AckOptions{Timeout: time.Minute, OnAck: func(a BrowserAck) { acks <- a }, OnDone: func(total AckTotal) { done <- total }})
		expectPacked(t, b, packed{"type": 2, "nsp": "/", "data": []any{"q", 1}, "id": 0})
		sendPacked(t, b, packed{"type": 3, "nsp": "/", "data": []any{"a", []byte{9}}, "id": 0})
		if a := <-acks; string(a.Args) != `["a",{"_placeholder":true,"num":0}]` || !reflect.DeepEqual(a.Attachments, [][]byte{{9}}) {
			t.Errorf("%s %v", a.Args, a.Attachments)
		}
		if total := <-done; total != (AckTotal{Expected: 1, Acked: 1}) {
			t.Errorf("%+v", total)
		}

		sendPacked(t, b, packed{"type": 0, "nsp": "/unknown"})
		expectPacked(t, b, packed{"type": 4, "nsp": "/unknown", "data": packed{"message": "Invalid namespace"}})
		s.enterPacked(b, "/chat")
		s.server.Disconnect(nil, "/chat", everybody, Eviction{})
		expectPacked(t, b, packed{"type": 1, "nsp": "/chat"})
		sendPacked(t, b, packed{"type": 1, "nsp": "/"})
		s.heard("disconnected /chat "+ReasonServerNamespaceDisconnect, "disconnected / "+ReasonClientNamespaceDisconnect)
	})
}

// A refusal carries its data, and what was sent before the decision is acted on after it.
func TestForm_MsgpackWaitsForADecision(t *testing.T) {
	s := play(t, Config{Parsers: Parsers{Binary: msgpackParser()}})
	attempts := make(chan *Attempt, 2)
	s.connect = func(a *Attempt) { attempts <- a }
	b := s.open()
	sendPacked(t, b, packed{"type": 0, "nsp": "/no", "data": packed{}})
	if err := (<-attempts).Deny("go away", []byte(`{"code":[1]}`)); err != nil {
		t.Fatal(err)
	}
	expectPacked(t, b, packed{"type": 4, "nsp": "/no", "data": packed{"message": "go away", "data": packed{"code": []any{1}}}})
	sendPacked(t, b, packed{"type": 0, "nsp": "/"})
	sendPacked(t, b, packed{"type": 2, "nsp": "/", "data": []any{"early", []byte("x")}})
	s.heard("connect /no {}", "connect / ")
	if err := (<-attempts).Accept(Acceptance{Policy: &Policy{Events: []string{"early"}}}); err != nil {
		t.Fatal(err)
	}
	nextPacked(t, b)
	sendPacked(t, b, packed{"type": 2, "nsp": "/", "data": []any{"forbidden"}})
	sendPacked(t, b, packed{"type": 2, "nsp": "/", "data": []any{"early"}})
	s.heard("connected /", `event / early[{"_placeholder":true,"num":0}] 1`, "event / early[] 0")
}

func TestForm_FirstPacketDecides(t *testing.T) {
	config, _, _ := bothForms()
	for name, c := range map[string]func(b *hubtest.Browser){
		"text, then binary": func(b *hubtest.Browser) { b.Send("40"); sendPacked(t, b, packed{"type": 0, "nsp": "/chat"}) },
		"binary, then text": func(b *hubtest.Browser) { sendPacked(t, b, packed{"type": 0, "nsp": "/"}); b.Send("40/chat,") },
	} {
		t.Run(name, func(t *testing.T) {
			s := play(t, config)
			b := s.open()
			c(b)
			b.WaitEnd()
			s.heard("connect / ", "connected /", "disconnected / forced close")
			s.silent()
		})
	}
}

func TestForm_BroadcastIsEncodedOnceForEachFormThatIsSpoken(t *testing.T) {
	config, text, binary := bothForms()
	s := play(t, config)
	var texts, binaries []*hubtest.Browser
	for range 3 {
		texts = append(texts, s.join("/"))
	}
	text.encoded.Store(0)
	said := func(wantText, wantBinary int32) {
		t.Helper()
		s.server.Emit(nil, "/", everybody, msg("x"))
		for _, b := range texts {
			b.Expect(`42["x"]`)
		}
		for _, b := range binaries {
			expectPacked(t, b, packed{"type": 2, "nsp": "/", "data": []any{"x"}})
		}
		if got := [2]int32{text.encoded.Swap(0), binary.encoded.Swap(0)}; got != [2]int32{wantText, wantBinary} {
			t.Errorf("encoded %v times, want %d and %d", got, wantText, wantBinary)
		}
	}
	said(1, 0)
	for range 3 {
		b := s.open()
		s.enterPacked(b, "/")
		binaries = append(binaries, b)
	}
	binary.encoded.Store(0)
	said(1, 1)

	done := make(chan AckTotal, 1)
	s.server.EmitWithAck(nil, "/", everybody, msg("q"), AckOptions{Timeout: time.Minute, OnDone: func(total AckTotal) { done <- total }})
	for _, b := range texts {
		b.Expect(`420["q"]`)
		b.Send("430[]")
	}
	for _, b := range binaries {
		expectPacked(t, b, packed{"type": 2, "nsp": "/", "data": []any{"q"}, "id": 0})
		sendPacked(t, b, packed{"type": 3, "nsp": "/", "data": []any{}, "id": 0})
	}
	if total := <-done; total != (AckTotal{Expected: 6, Acked: 6}) {
		t.Errorf("%+v", total)
	}
	if text.encoded.Swap(0) != 1 || binary.encoded.Swap(0) != 1 {
		t.Error("a question was encoded more than once for a form")
	}
	for _, b := range texts {
		b.Abort()
	}
	for range texts {
		s.heard("disconnected / transport close")
	}
	texts = nil
	said(0, 1)
}

// What a client says in a form that is not spoken ends it, and leaves a line that names the option.
func TestForm_MisfitIsClosedAndToldOf(t *testing.T) {
	for name, c := range map[string]struct {
		parsers Parsers
		send    func(t *testing.T, b *hubtest.Browser)
	}{
		"msgpack where JSON is spoken": {Parsers{Text: jsonParser()}, func(t *testing.T, b *hubtest.Browser) { sendPacked(t, b, packed{"type": 0, "nsp": "/"}) }},
		"JSON where msgpack is spoken": {Parsers{Binary: msgpackParser()}, func(t *testing.T, b *hubtest.Browser) { b.Send("40") }},
	} {
		t.Run(name, func(t *testing.T) {
			log := &page{}
			kinds := make(chan string, 3)
			s := play(t, Config{Parsers: c.parsers, Trace: &Trace{BadPacket: func(kind string) { kinds <- kind }}})
			s.server.misfits.line = sampledlog.New(slog.New(slog.NewTextHandler(log, nil)), misfitWarnEvery)
			for range 3 {
				b := s.open()
				c.send(t, b)
				b.WaitEnd()
				if kind := <-kinds; kind != "parser" {
					t.Errorf("counted as %s", kind)
				}
			}
			s.silent()
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "option=parser would_allow=both") {
				t.Errorf("log is %q", got)
			}
		})
	}
}

// An event of msgpack is measured as what is kept of it: JSON and attachments.
func TestForm_MsgpackIsBoundedByEventBytes(t *testing.T) {
	s := play(t, Config{Limits: Limits{EventBytes: 4096}, Parsers: Parsers{Binary: msgpacket.New(siopacket.Limits{}, 4096)}})
	for name, args := range map[string][]any{
		"text":        {"x", strings.Repeat("a", 4096)},
		"escapes":     {"x", strings.Repeat("\x01", 700)},
		"attachments": {"x", make([]byte, 2000), make([]byte, 2050)},
	} {
		b := s.open()
		s.enterPacked(b, "/")
		sendPacked(t, b, packed{"type": 2, "nsp": "/", "data": args})
		if b.WaitEnd(); t.Failed() {
			t.Fatal(name)
		}
		s.heard("disconnected / forced close")
	}
	s.silent()
}

// auth is refused for its size as JSON, whatever it was sent as.
func TestForm_MsgpackAuthIsBounded(t *testing.T) {
	s := play(t, Config{Parsers: Parsers{Binary: msgpackParser()}})
	b := s.open()
	for _, token := range []string{strings.Repeat("a", 20_000), strings.Repeat("\x01", 4000)} {
		sendPacked(t, b, packed{"type": 0, "nsp": "/", "data": packed{"token": token}})
		expectPacked(t, b, packed{"type": 4, "nsp": "/", "data": packed{"message": "Auth is too large"}})
	}
	s.silent()
	s.enterPacked(b, "/")
}
