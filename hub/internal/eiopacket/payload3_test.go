package eiopacket

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// bytesThreeFour is the binary message of the specification's examples.
var bytesThreeFour = Packet{Type: Message, Binary: true, Data: []byte{1, 2, 3, 4}}

func text3(s string) Packet { return Packet{Type: Message, Data: []byte(s)} }

// payloads3 are the specification's examples and those around them, in both encodings. An empty text or binary is not
// tried.
var payloads3 = []struct {
	name, text, binary string
	packets            []Packet
}{
	{"two texts, counted in characters", "6:4hello2:4€", "\x00\x06\xff4hello\x00\x04\xff4€", []Packet{text3("hello"), text3("€")}},
	{"text and binary", "2:4€10:b4AQIDBA==", "\x00\x04\xff4€\x01\x05\xff\x04\x01\x02\x03\x04", []Packet{text3("€"), bytesThreeFour}},
	{"a character of two code units", "3:4😀", "\x00\x05\xff4😀", []Packet{text3("😀")}},
	{"colons and digits in data", "6:43:4a:", "\x00\x06\xff43:4a:", []Packet{text3("3:4a:")}},
	{"what ends a length", "3:4ÿ:", "\x00\x04\xff4ÿ:", []Packet{text3("ÿ:")}},
	{"separator of revision 4", "3:4\x1e4", "\x00\x03\xff4\x1e4", []Packet{text3("\x1e4")}},
	{"heartbeat", "1:21:3", "\x00\x01\xff2\x00\x01\xff3", []Packet{{Type: Ping, Data: []byte{}}, {Type: Pong, Data: []byte{}}}},
	{"last words", "1:61:1", "\x00\x01\xff6\x00\x01\xff1", []Packet{{Type: Noop, Data: []byte{}}, {Type: Close, Data: []byte{}}}},
	{"empty messages", "1:42:b4", "\x00\x01\xff4\x01\x01\xff\x04", []Packet{text3(""), {Type: Message, Binary: true, Data: []byte{}}}},
	{"two digits", "10:4123456789", "\x00\x01\x00\xff4123456789", []Packet{text3("123456789")}},
}

// decode3 reads all packets of a binary payload.
func decode3(payload []byte) (packets []Packet, err error) {
	for len(payload) > 0 {
		text, binary, rest, err := Cut3(payload)
		if err != nil {
			return packets, err
		}
		decode := Decode3
		if binary {
			decode = DecodeBinary3
		}
		p, err := decode(text)
		if err != nil {
			return packets, err
		}
		packets = append(packets, p)
		payload = rest
	}
	return packets, nil
}

func appendText3(dst []byte, packets ...Packet) []byte {
	for _, p := range packets {
		if p.Binary {
			dst = AppendText3(dst, AppendBase64V3(nil, p.Data))
		} else {
			dst = AppendText3(dst, Append(nil, p))
		}
	}
	return dst
}

func appendBinary3(dst []byte, packets ...Packet) []byte {
	for _, p := range packets {
		if p.Binary {
			dst = AppendMessage3(dst, p.Data)
		} else {
			dst = AppendString3(dst, Append(nil, p))
		}
	}
	return dst
}

func TestPayload3_BothEncodingsBothWays(t *testing.T) {
	for _, row := range payloads3 {
		t.Run(row.name, func(t *testing.T) {
			if got := appendText3(nil, row.packets...); string(got) != row.text {
				t.Errorf("text: got %q, want %q", got, row.text)
			}
			if got := appendBinary3(nil, row.packets...); string(got) != row.binary {
				t.Errorf("binary: got %q, want %q", got, row.binary)
			}
			binary, n, err := Binary3([]byte("-"), []byte(row.text), 10)
			if err != nil || n != len(row.packets) || binary[0] != '-' {
				t.Fatalf("text: %q, %d packets, %v", binary, n, err)
			}
			for _, payload := range [][]byte{binary[1:], []byte(row.binary)} {
				n, _, err := Check3(payload, 10)
				if err != nil || n != len(row.packets) {
					t.Fatalf("%q: %d packets, %v", payload, n, err)
				}
				if got, err := decode3(payload); err != nil || !cmp.Equal(got, row.packets) {
					t.Errorf("%q: got %+v, %v", payload, got, err)
				}
			}
		})
	}
}

