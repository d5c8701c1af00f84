package siopacket

import (
	"strings"
	"testing"
)

// A stranger's auth is not read from end to end when it is refused for its size anyway.
func TestDecode_AuthBeyondItsLimitIsNotLookedAt(t *testing.T) {
	j := NewJSON(Limits{AuthBytes: 10})
	for text, ok := range map[string]bool{`0/a,{"b":1}`: true, `0/a,{"b":"cd}`: false, `0/a,` + strings.Repeat("x", 11): true} {
		p, _, err := j.Decode([]byte(text), false)
		if (err == nil) != ok || ok && (p.Namespace != "/a" || string(p.Payload) != text[4:]) {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
}
