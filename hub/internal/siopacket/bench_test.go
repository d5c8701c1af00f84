package siopacket

import (
	"strings"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	for name, text := range map[string]string{
		"event32": `212["echo","0123456789abcdef0123456789abcdef"]`,
		"event1k": `212["echo","` + strings.Repeat("0123456789abcdef", 64) + `"]`,
		"objects": `2/chat,["message",` + strings.Repeat(`{"id":12345,"tags":["a","b"],"ok":true},`, 20) + `null]`,
		"binary":  `52-["file",{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":1}}]`,
		"ack":     `31234["ok"]`,
	} {
		b.Run(name, func(b *testing.B) {
			j := NewJSON(Limits{})
			buf := make([]byte, len(text))
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				copy(buf, text)
				if _, _, err := j.Decode(buf, false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	p := Packet{Type: Event, Namespace: "/chat", ID: NewID(12), Name: "echo", Payload: []byte(`["0123456789abcdef0123456789abcdef"]`)}
	b.ReportAllocs()
	for b.Loop() {
		buf := make([]byte, 0, 1+Size(p))
		Append(append(buf, '4'), p)
	}
}

func TestDecode_CostsNoAllocation(t *testing.T) {
	j := NewJSON(Limits{})
	const text = `212["echo","0123456789abcdef0123456789abcdef"]`
	buf := make([]byte, len(text))
	if n := testing.AllocsPerRun(100, func() {
		copy(buf, text)
		if _, _, err := j.Decode(buf, false); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Fatalf("%v allocations for one event", n)
	}
}
