package socketio

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
)

// recovers is a configuration with recovery.
func recovers() Config {
	return Config{Recovery: Recovering{
		Enabled: true, MaxDuration: 2 * time.Minute, Detection: 45 * time.Second, Sessions: 100_000,
		SessionBytes: 128 << 10, LogBytes: 1 << 20, TotalBytes: 16 << 20,
	}}
}

// tab is a browser as its client is: it knows its session, and the last offset.
type tab struct {
	*hubtest.Browser
	stage            *stage
	sid, pid, offset string
}

// comes opens a session and joins, as whoever it was before.
func (v *tab) comes(t *testing.T, road hubtest.Transport) {
	t.Helper()
	v.Browser = v.stage.http.Open(hubtest.Options{Transport: road})
	auth := ""
	if v.pid != "" {
		said := map[string]string{"pid": v.pid}
		if v.offset != "" {
			said["offset"] = v.offset
		}
		text, _ := json.Marshal(said)
		auth = string(text)
	}
	v.Send("40" + auth)
	v.connected(t)
}

func (v *tab) connected(t *testing.T) {
	t.Helper()
	v.stage.readConnect(t, v)
	v.known(t)
}

// known waits until the application knows the tab.
func (v *tab) known(t *testing.T) {
	t.Helper()
	eventually(t, "the application knows", func() bool {
		socket := v.stage.socket("/")
		return socket != nil && socket.ID() == v.sid && socket.Connected()
	})
}

func (s *stage) readConnect(t *testing.T, v *tab) {
	t.Helper()
	got := v.Next()
	var answer struct{ SID, PID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(got, "40")), &answer); err != nil || answer.PID == "" {
		t.Fatalf("got %q", got)
	}
	v.sid, v.pid = answer.SID, answer.PID
}

// gets reads events, without their offsets.
func (v *tab) gets(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		packet := v.Next()
		at := strings.IndexByte(packet, '[')
		var args []any
		if at < 0 || json.Unmarshal([]byte(packet[at:]), &args) != nil {
			t.Fatalf("got %q, want %q", packet, w)
		}
		v.offset = args[len(args)-1].(string)
		text, _ := json.Marshal(args[:len(args)-1])
		if string(text) != w {
			t.Fatalf("got %s, want %s", text, w)
		}
	}
}

// goes cuts the connection, and waits until the hub knows.
func (v *tab) goes(t *testing.T) {
	t.Helper()
	away := v.stage.server.recovery.Sizes().Away
	eventually(t, "a request of it is there", func() bool {
		_, there := v.stage.socket("/").client.session.Attendance()
		return there
	})
	v.Abort()
	eventually(t, "the hub knows that it has left", func() bool { return v.stage.server.recovery.Sizes().Away == away+1 })
}

func (s *stage) emits(t cluster.Target, event, args string) Outcome {
	return s.server.Emit(nil, "/", t, cluster.Message{Event: event, Args: []byte(args)})
}

func TestRecovery_OffIsAsBefore(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/")
	s.emits(everybody, "x", `[1]`)
	b.Expect(`42["x",1]`)
	if socket := s.socket("/"); socket.recovery != nil || s.server.recovery != nil || socket.namespace.recovering != nil {
		t.Fatal("there is something of recovery")
	}
}

