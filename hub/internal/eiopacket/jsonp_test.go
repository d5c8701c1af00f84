package eiopacket

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestJSONPIndex_LetsNothingButDigitsThrough(t *testing.T) {
	for j, want := range map[string]string{
		"0": "0", "17": "17", "": "", "abc": "", "1;alert(1)": "11", "0](alert(document.cookie));//": "0", "-1": "1",
		"</script>": "", "٣": "", "１": "", "0x10": "010", strings.Repeat("7", 3000): "7777777777",
	} {
		if got := JSONPIndex(j); got != want {
			t.Errorf("%.20q: %q, want %q", j, got, want)
		}
	}
}

func TestAppendJSONP(t *testing.T) {
	for payload, want := range map[string]string{
		"6:4hello":     `___eio[4]("6:4hello");`,
		"4:4\"\\/":     `___eio[4]("4:4\"\\/");`,
		"3:4\n\t":      `___eio[4]("3:4\n\t");`,
		"3:4\x00\x1f":  `___eio[4]("3:4\u0000\u001f");`,
		"4:4\b\f\r":    `___eio[4]("4:4\b\f\r");`,
		"3:4\u2028x":   `___eio[4]("3:4\u2028x");`,
		"3:4\u2029x":   `___eio[4]("3:4\u2029x");`,
		"3:4\u2027€":   "___eio[4](\"3:4\u2027€\");",
		"3:4😀":         `___eio[4]("3:4😀");`,
		"9:</script>":  `___eio[4]("9:</script>");`,
		`9:");alert("`: `___eio[4]("9:\");alert(\"");`,
	} {
		if got := string(AppendJSONP([]byte("-"), "4", []byte(payload))); got != "-"+want {
			t.Errorf("%q: got %s, want %s", payload, got, want)
		}
	}
}

func TestUnescapeJSONP(t *testing.T) {
	for text, want := range map[string]string{
		"6:4hello": "6:4hello", `3:4\n`: "3:4\n", `4:4\\n`: `4:4\n`, `6:4\\\n`: `6:4\\n`, `4:4\x`: `4:4\x`, `3:4\`: `3:4\`, `\\`: `\\`, "": "",
	} {
		if got := UnescapeJSONP([]byte(text)); string(got) != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// escaped is what a client makes of a payload before it submits it.
//
// Source: engine.io-client 3.5, transports/polling-jsonp.js, doWrite.
func escaped(payload string) string {
	return strings.ReplaceAll(strings.ReplaceAll(payload, `\n`, "\\\n"), "\n", `\n`)
}

func FuzzJSONP(f *testing.F) {
	for _, s := range []string{"6:4hello", "3:4\n", `4:4\n`, `9:4\\n\n`, "\u2028\u2029", `"\`, "\x00", "%41+&=", "d=", "</script>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := UnescapeJSONP(bytes.Clone(b)); len(got) > len(b) {
			t.Fatalf("%q became %q", b, got)
		}
		if !Repair(b) {
			return
		}
		if got := UnescapeJSONP([]byte(escaped(string(b)))); string(got) != string(b) && !strings.Contains(string(b), `\`) {
			t.Fatalf("%q became %q", b, got)
		}
		script := string(AppendJSONP(nil, JSONPIndex(string(b)), b))
		open, literal, ok := strings.Cut(strings.TrimSuffix(script, ");"), "(")
		if !ok || strings.Trim(open, "0123456789") != "___eio[]" && len(open) > len("___eio[]")+10 {
			t.Fatalf("%q: %s", b, script)
		}
		var got string
		if err := json.Unmarshal([]byte(literal), &got); err != nil || got != string(b) {
			t.Fatalf("%q became %q, %v", b, got, err)
		}
		if strings.ContainsAny(script, "\u2028\u2029\n\r") {
			t.Fatalf("%q: a line ends in %q", b, script)
		}
	})
}