func TestBinary3_LeavesOutEmptyPackets(t *testing.T) {
	for _, text := range []string{"0:", "0:0:0:", "000:"} {
		if got, _, err := Binary3(nil, []byte(text), 10); err != nil || len(got) != 0 {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if got, _, err := Binary3(nil, []byte("0:2:4a0:01:40:"), 10); err != nil || string(got) != "\x00\x02\xff4a\x00\x01\xff4" {
		t.Errorf("%q, %v", got, err)
	}
}

// A payload with one wrong length is refused as a whole.
func TestBinary3_RefusesAsAWhole(t *testing.T) {
	for text, want := range map[string]error{
		"": ErrEmpty, ":": ErrLength, ":4hello": ErrLength, "4": ErrLength, "4hello": ErrLength, "abc": ErrLength,
		"6:4hell": ErrLength, "5:4hello": ErrLength, "7:4hello": ErrLength, "6:4hello1": ErrLength, "6:4hello2:4": ErrLength,
		"-1:4": ErrLength, "+1:4": ErrLength, "1.0:4": ErrLength, "1e0:4": ErrLength, " 1:4": ErrLength, "0x1:4": ErrLength,
		"2:4😀": ErrLength, "4:4😀": ErrLength, "1:41:4\x1e": ErrLength, "٣:4ab": ErrLength, "NaN:4": ErrLength,
		"9999999999999999999999999:4": ErrLength, strings.Repeat("9", 400) + ":4": ErrLength, strings.Repeat("0", 400) + "1:4": ErrLength,
		"18446744073709551617:4": ErrLength, "1:41:41:41:41:4": ErrPackets, "0:0:0:0:0:": ErrPackets,
	} {
		if got, _, err := Binary3(nil, []byte(text), 4); !errors.Is(err, want) {
			t.Errorf("%.40q: %q, %v, want %v", text, got, err, want)
		}
	}
}

func TestCheck3_RefusesAsAWhole(t *testing.T) {
	for payload, want := range map[string]error{
		"": ErrEmpty, "\x00": ErrLength, "\x00\xff": ErrLength, "\x00\x01": ErrLength, "\x00\x01\xff": ErrLength,
		"\x02\x01\xff4": ErrLength, "\x00\x0a\xff4hello4hel": ErrLength, "\x001\xff4": ErrLength, "\x00\x02\xff4": ErrLength,
		"\x01\x01\xff\x04\x01": ErrLength, "6:4hello": ErrLength,
		"\x00" + strings.Repeat("\x09", 400) + "\xff4":     ErrLength,
		"\x00" + strings.Repeat("\x00", 400) + "\x01\xff4": ErrLength,
		"\x00\x03\xff4\xc3\x28":                            ErrUTF8, "\x00\x02\xff4\x80": ErrUTF8,
		strings.Repeat("\x00\x01\xff4", 5): ErrPackets, strings.Repeat("\x00\x00\xff", 5): ErrPackets,
	} {
		if _, _, err := Check3([]byte(payload), 4); !errors.Is(err, want) {
			t.Errorf("%.40q: %v, want %v", payload, err, want)
		}
	}
}

// The oldest clients write a lone surrogate as it stands.
func TestCheck3_LoneSurrogates(t *testing.T) {
	payload := []byte("\x00\x08\xff4\xed\xa0\x80\xed\xbf\xbfx\x01\x04\xff\x04\xed\xa0\x80")
	n, strings, err := Check3(payload, 4)
	if n != 2 || strings || err != nil {
		t.Fatalf("%d packets, strings %v, %v", n, strings, err)
	}
	if want := "\x00\x08\xff4\uFFFD\uFFFDx\x01\x04\xff\x04\xed\xa0\x80"; string(payload) != want {
		t.Errorf("got %q, want %q", payload, want)
	}
}

func TestCheck3_TellsPayloadsOfTextsAlone(t *testing.T) {
	for payload, want := range map[string]bool{"\x00\x02\xff4a\x00\x01\xff2": true, "\x00\x02\xff4a\x01\x01\xff\x04": false} {
		if _, got, err := Check3([]byte(payload), 4); got != want || err != nil {
			t.Errorf("%q: %v, %v", payload, got, err)
		}
	}
}

func TestDecode3(t *testing.T) {
	for _, row := range []struct {
		text   string
		packet Packet
		err    error
	}{
		{"b4AQIDBA==", bytesThreeFour, nil},
		{"b4AQIDBA", bytesThreeFour, nil},
		{"b4", Packet{Type: Message, Binary: true, Data: []byte{}}, nil},
		{"2probe", Packet{Type: Ping, Data: []byte("probe")}, nil},
		{"", Packet{}, ErrEmpty}, {"b", Packet{}, ErrType}, {"b2", Packet{}, ErrType}, {"bAQIDBA==", Packet{}, ErrType},
		{"b4?", Packet{}, ErrBase64}, {"7", Packet{}, ErrType}, {"\x04", Packet{}, ErrType},
	} {
		if p, err := Decode3([]byte(row.text)); !errors.Is(err, row.err) || err == nil && !cmp.Equal(p, row.packet) {
			t.Errorf("%q: %+v, %v", row.text, p, err)
		}
	}
}

func TestDecodeBinary3_TakesMessagesAlone(t *testing.T) {
	for data, want := range map[string]error{"\x04": nil, "\x04\x01\x02": nil, "": ErrEmpty, "4": ErrType, "\x02": ErrType, "\x05": ErrType, "\xff": ErrType} {
		p, err := DecodeBinary3([]byte(data))
		if !errors.Is(err, want) || err == nil && (string(p.Data) != data[1:] || !p.Binary || p.Type != Message) {
			t.Errorf("%q: %+v, %v", data, p, err)
		}
	}
}

func TestBase64LenV3_IsWhatIsAppended(t *testing.T) {
	for n := range 20 {
		if got := len(AppendBase64V3(nil, make([]byte, n))); got != Base64LenV3(n) {
			t.Errorf("%d bytes: %d appended, Base64LenV3 says %d", n, got, Base64LenV3(n))
		}
	}
}

func FuzzBinary3(f *testing.F) {
	for _, row := range payloads3 {
		f.Add([]byte(row.text))
	}
	for _, s := range []string{"1:", "6:4hel", ":::", "00:", "3:4\xed\xa0\x80", "2:4😀", strings.Repeat("0:", 1000), strings.Repeat("9", 1000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !Repair(text) {
			return // refused before
		}
		binary, n, err := Binary3(nil, bytes.Clone(text), 100)
		if len(binary) > 4*len(text) || n > 101 {
			t.Fatalf("%d packets in %d bytes out of %d", n, len(binary), len(text))
		}
		if err != nil || len(binary) == 0 {
			return
		}
		checked, _, err := Check3(binary, 100)
		if err != nil || checked > n {
			t.Fatalf("%q became %q: %d packets of %d, %v", text, binary, checked, n, err)
		}
		packets, err := decode3(binary)
		if err != nil {
			return
		}
		again, _, err := Binary3(nil, appendText3(nil, packets...), 100)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got, err := decode3(again); err != nil || !cmp.Equal(got, packets) {
			t.Fatalf("%q: %+v became %+v, %v", text, packets, got, err)
		}
	})
}

func FuzzCheck3(f *testing.F) {
	for _, row := range payloads3 {
		f.Add([]byte(row.binary))
	}
	for _, s := range []string{"\x00", "\x01\xff", "\x00\x02\xff4", "\x02\x01\xff4", "\x00\x09\x09\x09\x09\xff", "\x00\x04\xff4\xed\xa0\x80", strings.Repeat("\x00\x00\xff", 1000), strings.Repeat("\x09", 1000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		n, _, err := Check3(payload, 100)
		if n > 101 {
			t.Fatalf("%d packets", n)
		}
		if err != nil {
			return
		}
		for rest, cut := payload, 0; len(rest) > 0; cut++ {
			packet, binary, more, err := Cut3(rest)
			if err != nil || cut >= n || !binary && !utf8.Valid(packet) {
				t.Fatalf("%q: packet %d of %d: %q %v", payload, cut, n, packet, err)
			}
			rest = more
		}
		packets, err := decode3(payload)
		if err != nil {
			return
		}
		if got, err := decode3(appendBinary3(nil, packets...)); err != nil || !cmp.Equal(got, packets) {
			t.Fatalf("%q: %+v became %+v, %v", payload, packets, got, err)
		}
	})
}

func BenchmarkBinary3(b *testing.B) {
	payload := appendText3(nil, payloads3[0].packets...)
	payload = bytes.Repeat(payload, 100)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst, _, _ = Binary3(dst[:0], payload, 1000)
	}
}