func TestRecovery_ABrowserComesBackAsIfItHadNeverBeenAway(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		s := play(t, recovers())
		s.connect = func(a *Attempt) {
			if r := a.Recovery(); r == nil {
				_ = a.Accept(Acceptance{User: "ann", Rooms: []string{"red"}, Data: []byte(`{"n":1}`)})
			} else {
				if r.User != "ann" || fmt.Sprint(r.Rooms) != "[blue red]" || a.SocketID() != s.socket("/").ID() || a.Auth() != nil {
					t.Errorf("asked about %+v, socket %s, auth %s", r, a.SocketID(), a.Auth())
				}
				_ = a.Accept(Acceptance{User: "ann", Rooms: []string{"green"}})
			}
		}
		v := &tab{stage: s}
		v.comes(t, road)
		first := s.socket("/")
		s.server.UpdateRooms("/", to(v.sid), []string{"blue"}, nil)
		s.emits(to("red"), "a", `[]`)
		v.gets(t, `["a"]`)
		sid, pid := v.sid, v.pid
		v.goes(t)
		if end := first.ending(); end.RecoverableUntil.IsZero() {
			t.Fatalf("%+v", end)
		}
		for i, target := range []cluster.Target{
			everybody, to("red"), to("blue", "red"), {Users: []string{"ann"}}, {Sockets: []string{sid}}, to(sid),
			{All: true, ExceptRooms: []string{"other"}},
		} {
			if o := s.emits(target, "missed", fmt.Sprintf(" [ %d ] ", i)); o != (Outcome{Stored: 1}) {
				t.Fatalf("%d: %+v", i, o)
			}
		}
		for _, target := range []cluster.Target{
			to("green"), {Users: []string{"bob"}}, {Sockets: []string{"red"}}, {All: true, ExceptRooms: []string{"blue"}},
			{All: true, ExceptUsers: []string{"ann"}}, {All: true, ExceptSockets: []string{sid}},
		} {
			if o := s.emits(target, "not for it", `[]`); o != (Outcome{}) {
				t.Fatalf("%+v: %+v", target, o)
			}
		}
		v.comes(t, road)
		if v.sid != sid || v.pid != pid {
			t.Fatalf("came back as %s %s, was %s %s", v.sid, v.pid, sid, pid)
		}
		s.emits(everybody, "after", `["x"]`)
		for i := range 7 {
			v.gets(t, fmt.Sprintf(`["missed",%d]`, i))
		}
		v.gets(t, `["after","x"]`)
		again := s.socket("/")
		if data, version := again.Data(); !again.Recovered() || first.Recovered() || string(data) != `{"n":1}` || version != 1 ||
			fmt.Sprint(again.Rooms()) != "[blue green red]" || again == first || again.User() != "ann" {
			t.Fatalf("%v %s %d %v", again.Recovered(), data, version, again.Rooms())
		}
		if sizes := s.server.recovery.Sizes(); sizes.Away != 0 || sizes.SessionBytes != 0 {
			t.Fatalf("%+v", sizes)
		}
		v.Abort()
	})
}

// What was in the outbox, or on its way, when the connection broke: only the browser knows what it has handled.
func TestRecovery_GoesOnBehindWhatTheBrowserHasHandled(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	for i := range 10 {
		s.emits(everybody, "n", fmt.Sprintf("[%d]", i))
	}
	v.gets(t, `["n",0]`, `["n",1]`, `["n",2]`)
	v.goes(t)
	v.comes(t, hubtest.Polling)
	for i := 3; i < 10; i++ {
		v.gets(t, fmt.Sprintf(`["n",%d]`, i))
	}
	v.goes(t)
	v.comes(t, hubtest.WebSocket) // it has everything
	s.emits(everybody, "end", `[]`)
	v.gets(t, `["end"]`)
	v.Abort()
}

func TestRecovery_WithoutAnOffsetGoesOnWhereItJoined(t *testing.T) {
	s := play(t, recovers())
	other := &tab{stage: s}
	other.comes(t, hubtest.WebSocket)
	s.emits(everybody, "before", `[]`)
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	s.emits(everybody, "on its way", `[]`)
	v.goes(t)
	s.emits(everybody, "away", `[]`)
	v.comes(t, hubtest.WebSocket)
	v.gets(t, `["on its way"]`, `["away"]`)
	if !s.socket("/").Recovered() {
		t.Fatal("not recovered")
	}
	v.Abort()
	other.Abort()
}

// A client keeps the offset of a session that it could not take up.
func TestRecovery_AnOffsetFromBeforeItJoinedIsNone(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	s.emits(everybody, "old", `[]`)
	v.gets(t, `["old"]`)
	s.server.Disconnect(nil, "/", everybody, Eviction{CloseTransport: true})
	v.WaitEnd()
	v.comes(t, hubtest.WebSocket)
	if s.socket("/").Recovered() {
		t.Fatal("recovered after it was made to leave")
	}
	s.emits(everybody, "new", `[]`)
	v.goes(t)
	v.comes(t, hubtest.WebSocket)
	v.gets(t, `["new"]`)
	v.Abort()
}

