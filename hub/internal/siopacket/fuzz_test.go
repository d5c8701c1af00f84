package siopacket

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// hostile are the inputs that ended other servers, and some of our own.
var hostile = []string{
	`2[{"toString":"x"}]`, `2["error"]`, `2["__proto__"]`, `2["constructor",{"__proto__":{"a":1}}]`,
	`51-["a",{"_placeholder":true,"num":"splice"}]`, `5999999999-[`, `51-["a",{"_placeholder":true,"num":-0}]`,
	`2` + strings.Repeat("[", 10_000), `2["a",` + strings.Repeat(`{"":`, 600), `2["a","` + strings.Repeat(`\u0000`, 100) + `"]`,
	`2` + strings.Repeat("1", 400) + `["a"]`, "0/\x00,", "0/" + strings.Repeat("n", 70_000) + ",", `2["\ud800"]`,
	"2[\"a\",\"\u2028\"]", "2[\"a\",1e999999999]", `61-/a,1[{"_placeholder":true,"num":0}]`, `2["a",]`, "2[\"a\"]\x00",
}

func FuzzJSON_Decode(f *testing.F) {
	for _, row := range examples {
		f.Add([]byte(row.text))
	}
	for _, text := range hostile {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) {
			return // the transports let nothing else through
		}
		j := NewJSON(Limits{})
		p, _, err := j.Decode(bytes.Clone(data), false)
		if err != nil {
			return
		}
		if len(p.Payload) > 0 && !json.Valid(p.Payload) {
			t.Fatalf("%q has payload %q", data, p.Payload)
		}
		text, _, _ := j.Encode(nil, p, make([][]byte, p.Attachments))
		if len(text) > Size(p)+5*len(p.Name) {
			t.Fatalf("%q is longer than Size says", text)
		}
		again, _, err := j.Decode(bytes.Clone(text), false)
		if err != nil {
			t.Fatalf("%q became %q: %v", data, text, err)
		}
		if again.Type != p.Type || again.Namespace != p.Namespace || again.ID != p.ID || again.Attachments != p.Attachments ||
			again.Name != p.Name || !bytes.Equal(trimmed(again.Payload), trimmed(p.Payload)) {
			t.Fatalf("%q became %+v, then %q, then %+v", data, p, text, again)
		}
	})
}

// trimmed is a payload without the white space that an encoder may drop.
func trimmed(payload []byte) []byte {
	payload = bytes.TrimSpace(payload)
	if bytes.HasPrefix(payload, []byte("[")) && len(bytes.TrimSpace(payload[1:])) == 1 {
		return emptyArray
	}
	return payload
}

// FuzzScanner compares the scanner with encoding/json, which agrees with it on what is well-formed.
func FuzzScanner(f *testing.F) {
	for _, text := range []string{`1`, `-0.0e+10`, `"\u00e9\n"`, `{"a":[1,{}],"b":null}`, ` [ ] `, `[1,]`, `{"a"}`, "\"\x1f\"", `01`, ``} {
		f.Add([]byte(text))
	}
	for _, text := range hostile {
		f.Add([]byte(text[1:]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := NewJSON(Limits{}).CheckValue(data)
		if want := json.Valid(data); err != ErrDepth && (err == nil) != want {
			t.Fatalf("%q: scanner says %v, encoding/json %v", data, err, want)
		}
	})
}

func FuzzAppendString(f *testing.F) {
	f.Add("a\xff\u2028<&>\x00\"\\")
	f.Fuzz(func(t *testing.T, text string) {
		var got string
		if err := json.Unmarshal(AppendString(nil, text), &got); err != nil || got != strings.ToValidUTF8(text, "\ufffd") && utf8.ValidString(text) {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
	})
}
