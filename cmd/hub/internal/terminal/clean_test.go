package terminal

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestClean_NobodySteersTheTerminal(t *testing.T) {
	for in, want := range map[string]string{
		"ann é 日本": "ann é 日本", "a\x1b[2Jb": "a\ufffd[2Jb", "a\nb\t": "a\ufffdb\ufffd", "\u009b31m": "\ufffd31m",
		"a\u202eb": "a\ufffdb", "": "", "a\u2028b\u2029": "a\ufffdb\ufffd", "a\u200bb\u200d\ufeff": "a\ufffdb\ufffd\ufffd",
		"\x7f": "\ufffd", "\U000e0041": "\ufffd", "a\x9bb": "a\ufffdb", "a\u00adb": "a\ufffdb",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNames_ManyAreCounted(t *testing.T) {
	if got := Names([]string{"a", "b\n", "c", "d"}, 2); got != "a,b\ufffd,+2" {
		t.Error(got)
	}
	if got := Names([]string{"a", "b"}, 2); got != "a,b" {
		t.Error(got)
	}
	if got := Names(nil, 2); got != "" {
		t.Error(got)
	}
}

func TestCleanLines_KeepsTheEndsOfLines(t *testing.T) {
	if got := CleanLines("a\x1b\n\tb\u2028"); got != "a\ufffd\n\ufffdb\ufffd" {
		t.Errorf("%q", got)
	}
}

func TestJSON_MeansTheSameAndSteersNoTerminal(t *testing.T) {
	const name = "a\u202eb\u2028\x7f\u009b\U000e0041\u00ad é 日"
	var out bytes.Buffer
	enc := json.NewEncoder(JSON(&out))
	enc.SetIndent("", "\t")
	if err := enc.Encode(map[string]string{"name": name}); err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["name"] != name {
		t.Errorf("%v: %q", err, got)
	}
	if i := strings.IndexFunc(out.String(), func(r rune) bool { return steers(r) && r != '\n' && r != '\t' }); i >= 0 {
		t.Errorf("%q", out.String()[i:])
	}
	out.Reset()
	if _, err := JSON(&out).Write([]byte("\"a\x9bb\"")); err != nil || out.String() != "\"a\ufffdb\"" {
		t.Errorf("%v: %q", err, out.String())
	}
}
