package config

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/siohub/siohub/cmd/hub/internal/token"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

const docsFile = "../../../../docs/configuration.md"

func TestDocs_AreTheTable(t *testing.T) {
	var got bytes.Buffer
	if err := WriteDocs(&got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(docsFile, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("docs/configuration.md is not what the table says; run this test with -update (-file +table):\n%s", diff)
	}
	for _, k := range Keys() {
		if !strings.Contains(string(want), "| `"+k.Name+"` |") {
			t.Errorf("%s is not documented", k.Name)
		}
	}
}

// The example of the page has to be one that works.
func TestDocs_ExampleIsAccepted(t *testing.T) {
	_, rest, _ := strings.Cut(intro, "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	if _, err := Load(Sources{File: write(t, "hub.yaml", example)}); err != nil {
		t.Error(err)
	}
}

func TestWriteYAML_IsReadBackAsTheSame(t *testing.T) {
	first, err := Load(Sources{Flags: map[string]any{
		"listen": ":0", "admin.hosts": []string{"hub.internal"}, "namespaces": []string{"/chat", "/org/*"}, "log.levels": []string{"hub=debug"},
		"cors.origins": []string{"*"}, "cookie.enabled": true, "max_payload": "2MB",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := first.WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	if want := "namespaces: [/chat, /org/*] # from --namespaces"; !strings.Contains(out.String(), want) {
		t.Errorf("%q is missing in:\n%s", want, out.String())
	}
	second, err := Load(Sources{File: write(t, "hub.yaml", out.String())})
	if err != nil {
		t.Fatalf("%v in:\n%s", err, out.String())
	}
	if diff := cmp.Diff(first.Config, second.Config); diff != "" {
		t.Error(diff)
	}
}

func TestChanged_NamesTheKeys(t *testing.T) {
	after := Default()
	after.Log.Level, after.Control.Tokens, after.CORS.MaxAge = "debug", []string{"a:0123456789abcdef"}, time.Second
	if diff := cmp.Diff([]string{"cors.max_age", "control.tokens", "log.level"}, Changed(Default(), after)); diff != "" {
		t.Error(diff)
	}
	if same := Changed(Default(), Default()); same != nil {
		t.Error(same)
	}
}

func TestSecrets_AreNeverPrinted(t *testing.T) {
	const secret = "planted-secret-0123456789"
	loaded, err := Load(Sources{Environ: []string{"HUB_CONTROL_TOKENS=chat:" + secret}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := loaded.WriteYAML(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), secret) || !strings.Contains(out.String(), `tokens: '***' # from HUB_CONTROL_TOKENS`) {
		t.Errorf("not masked:\n%s", out.String())
	}
	for name, s := range map[string]Sources{
		"value without a name": {Environ: []string{"HUB_CONTROL_TOKENS=" + secret}},
		"one bad, one good":    {Environ: []string{"HUB_CONTROL_TOKENS=a:short,b:" + secret}},
		"a mapping in YAML":    {File: write(t, "hub.yaml", "control: {tokens: {chat: "+secret+"}}")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(s)
			if err == nil || strings.Contains(err.Error(), secret) {
				t.Errorf("accepted, or the secret is in the error: %v", err)
			}
		})
	}
	if flag := keyByName("control.tokens").Flag(); flag != "" {
		t.Errorf("a secret has the flag --%s", flag)
	}
}

func TestTokenList(t *testing.T) {
	loaded, err := Load(Sources{Environ: []string{"HUB_CONTROL_TOKENS=cron:aaaaaaaaaaaaaaaa, cron: bbbbbbbbbbbbbbbb"}})
	if err != nil {
		t.Fatal(err)
	}
	got := loaded.Config.Control.TokenList()
	want := []token.Token{{Name: "cron", Hash: token.HashOf("aaaaaaaaaaaaaaaa")}, {Name: "cron", Hash: token.HashOf("bbbbbbbbbbbbbbbb")}} // two, to change over without a gap
	if diff := cmp.Diff(want, got); diff != "" || !loaded.Config.Control.Guarded() {
		t.Error(diff)
	}
	for _, bad := range []string{"short", "a:short", ":aaaaaaaaaaaaaaaa", "a:aaaaaaaa aaaaaaaaaa"} {
		if _, err := Load(Sources{Environ: []string{"HUB_CONTROL_TOKENS=" + bad}}); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
}

// FuzzLoad feeds files: whatever stands in them is an answer, never a panic.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"listen: :0", "a: [", "cors: {origins: [1, {a: b}]}", "log: {levels: [x]}", "? [a]\n: b", "&a [*a]", "max_payload: .inf",
		"1: 2", "ping_interval: !!binary aGk=", "cors.origins: ['*']", "limits: 7", "null: null", "- - -", "path: \"\\0\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		path := write(t, "hub.yaml", content)
		loaded, err := Load(Sources{File: path})
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := loaded.WriteYAML(&out); err != nil {
			t.Fatal(err)
		}
	})
}
