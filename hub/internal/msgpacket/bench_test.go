package msgpacket

import (
	"strings"
	"testing"
)

func messages(t testing.TB) map[string][]byte {
	object := ordered{{"id", 12345}, {"tags", list{"a", "b"}}, {"ok", true}}
	return map[string][]byte{
		"event32": pack(t, ordered{{"type", 2}, {"data", list{"echo", "0123456789abcdef0123456789abcdef"}}, {"id", 12}, {"nsp", "/"}}),
		"event1k": pack(t, ordered{{"type", 2}, {"data", list{"echo", strings.Repeat("0123456789abcdef", 64)}}, {"id", 12}, {"nsp", "/"}}),
		"objects": pack(t, ordered{{"type", 2}, {"data", append(list{"message"}, many20(object)...)}, {"nsp", "/chat"}}),
		"binary":  pack(t, ordered{{"type", 2}, {"data", list{"file", []byte("one"), ordered{{"a", []byte("two")}}}}, {"nsp", "/"}}),
		"hostile": []byte(args("\xdd\x00\x07\x00\x00" + strings.Repeat("\xc2", 0x70000))),
	}
}

func many20(v any) (l list) {
	for range 20 {
		l = append(l, v)
	}
	return l
}

func BenchmarkDecode(b *testing.B) {
	for name, message := range messages(b) {
		b.Run(name, func(b *testing.B) {
			m := parser()
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				if _, _, err := m.Decode(message, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for name, message := range messages(b) {
		b.Run(name, func(b *testing.B) {
			m := parser()
			p, inline, err := m.Decode(message, true)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				m.Encode(make([]byte, 0, m.Size(p, inline)), p, inline)
			}
		})
	}
}

func BenchmarkSkip(b *testing.B) {
	message := []byte(strings.Repeat("\x91", 1_000_000) + "\x01")
	b.SetBytes(int64(len(message)))
	for b.Loop() {
		r := reader{data: message}
		if err := r.skip(); err != nil {
			b.Fatal(err)
		}
	}
}
