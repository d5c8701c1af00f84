package nodewire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// overJSON writes a broadcast by way of JSON.
func overJSON(m *Message) []byte {
	data := siopacket.AppendString([]byte{'['}, m.UID)
	data = appendPacket(append(data, ','), m)
	data = appendOptions(append(data, ','), m)
	return msgpacket.AppendJSON(nil, append(data, ']'), m.Event.Attachments)
}

// A broadcast has the same bytes, whichever way it is written.
func TestAppendBroadcast_PlainIsAsOverJSON(t *testing.T) {
	long := make([]string, 70000)
	for i := range long {
		long[i] = "r"
	}
	targets := []cluster.Target{
		{All: true}, {Rooms: []string{"a"}}, {Rooms: []string{"", "#", "ключ", strings.Repeat("x", 31), strings.Repeat("x", 32), strings.Repeat("x", 256), "\u2028<\""}},
		{Users: []string{"ann"}, ExceptRooms: []string{"12"}, ExceptUsers: []string{"bob"}}, {All: true, Rooms: []string{"unused"}, Sockets: []string{"unused"}},
		{Rooms: long[:15]}, {Rooms: long[:16]}, {Rooms: long}, {Rooms: []string{strings.Repeat("x", 70000)}},
		{Sockets: long[:127], ExceptSockets: long[:127]}, {Sockets: long[:128]}, {Sockets: []string{"s"}}, {All: true, ExceptSockets: []string{"s"}}, {Rooms: []string{"\xff"}},
	}
	var plain int
	for _, target := range targets {
		for _, args := range []string{`[]`, ` [ 1 , "two" ] `, `["0123456789abcdef0123456789abcdef"]`, `[{"a":[1.5,-7,18446744073709551615]},null,true]`, `[1.10]`, `["\u00e9\"1"]`, ``} {
			for flags := range 4 {
				m := &Message{Kind: Broadcast, UID: "0123456789abcdef", Namespace: "/chat", Target: target, Event: event("hello", args)}
				m.Event.Volatile, m.Event.NoCompress = flags&1 > 0, flags&2 > 0
				if isPlain(m) {
					plain++
				}
				if got, want := AppendBroadcast([]byte("before"), m), append([]byte("before"), overJSON(m)...); !bytes.Equal(got, want) {
					t.Errorf("%d rooms, %s, flags %d:\n%q\n%q", len(target.Rooms), args, flags, short(got), short(want))
				}
			}
		}
	}
	binary := &Message{Kind: Broadcast, Namespace: "/", Target: targets[1], Event: event("b", `[{"x":[{"_placeholder":true,"num":0}]},{"_placeholder":true,"num":1}]`, []byte{1, 2}, []byte{})}
	if got := AppendBroadcast(nil, binary); !isPlain(binary) || !bytes.Equal(got, overJSON(binary)) {
		t.Errorf("%q, not %q", got, overJSON(binary))
	}
	if plain < 12*5*4 {
		t.Errorf("%d are plain", plain)
	}
}

func short(b []byte) []byte { return b[:min(len(b), 200)] }

func TestLossy(t *testing.T) {
	for args, want := range map[string]bool{
		`["0123456789abcdef0123456789abcdef"]`: false, `["a.b","\"1.10",{"1.10":"e"}]`: false, `[1.10]`: true,
		`["a.",18446744073709551616]`: true, `[18446744073709551615]`: false, `[1.5]`: false,
	} {
		if got := lossy([]byte(args)); got != want {
			t.Errorf("%s: %v", args, got)
		}
	}
}

// BenchmarkAppendBroadcast is what a hub writes for an emit to a room.
func BenchmarkAppendBroadcast(b *testing.B) {
	m := emitToRoom()
	b.ReportAllocs()
	for b.Loop() {
		AppendBroadcast(nil, m)
	}
}

// BenchmarkAppendCluster is the same with sharded PUB/SUB.
func BenchmarkAppendCluster(b *testing.B) {
	m := emitToRoom()
	b.ReportAllocs()
	for b.Loop() {
		AppendCluster(nil, m, false)
	}
}

func emitToRoom() *Message {
	return &Message{Kind: Broadcast, UID: "0123456789abcdef", Namespace: "/", Target: cluster.Target{Rooms: []string{"room-12"}},
		Event: event("message", `["0123456789abcdef0123456789abcdef"]`)}
}
