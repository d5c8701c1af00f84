package msgpacket

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/siopacket"
)

func FuzzParser_Decode(f *testing.F) {
	for _, row := range examples {
		f.Add(pack(f, row.value))
	}
	for _, row := range values {
		f.Add([]byte(args(row.packed)))
	}
	for _, row := range hostile {
		if len(row.message) < 10_000 {
			f.Add([]byte(row.message))
		}
	}
	check := siopacket.NewJSON(siopacket.Limits{})
	m := parser()
	f.Fuzz(func(t *testing.T, data []byte) {
		p, inline, err := m.Decode(bytes.Clone(data), true)
		if err != nil || !p.Own && p.Payload != nil {
			return
		}
		if !utf8.ValidString(p.Namespace) || !utf8.ValidString(p.Name) || !utf8.Valid(p.Payload) {
			t.Fatalf("%q became %+v, which is not UTF-8", data, p)
		}
		switch p.Type {
		case siopacket.Event, siopacket.Ack:
			if err := check.CheckArgs(p.Payload, len(inline)); err != nil {
				t.Fatalf("%q became %q: %v", data, p.Payload, err)
			}
		default:
			if len(inline) > 0 || len(p.Payload) > 0 && !json.Valid(p.Payload) {
				t.Fatalf("%q became %q", data, p.Payload)
			}
		}
		message, _, _ := m.Encode(nil, p, inline)
		again, more, err := m.Decode(bytes.Clone(message), true)
		if err != nil && p.Type == siopacket.Connect && len(p.Payload) > 16<<10 {
			return
		}
		if err != nil || again.Type != p.Type || again.Namespace != p.Namespace || again.ID != p.ID || again.Name != p.Name ||
			!bytes.Equal(again.Payload, p.Payload) || len(more) != len(inline) {
			t.Fatalf("%q became %+v, then %q, then %+v: %v", data, p, message, again, err)
		}
		for i := range more {
			if !bytes.Equal(more[i], inline[i]) {
				t.Fatalf("attachment %d of %q became %q", i, inline[i], more[i])
			}
		}
	})
}

// FuzzParser_Encode gives the encoder what the hub lets services say.
func FuzzParser_Encode(f *testing.F) {
	for _, text := range []string{
		`[]`, ` [ 1 , {"a":[null,-0.5e-7]} ] `, `[{"_placeholder":true,"num":0}]`, `[{"num":1,"x":[[{}]],"_placeholder":true},{"_placeholder":true,"num":0}]`,
		`["\ud800\u0000"]`, `[1e400,123456789012345678901234567890]`, `[{"_placeholder":false,"_placeholder":true,"num":1,"num":0}]`,
	} {
		f.Add([]byte(text), byte(0))
		f.Add([]byte(text), byte(2))
	}
	check := siopacket.NewJSON(siopacket.Limits{})
	m := New(siopacket.Limits{}, 1<<40)
	f.Fuzz(func(t *testing.T, text []byte, n byte) {
		attachments := make([][]byte, n%4)
		for i := range attachments {
			attachments[i] = []byte{byte(i)}
		}
		p := siopacket.Packet{Type: siopacket.Event, Namespace: "/", Name: "a", Payload: text}
		message, _, _ := m.Encode(nil, p, attachments)
		if check.CheckArgs(text, len(attachments)) != nil || !utf8.Valid(text) || len(text) == 0 {
			return // the hub would not have sent it; no panic is enough
		}
		got, inline, err := m.Decode(message, true)
		if err == errSeat && len(attachments) == 0 {
			return // data of a service, which a client has no reason to send
		}
		if err != nil || len(inline) != len(attachments) {
			t.Fatalf("%q with %d became %q: %d, %v", text, len(attachments), message, len(inline), err)
		}
		if !json.Valid(got.Payload) {
			t.Fatalf("%q became %q", text, got.Payload)
		}
	})
}
