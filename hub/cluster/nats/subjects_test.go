package nats

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

func TestToken_Names(t *testing.T) {
	for name, want := range map[string]string{
		"": "%", "/": "/", "/chat": "/chat", "a.b": "a%2Eb", "*": "%2A", ">": "%3E", "a b": "a%20b", "%": "%25", "%h": "%25h", "ü": "%C3%BC", "\x01user:7": "%01user:7", "$SYS": "%24SYS",
		strings.Repeat("x", 256): strings.Repeat("x", 256),
		strings.Repeat("x", 257): "",
	} {
		got := token(name)
		if len(name) == 257 {
			if !strings.HasPrefix(got, "%h") || len(got) != 66 {
				t.Errorf("%q", got)
			}
			continue
		}
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
		if back, ok := untoken(got); !ok || back != name {
			t.Errorf("%q came back as %q", name, back)
		}
	}
}

func FuzzToken(f *testing.F) {
	for _, s := range []string{"", "%", "%h", "%h00", "%2", "%2E", ".", "*", ">", " ", "\x00", strings.Repeat(".", 4000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		tok := token(name)
		if tok == "" || len(tok) > maxToken || strings.ContainsAny(tok, ".*> \t\r\n\x00") || !utf8.ValidString(tok) {
			t.Fatalf("%q is no token", tok)
		}
		if back, ok := untoken(tok); ok && back != name {
			t.Fatalf("%q came back as %q", name, back)
		} else if !ok && !strings.HasPrefix(tok, "%h") {
			t.Fatalf("%q does not come back", tok)
		}
		_, _ = untoken(name) // whatever is a subject
		subjects{"p"}.address("p.room." + name)
	})
}

func TestSubjects_AddressOfARoomComesBack(t *testing.T) {
	s := subjects{"socket.io"}
	a := mesh.Address{Namespace: "/größe.x", Room: "a.*.>"}
	if got := s.address(s.of(a)); got != a {
		t.Errorf("%+v", got)
	}
	if got := s.address(s.of(mesh.Address{Namespace: "/"})); got != (mesh.Address{}) {
		t.Errorf("%+v", got)
	}
}
