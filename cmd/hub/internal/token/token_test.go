package token

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const secret = "correct-horse-battery"

func TestParseFile_Forms(t *testing.T) {
	hash := HashOf("another-long-secret")
	got, err := ParseFile([]byte("# comment\n\nchat: " + secret + "\r\n cron : " + hash.String() + "\n" +
		"quoted: \"yet-another-secret\"\nchat: the-next-token-of-chat\nspiffe/x@y: " + strings.ToUpper(hash.String()[7:])[:0] + "0123456789abcdef\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Token{
		{"chat", HashOf(secret)}, {"cron", hash}, {"quoted", HashOf("yet-another-secret")},
		{"chat", HashOf("the-next-token-of-chat")}, {"spiffe/x@y", HashOf("0123456789abcdef")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseFile_ErrorsNameTheLineAndNotTheToken(t *testing.T) {
	hash := HashOf(secret).String()
	for name, text := range map[string]string{
		"no colon": "\n" + secret + "\n", "short": "\nchat: hunter2-hunter2"[:18], "no name": "\n: " + secret,
		"hash": "\nchat: sha256:" + secret, "long hash": "\nchat: " + hash + "00", "blank": "\nchat: " + secret + " " + secret,
		"name with a blank": "\nmy chat: " + secret, "control": "\nch\x01at: " + secret, "utf-8": "\nch\xffat: " + secret,
		"two owners": "chat: " + secret + "\ncron: " + secret, "long line": "\n" + strings.Repeat("x", 1<<17),
	} {
		tokens, err := ParseFile([]byte(text))
		switch {
		case err == nil:
			t.Errorf("%s: taken as %v", name, tokens)
		case strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), secret):
			t.Errorf("%s: the error has the secret: %v", name, err)
		case name != "long line" && !strings.HasPrefix(err.Error(), "line 2: "):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNew_TokensAreTakenAndDiffer(t *testing.T) {
	a, b := New(), New()
	if a == b {
		t.Error("twice the same")
	}
	got, err := Parse("chat:" + a)
	if err != nil || got != (Token{"chat", HashOf(a)}) {
		t.Error(got, err)
	}
	if hashed, err := Parse("chat: " + got.Hash.String()); err != nil || hashed != got {
		t.Error(hashed, err)
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte("chat: " + secret + "\n# x\n"))
	f.Add([]byte("chat: sha256:"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tokens, err := ParseFile(text)
		if err != nil && len(tokens) > 0 {
			t.Error("tokens beside an error")
		}
		for _, tok := range tokens {
			if CheckName(tok.Name) != nil {
				t.Errorf("name %q", tok.Name)
			}
		}
	})
}

func TestHasPlain(t *testing.T) {
	hash := HashOf("0123456789abcdef").String()
	for text, want := range map[string]bool{
		"": false, "# a: b\n\n": false, "a: " + hash + "\n": false, "a: '" + hash + "'": false,
		"a: " + hash + "\nb: 0123456789abcdef\n": true,
	} {
		if HasPlain([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
