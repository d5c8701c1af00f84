package main

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/siohub/siohub/cmd/hub/internal/config"
	"github.com/siohub/siohub/controlplane"
)

func TestAuthenticator_KnowsFileListAndMore(t *testing.T) {
	c := config.Control{
		Tokens:     []string{"cron:aaaaaaaaaaaaaaaa"},
		TokensFile: writeFile(t, t.TempDir(), "tokens", "# services\n\nchat: bbbbbbbbbbbbbbbb\n"),
	}
	own := drawToken("demo")
	a, err := newAuthenticator(&c, []config.Token{own}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]string{
		"aaaaaaaaaaaaaaaa": "cron", "bbbbbbbbbbbbbbbb": "chat", own.Secret: "demo", "": "", "cccccccccccccccc": "", "cron": "",
	} {
		got, err := a.Authenticate(t.Context(), controlplane.Credentials{Token: token})
		if (err == nil) != (want != "") || (err == nil && got.Name != want) {
			t.Errorf("%q: %v, %v", token, got, err)
		}
	}
}

// A token that was made for the demo's own service must not close a door that the
// configuration leaves open.
func TestAuthenticator_NobodyNeedsATokenUnlessConfigured(t *testing.T) {
	a, err := newAuthenticator(&config.Control{}, []config.Token{drawToken("demo")}, nil)
	if a != nil || err != nil {
		t.Errorf("%v, %v", a, err)
	}
}

func TestServe_BadTokensFileStopsTheStart(t *testing.T) {
	const secret = "planted-0123456789abcdef"
	for name, content := range map[string]string{"absent": "", "empty": "# none\n", "no name": secret + "\n", "short": "chat: short\n"} {
		t.Run(name, func(t *testing.T) {
			file := writeFile(t, t.TempDir(), "tokens", content)
			if content == "" {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
			_, errs, code := execute(t, with("serve", "--control-tokens-file", file)...)
			if code != 2 || !strings.Contains(errs, "control.tokens_file = "+file) || strings.Contains(errs, secret) {
				t.Errorf("exit %d: %s", code, errs)
			}
		})
	}
}
