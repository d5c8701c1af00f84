package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/siohub/siohub/cmd/hub/internal/token"
)

// say runs a command with something on its standard input.
func say(t *testing.T, stdin string, command interface{ Run(*app) error }) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	err := command.Run(&app{ctx: t.Context(), stdin: strings.NewReader(stdin), stdout: &out, stderr: &errs})
	code = report(err, &errs)
	return out.String(), errs.String(), code
}

func checkCmd(file, config string) *tokenCheckCmd {
	c := &tokenCheckCmd{Tokens: file}
	c.options.init()
	c.File = config
	return c
}

func TestToken_NewIsTakenByHashAndCheck(t *testing.T) {
	out, _, code := execute(t, "token", "new", "chat")
	first, line, ok := strings.Cut(out, "\n")
	secret := strings.TrimSpace(strings.TrimPrefix(first, "token"))
	line = strings.TrimSpace(strings.TrimPrefix(line, "line"))
	if code != 0 || !ok || line != "chat: "+token.HashOf(secret).String() || strings.Count(out, secret) != 1 {
		t.Fatalf("exit %d: %s", code, out)
	}
	if hashed, _, _ := say(t, secret+"\n", &tokenHashCmd{Name: "chat"}); strings.TrimSpace(hashed) != line {
		t.Errorf("hash says %q, want %q", hashed, line)
	}
	if hashed, _, _ := say(t, secret, &tokenHashCmd{}); "chat: "+strings.TrimSpace(hashed) != line {
		t.Errorf("hash says %q", hashed)
	}
	file := writeFile(t, t.TempDir(), "tokens", line+"\n")
	out, errs, code := say(t, secret+"\n", checkCmd(file, ""))
	if code != 0 || !strings.Contains(out, "identity    chat") || !strings.Contains(out, "everything") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	out, errs, code = say(t, "planted-0123456789abcdef", checkCmd(file, ""))
	if code != 1 || !strings.Contains(errs, "TOKEN_WRONG") || strings.Contains(out+errs, "planted") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestToken_CheckShowsRules(t *testing.T) {
	dir := t.TempDir()
	tokens := writeFile(t, dir, "tokens", "chat: 0123456789abcdef\nlost: fedcba9876543210\n")
	config := writeFile(t, dir, "hub.yaml", "control: {tokens_file: "+tokens+"}\n"+
		"identities: {chat: {namespaces: [/chat, /org/*], verbs: [emit], limits: {commands_per_second: 5}}}\n")
	out, errs, code := say(t, "0123456789abcdef", checkCmd("", config))
	for _, want := range []string{"identity    chat", "namespaces  /chat, /org/*", "rooms       none", "verbs       emit", "5 a second"} {
		if !strings.Contains(out, want) || code != 0 {
			t.Errorf("exit %d, %q is missing: %s%s", code, want, out, errs)
		}
	}
	if out, _, _ = say(t, "fedcba9876543210", checkCmd("", config)); !strings.Contains(out, "may         nothing") {
		t.Error(out)
	}
}

func TestToken_WrongUse(t *testing.T) {
	for name, c := range map[string]struct {
		stdin   string
		command interface{ Run(*app) error }
		want    string
	}{
		"no name":       {"", &tokenNewCmd{Name: "my chat"}, "no colon"},
		"nothing":       {"", &tokenHashCmd{}, "standard input"},
		"short":         {"planted", &tokenHashCmd{}, "at least 16"},
		"no tokens":     {"0123456789abcdef", checkCmd("", ""), "no tokens are configured"},
		"no file":       {"0123456789abcdef", checkCmd("/none", ""), "control.tokens_file = /none"},
		"no token file": {"", &tokenCheckCmd{Tokens: "/none", TokenFile: "/none", options: checkCmd("", "").options}, "--token-file"},
	} {
		out, errs, code := say(t, c.stdin, c.command)
		if code == 0 || !strings.Contains(errs, c.want) || strings.Contains(out+errs, "planted") {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
		}
	}
}
