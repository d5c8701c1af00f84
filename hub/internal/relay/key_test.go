package relay

import (
	"strings"
	"testing"
)

func TestKey_NamesTheHubAndNothingElse(t *testing.T) {
	random := "lv_VI97HAXpY6yYWAAAC"
	a, b := Key("0123456789abcdef"), Key("0123456789abcdee")
	if a == b || len(a) != keyChars || Key("0123456789abcdef") != a || strings.Contains("0123456789abcdef", a) {
		t.Errorf("%q %q", a, b)
	}
	if key, ok := KeyOf(random + a); !ok || key != a {
		t.Errorf("%q: %q", random+a, key)
	}
	for _, sid := range []string{
		"", random, random + a[1:], random + a + "x", random[1:] + "\x00" + a, random + "http:/", "127.0.0.1:7420/aaaaaaaaaa", random[1:] + "é" + a[1:],
	} {
		if key, ok := KeyOf(sid); ok {
			t.Errorf("%q names %q", sid, key)
		}
	}
}
