package socketio

import (
	"fmt"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

func msg(event string) cluster.Message { return cluster.Message{Event: event} }

// crowd joins n browsers to / and returns them with their sockets.
func crowd(t *testing.T, s *stage, n int) (browsers []*hubtest.Browser, sockets []*Socket) {
	t.Helper()
	for i := range n {
		road := []hubtest.Transport{hubtest.WebSocket, hubtest.Polling, hubtest.Upgraded}[i%3]
		b := s.http.Open(hubtest.Options{Transport: road})
		s.enter(b, "/")
		browsers, sockets = append(browsers, b), append(sockets, s.socket("/"))
	}
	return browsers, sockets
}

func TestBroadcast_ReachesTheTargetOnceAndNobodyElse(t *testing.T) {
	s := play(t, Config{})
	b, sockets := crowd(t, s, 4)
	s.join("/chat")
	s.server.UpdateRooms("/", to(sockets[0].ID(), sockets[1].ID()), []string{"red", "round"}, nil)
	s.server.UpdateRooms("/", to(sockets[1].ID(), sockets[2].ID()), []string{"blue"}, []string{"none"})
	want := make([][]string, len(b))
	for i, row := range []struct {
		target cluster.Target
		gets   []int
	}{
		{everybody, []int{0, 1, 2, 3}},
		{to("red"), []int{0, 1}},
		{to("red", "round", "blue", sockets[0].ID()), []int{0, 1, 2}},
		{cluster.Target{All: true, ExceptRooms: []string{sockets[3].ID(), "blue"}}, []int{0}},
		{to("none"), nil},
		{cluster.Target{}, nil},
	} {
		event := fmt.Sprint("event", i)
		o := s.server.Emit(nil, "/", row.target, msg(event))
		if o != (Outcome{Matched: len(row.gets), Queued: len(row.gets)}) {
			t.Errorf("%+v: %+v", row.target, o)
		}
		for _, j := range row.gets {
			want[j] = append(want[j], `42["`+event+`"]`)
		}
	}
	s.server.Emit(nil, "/", everybody, msg("last"))
	for i := range b {
		b[i].Expect(append(want[i], `42["last"]`)...)
	}
	if o := s.server.Emit(nil, "/nowhere", everybody, msg("x")); o != (Outcome{}) {
		t.Errorf("%+v", o)
	}
}

func TestBroadcast_BinaryStaysWithItsPacket(t *testing.T) {
	s := play(t, Config{})
	b, _ := crowd(t, s, 3)
	m := cluster.Message{Event: "x", Args: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{1, 2}}}
	for range 3 {
		s.server.Emit(nil, "/", everybody, m)
	}
	for _, one := range b {
		for range 3 {
			one.Expect(`451-["x",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte{1, 2}))
		}
	}
}

func TestBroadcast_KeepsTheOrderOfABatch(t *testing.T) {
	s := play(t, Config{})
	b, sockets := crowd(t, s, 3)
	var batch engineio.Batch
	for i := range 10 {
		s.server.Emit(&batch, "/", everybody, msg(fmt.Sprint(i)))
		s.server.Emit(&batch, "/", to(sockets[i%3].ID()), msg("own"))
	}
	batch.Flush()
	for j, one := range b {
		for i := range 10 {
			one.Expect(`42["` + fmt.Sprint(i) + `"]`)
			if i%3 == j {
				one.Expect(`42["own"]`)
			}
		}
	}
}

func TestEmit_VolatileIsDroppedWhereNobodyPolls(t *testing.T) {
	s := play(t, Config{})
	a := s.http.Get("EIO=4&transport=polling")
	if a.Status != 200 {
		t.Fatalf("%+v", a)
	}
	sid := a.Body[len(`0{"sid":"`) : len(`0{"sid":"`)+20]
	query := "EIO=4&transport=polling&sid=" + sid
	s.http.Post(query, "40")
	s.heard("connect / ", "connected /")
	if a := s.http.Get(query); a.Body[:2] != "40" {
		t.Fatalf("%+v", a)
	}
	o := s.server.Emit(nil, "/", everybody, cluster.Message{Event: "lost", Volatile: true})
	if o != (Outcome{Matched: 1, Dropped: 1}) {
		t.Fatalf("%+v", o)
	}
	s.server.Emit(nil, "/", everybody, msg("kept"))
	if a := s.http.Get(query); a.Body != `42["kept"]` {
		t.Fatalf("%+v", a)
	}
	b := s.join("/")
	eventually(t, "a WebSocket at rest takes volatile messages", func() bool {
		return s.server.Emit(nil, "/", to(s.socket("/").ID()), cluster.Message{Event: "v", Volatile: true}).Queued == 1
	})
	b.Expect(`42["v"]`)
}

// As the reference has it: what was emitted just before, be it in the same batch, has not been written yet.
func TestEmit_VolatileIsDroppedBehindWhatWaits(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/", "/chat")
	emit := func(batch *engineio.Batch, namespace, event string, volatile bool) int {
		return s.server.Emit(batch, namespace, everybody, cluster.Message{Event: event, Volatile: volatile}).Queued
	}
	for _, again := range []string{"/", "/chat"} { // one browser has one transport
		// A writer that is just ending may still take along what was to wait: then nothing waits.
		eventually(t, "a volatile message is dropped", func() bool {
			var batch engineio.Batch
			defer batch.Flush()
			if emit(&batch, "/chat", "waits", false) != 1 {
				t.Fatal("not queued")
			}
			queued := emit(&batch, again, "late", true) + emit(nil, again, "late", true)
			batch.Flush()
			b.Expect(`42/chat,["waits"]`)
			for range queued {
				b.Expect(strings.Replace("42"+again+`,["late"]`, "/,", "", 1))
			}
			return queued == 0
		})
	}
}

func TestUpdateRooms_LimitLeavesTheSocketAlone(t *testing.T) {
	s := play(t, Config{Limits: Limits{Rooms: 3}})
	s.connect = func(a *Attempt) { _ = a.Accept(Acceptance{User: "ann"}) }
	s.join("/")
	for _, row := range []struct {
		join, leave []string
		limited     int
		rooms       int
	}{
		{[]string{"a", "b", "a"}, nil, 0, 2},
		{[]string{"c", "d"}, nil, 1, 2},
		{[]string{"b", "c"}, nil, 0, 3},
		{[]string{"d"}, []string{"a"}, 1, 3},
		{nil, []string{"a", "x"}, 0, 2},
		{[]string{"e"}, []string{"e"}, 0, 2}, // a room that was left is none
		{[]string{"e"}, []string{"e"}, 0, 2},
		{[]string{"e"}, nil, 0, 3},
		{[]string{"f"}, nil, 1, 3},
	} {
		_, limited := s.server.UpdateRooms("/", everybody, row.join, row.leave)
		if rooms := s.socket("/").Rooms(); limited != row.limited || len(rooms) != row.rooms {
			t.Errorf("%+v: limited %d, rooms %q", row, limited, rooms)
		}
	}
	if n := s.server.Count("/", cluster.Target{Users: []string{"ann"}}); n != 1 {
		t.Fatalf("%d sockets in the user's room", n)
	}
}

func TestSetData_ComparesVersions(t *testing.T) {
	s := play(t, Config{})
	_, sockets := crowd(t, s, 2)
	version := func(n uint64) *uint64 { return &n }
	for _, row := range []struct {
		target   cluster.Target
		expected *uint64
		want     Outcome
	}{
		{to(sockets[0].ID()), nil, Outcome{1, 1, 0, 0}},
		{everybody, version(0), Outcome{2, 1, 1, 0}},
		{everybody, version(1), Outcome{2, 2, 0, 0}},
		{everybody, version(1), Outcome{2, 0, 2, 0}},
	} {
		if o, _, _ := s.server.SetData("/", row.target, DataChange{Data: []byte(`1`), Expected: row.expected}); o != row.want {
			t.Errorf("%+v: %+v", row, o)
		}
	}
	if data, v := sockets[1].Data(); string(data) != "1" || v != 2 {
		t.Fatalf("%s %d", data, v)
	}
}

func TestNamespace_GoesWithItsLastSocket(t *testing.T) {
	s := play(t, Config{})
	b := s.join("/", "/chat", "/x")
	b2 := s.join("/chat")
	b.Send("41/chat")
	s.heard("disconnected /chat " + ReasonClientNamespaceDisconnect)
	if counts := s.server.Sockets(); len(counts) != 3 || counts["/chat"] != 1 {
		t.Fatalf("%v", counts)
	}
	b2.Send("41/chat")
	s.heard("disconnected /chat " + ReasonClientNamespaceDisconnect)
	left := 0
	s.server.namespaces.byName.Range(func(any, any) bool { left++; return true })
	if left != 2 {
		t.Fatalf("%d namespaces left", left)
	}
}