// An idle browser in a busy namespace has an offset that the log has dropped, and has missed nothing.
func TestRecovery_AnOldOffsetIsGoodWhileNothingWasMissed(t *testing.T) {
	config := recovers()
	config.Recovery.LogBytes = 4 << 10
	s := play(t, config)
	other := &tab{stage: s}
	other.comes(t, hubtest.WebSocket)
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	s.emits(to(v.sid), "a", `[]`)
	v.gets(t, `["a"]`)
	for range 100 {
		s.emits(to(other.sid), "busy", `["0123456789"]`)
	}
	v.goes(t)
	v.comes(t, hubtest.WebSocket)
	if !s.socket("/").Recovered() {
		t.Fatal("not recovered")
	}
	v.goes(t)
	for range 100 {
		s.emits(to(v.sid), "too many", `["0123456789"]`)
	}
	sid := v.sid
	v.comes(t, hubtest.WebSocket)
	if s.socket("/").Recovered() || v.sid == sid {
		t.Fatal("recovered with a gap")
	}
	v.Abort()
	other.Abort()
}

// What is for a room is for those who were in it when it was emitted.
func TestRecovery_RoomsAreThoseOfTheMoment(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	s.emits(everybody, "start", `[]`)
	v.gets(t, `["start"]`)
	rooms := func(join, leave string) {
		var in, out []string
		if join != "" {
			in = []string{join}
		}
		if leave != "" {
			out = []string{leave}
		}
		s.server.UpdateRooms("/", cluster.Target{Sockets: []string{v.sid}}, in, out)
	}
	for i, gone := range []bool{false, true} { // on their way, and while it is away
		if gone {
			v.goes(t)
		}
		emit := func(step int) { s.emits(to("r"), "r", fmt.Sprintf("[%d]", 10*i+step)) }
		emit(0)
		rooms("r", "")
		emit(1)
		rooms("", "r")
		emit(2)
		rooms("r", "")
		emit(3)
		rooms("x", "r")
	}
	v.comes(t, hubtest.WebSocket)
	v.gets(t, `["r",1]`, `["r",3]`, `["r",11]`, `["r",13]`)
	if got := fmt.Sprint(s.socket("/").Rooms()); got != "[x]" {
		t.Fatal(got)
	}
	v.Abort()
}

func TestRecovery_IsNotForVolatileAndAcknowledgedEvents(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	eventually(t, "it can be written to", func() bool { return s.socket("/").client.session.Writable() })
	s.server.Emit(nil, "/", everybody, cluster.Message{Event: "v", Args: []byte(`[1]`), Volatile: true})
	s.server.EmitWithAck(nil, "/", everybody, cluster.Message{Event: "a"}, AckOptions{Timeout: time.Minute})
	v.Expect(`42["v",1]`, `420["a"]`)
	v.goes(t)
	if o := s.server.Emit(nil, "/", everybody, cluster.Message{Event: "v", Volatile: true}); o.Stored != 0 {
		t.Fatalf("%+v", o)
	}
	s.emits(everybody, "kept", `[]`)
	v.comes(t, hubtest.WebSocket)
	v.gets(t, `["kept"]`)
	v.Abort()
}

func TestRecovery_BinaryEventsComeWhole(t *testing.T) {
	s := play(t, recovers())
	v := &tab{stage: s}
	v.comes(t, hubtest.WebSocket)
	v.goes(t)
	s.server.Emit(nil, "/", everybody, cluster.Message{
		Event: "b", Args: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2}},
	})
	v.comes(t, hubtest.WebSocket)
	v.gets(t, `["b",{"_placeholder":true,"num":0}]`)
	v.Expect(hubtest.Binary([]byte{1, 2}))
	v.Abort()
}
