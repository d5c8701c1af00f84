package eiopacket

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTwice_BothWays(t *testing.T) {
	for text, payload := range map[string]string{
		"4é": "3:4\u00c3\u00a9", "4€": "4:4\u00e2\u0082\u00ac", "4😀é": "7:4\u00f0\u009f\u0098\u0080\u00c3\u00a9",
	} {
		if got := string(AppendTwice3(nil, []byte(text))); got != payload {
			t.Errorf("%q: got %q, want %q", text, got, payload)
		}
		once, ok := Once([]byte(payload + "1:2" + payload))
		if !ok {
			t.Errorf("%q was not encoded twice", payload)
			continue
		}
		binary, n, err := BinaryOnce3(nil, once, 10)
		want := appendBinary3(nil, text3(text[1:]), Packet{Type: Ping, Data: []byte{}}, text3(text[1:]))
		if n != 3 || err != nil || string(binary) != string(want) {
			t.Errorf("%q: %q, %d packets, %v", payload, binary, n, err)
		}
	}
}

func TestOnce_LeavesWhatWasEncodedOnce(t *testing.T) {
	for _, payload := range []string{"", "6:4hello", "2:4é", "3:4éa", "2:4€", "3:4😀", "4:4Ã€", "3:4\u00c3\u00a9é", "2:4\u0080"} {
		if once, ok := Once([]byte(payload)); ok {
			t.Errorf("%q became %q", payload, once)
		}
	}
}

func TestBinaryOnce3_RefusesHalfACharacter(t *testing.T) {
	for _, once := range []string{"2:4é", "4:4é", "3:4é1"} {
		if got, _, err := BinaryOnce3(nil, []byte(once), 10); !errors.Is(err, ErrLength) {
			t.Errorf("%q: %q, %v", once, got, err)
		}
	}
}

func FuzzTwice(f *testing.F) {
	for _, row := range payloads3 {
		f.Add([]byte(row.text))
	}
	for _, s := range []string{"3:4\u00c3\u00a9", "\xc3", "\u00c3", "9:4\u00f0\u009f\u0098\u0080", "2:4\u00c3\u00a9"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !Repair(text) {
			return // refused before
		}
		if once, ok := Once(text); ok {
			binary, n, err := BinaryOnce3(nil, once, 100)
			if err == nil && len(binary) > 0 {
				if checked, _, err := Check3(binary, 100); err != nil || checked > n {
					t.Fatalf("%q became %q: %d packets of %d, %v", text, binary, checked, n, err)
				}
			}
		}
		packet := append([]byte{'4'}, text...)
		once, ok := Once(AppendTwice3(nil, packet))
		if !ok {
			return // ASCII
		}
		binary, _, err := BinaryOnce3(nil, once, 1)
		if got, err2 := decode3(binary); err != nil || err2 != nil || !cmp.Equal(got, []Packet{{Type: Message, Data: text}}) {
			t.Fatalf("%q became %+v, %v, %v", text, got, err, err2)
		}
	})
}
