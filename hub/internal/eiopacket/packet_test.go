package eiopacket

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packets are the examples of the specification and those around them: one row serves decoder and
// encoder.
var packets = []struct {
	name   string
	text   string
	packet Packet
	err    error
	oneWay bool // decodes to the packet, but is not how it is encoded
}{
	{name: "open", text: `0{"sid":"x"}`, packet: Packet{Type: Open, Data: []byte(`{"sid":"x"}`)}},
	{name: "close", text: "1", packet: Packet{Type: Close, Data: []byte{}}},
	{name: "ping", text: "2", packet: Packet{Type: Ping, Data: []byte{}}},
	{name: "probe ping", text: "2probe", packet: Packet{Type: Ping, Data: []byte("probe")}},
	{name: "pong", text: "3", packet: Packet{Type: Pong, Data: []byte{}}},
	{name: "probe pong", text: "3probe", packet: Packet{Type: Pong, Data: []byte("probe")}},
	{name: "message", text: "4HelloWorld", packet: Packet{Type: Message, Data: []byte("HelloWorld")}},
	{name: "message in many scripts", text: "4utf 8 — string: ☃ 😀", packet: Packet{Type: Message, Data: []byte("utf 8 — string: ☃ 😀")}},
	{name: "empty message", text: "4", packet: Packet{Type: Message, Data: []byte{}}},
	{name: "upgrade", text: "5", packet: Packet{Type: Upgrade, Data: []byte{}}},
	{name: "noop", text: "6", packet: Packet{Type: Noop, Data: []byte{}}},
	{name: "binary", text: "bAQIDBA==", packet: Packet{Type: Message, Binary: true, Data: []byte{1, 2, 3, 4}}},
	{name: "empty binary", text: "b", packet: Packet{Type: Message, Binary: true, Data: []byte{}}},
	{name: "binary without padding", text: "bAQIDBA", packet: Packet{Type: Message, Binary: true, Data: []byte{1, 2, 3, 4}}, oneWay: true},
	{name: "nothing", text: "", err: ErrEmpty},
	{name: "type 7", text: "7", err: ErrType},
	{name: "letter", text: "abc", err: ErrType},
	{name: "length prefix of revision 3", text: ":4hello", err: ErrType},
	{name: "binary in lines", text: "bAQ\r\nIDBA==\n", packet: Packet{Type: Message, Binary: true, Data: []byte{1, 2, 3, 4}}, oneWay: true},
	{name: "binary with spaces", text: "b AQ ID\tB\v\fA = =", packet: Packet{Type: Message, Binary: true, Data: []byte{1, 2, 3, 4}}, oneWay: true},
	{name: "binary in the URL alphabet", text: "b-_-_", packet: Packet{Type: Message, Binary: true, Data: []byte{0xfb, 0xff, 0xbf}}, oneWay: true},
	{name: "binary in both alphabets", text: "b+_-/-_8", packet: Packet{Type: Message, Binary: true, Data: []byte{0xfb, 0xff, 0xbf, 0xfb, 0xff}}, oneWay: true},
	{name: "binary with a wrong padding", text: "b4AQIDBA==", packet: Packet{Type: Message, Binary: true, Data: []byte{0xe0, 4, 8, 0xc, 0x10}}, oneWay: true},
	{name: "padding only", text: "b===", packet: Packet{Type: Message, Binary: true, Data: []byte{}}, oneWay: true},
	{name: "not base64", text: "b???", err: ErrBase64},
	{name: "not base64 behind whitespace", text: "bAQID BA!=", err: ErrBase64},
	{name: "base64 of an impossible length", text: "bAAAAA", err: ErrBase64},
	{name: "base64 behind its padding", text: "bAQ==IDBA", err: ErrBase64},
	{name: "arabic digit", text: "٤hello", err: ErrType},
}

func TestDecode(t *testing.T) {
	for _, row := range packets {
		t.Run(row.name, func(t *testing.T) {
			p, err := Decode([]byte(row.text))
			if !errors.Is(err, row.err) {
				t.Fatalf("error %v, want %v", err, row.err)
			}
			if err == nil && !cmp.Equal(p, row.packet) {
				t.Errorf("got %+v, want %+v", p, row.packet)
			}
		})
	}
}

func TestAppend(t *testing.T) {
	for _, row := range packets {
		if row.err != nil || row.oneWay {
			continue
		}
		if got := string(Append([]byte("-"), row.packet)); got != "-"+row.text {
			t.Errorf("%s: got %q, want %q", row.name, got, row.text)
		}
	}
}

func TestBinaryLen_IsWhatIsAppended(t *testing.T) {
	for n := range 20 {
		if got := len(AppendBinary(nil, make([]byte, n))); got != BinaryLen(n) {
			t.Errorf("%d bytes: %d appended, BinaryLen says %d", n, got, BinaryLen(n))
		}
	}
}

func TestOpen_HasExactlyFiveKeys(t *testing.T) {
	data := OpenData{SID: "lv_VI97HAXpY6yYWAAAC", PingInterval: 25000, PingTimeout: 20000, MaxPayload: 1000000}
	text := AppendOpen(nil, data)
	want := `0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	data.Upgrades = []string{"websocket"}
	got, err := DecodeOpen(AppendOpen(nil, data))
	if err != nil || !cmp.Equal(got, data) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDecodeOpen_RefusesOthers(t *testing.T) {
	for _, text := range []string{"", "4{}", "0", "0[]", "0{", `0{"sid":1}`} {
		if _, err := DecodeOpen([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, row := range packets {
		f.Add([]byte(row.text))
	}
	f.Add([]byte("4\xff\xfe"))
	f.Add(bytes.Repeat([]byte("b="), 100))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Decode(text)
		if err != nil {
			return
		}
		again, err := Decode(Append(nil, p))
		if err != nil || !cmp.Equal(again, p) {
			t.Fatalf("%q: %+v became %+v, %v", text, p, again, err)
		}
	})
}

// The Java client breaks the lines of what it encodes.
func TestDecode_LinesOfAnyLength(t *testing.T) {
	for n := range 200 {
		data := bytes.Repeat([]byte{0, 0xff, 0x7f}, n)[:n]
		text := []byte{'b'}
		for i, c := range AppendBinary(nil, data)[1:] {
			if text = append(text, c); i%76 == 75 {
				text = append(text, "\r\n"...)
			}
		}
		p, err := Decode(append(text, '\n'))
		if err != nil || !bytes.Equal(p.Data, data) {
			t.Fatalf("%d bytes: got %v, %v", n, p, err)
		}
	}
}

func TestAllocsDecode_BinaryIsOneSlice(t *testing.T) {
	for _, text := range []string{"bAQIDBA==", "bAQIDBA", "bAQID\nBA==\n"} {
		text := []byte(text)
		if n := testing.AllocsPerRun(100, func() { _, _ = Decode(text) }); n != 1 {
			t.Errorf("%q: %v allocations", text, n)
		}
	}
}

func BenchmarkDecode_Binary(b *testing.B) {
	data := make([]byte, 64<<10)
	plain := AppendBinary(nil, data)
	for name, text := range map[string][]byte{"plain": plain, "lines": append(bytes.Clone(plain), ' ')} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	text := []byte(`42["message",{"text":"hello"}]`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	p := Packet{Type: Message, Data: []byte(`2["message",{"text":"hello"}]`)}
	buf := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], p)
	}
}
