package eiopacket

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// payloads: encode and decode from one table. An error ends the payload behind the packets that are
// listed.
var payloads = []struct {
	name    string
	text    string
	packets []Packet
	err     error
}{
	{"one", "4hello", []Packet{{Type: Message, Data: []byte("hello")}}, nil},
	{"several", "4hello\x1e2\x1e4world", []Packet{
		{Type: Message, Data: []byte("hello")}, {Type: Ping, Data: []byte{}}, {Type: Message, Data: []byte("world")},
	}, nil},
	{"text and binary", "4hello\x1ebAQIDBA==", []Packet{
		{Type: Message, Data: []byte("hello")}, {Type: Message, Binary: true, Data: []byte{1, 2, 3, 4}},
	}, nil},
	{"last words", "6\x1e1", []Packet{{Type: Noop, Data: []byte{}}, {Type: Close, Data: []byte{}}}, nil},
	{"nothing", "", nil, ErrEmpty},
	{"separator only", "\x1e", nil, ErrEmpty},
	{"separators only", "\x1e\x1e\x1e", nil, ErrEmpty},
	{"trailing separator", "4a\x1e", []Packet{{Type: Message, Data: []byte("a")}}, ErrEmpty},
	{"junk behind a packet", "4a\x1eabc", []Packet{{Type: Message, Data: []byte("a")}}, ErrType},
	{"framing of revision 3", "6:4hello2:4€", []Packet{{Type: Noop, Data: []byte(":4hello2:4€")}}, nil},
}

func TestDecodePayload(t *testing.T) {
	for _, row := range payloads {
		got, err := DecodePayload([]byte(row.text))
		if !errors.Is(err, row.err) || !cmp.Equal(got, row.packets) {
			t.Errorf("%s: got %+v, %v", row.name, got, err)
		}
	}
}

func TestAppendPayload(t *testing.T) {
	for _, row := range payloads {
		if row.err != nil {
			continue
		}
		if got := string(AppendPayload(nil, row.packets...)); got != row.text {
			t.Errorf("%s: got %q, want %q", row.name, got, row.text)
		}
	}
	if got := AppendPayload(nil); len(got) != 0 {
		t.Errorf("no packets: %q", got)
	}
}

func FuzzPayload(f *testing.F) {
	for _, row := range payloads {
		f.Add([]byte(row.text))
	}
	f.Add(bytes.Repeat([]byte("4\x1e"), 1000))
	f.Add([]byte("\x1e4\xed\xa0\x80\x1ebA"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := DecodePayload(text)
		if len(got) > len(text)+1 {
			t.Fatalf("%d packets out of %d bytes", len(got), len(text))
		}
		if err != nil {
			return
		}
		again, err := DecodePayload(AppendPayload(nil, got...))
		if err != nil || !cmp.Equal(again, got) {
			t.Fatalf("%q: %+v became %+v, %v", text, got, again, err)
		}
	})
}

func BenchmarkCut(b *testing.B) {
	payload := bytes.Repeat([]byte("42[\"message\"]\x1e"), 100)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		rest, more := payload, true
		for more {
			_, rest, more = Cut(rest)
		}
	}
}

func BenchmarkPayload(b *testing.B) {
	packets := make([]Packet, 100)
	for i := range packets {
		packets[i] = Packet{Type: Message, Data: []byte(`2["message",{"text":"hello"}]`)}
	}
	payload := AppendPayload(nil, packets...)
	b.Run("append", func(b *testing.B) {
		b.SetBytes(int64(len(payload)))
		b.ReportAllocs()
		for b.Loop() {
			payload = AppendPayload(payload[:0], packets...)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.SetBytes(int64(len(payload)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodePayload(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}
