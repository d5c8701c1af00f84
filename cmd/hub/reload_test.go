//go:build unix

package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

// rewrite replaces a file and tells the process.
func rewrite(t *testing.T, p *process, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func TestReload_SIGHUPPutsInForceWhatCanBe(t *testing.T) {
	const secret, other = "0123456789abcdef-planted", "fedcba9876543210-planted"
	dir := t.TempDir()
	tokens := writeFile(t, dir, "tokens", "chat: "+secret+"\n")
	file := writeFile(t, dir, "hub.yaml", "log: {level: warn}\n")
	p := start(t, with("serve", "--config", file, "--control-tokens-file", tokens)...)
	at := p.ready()

	rewrite(t, p, file, "log: {levels: {hub: info}}\n") // the level is info again
	p.find(`level=INFO msg="configuration read again" applied="\[log.level log.levels\]"`)
	rewrite(t, p, file, "log: {level: debug}\nping_interval: 7s\ncontrol: {tokens: ['cron: "+other+"']}\n")
	p.find(`level=WARN msg="configuration read again; some of it wants a restart" applied="\[log.level log.levels\]" wants_restart="\[ping_interval control.tokens\]"`)
	openTab(t, at, "1") // comes and goes
	p.find(`level=DEBUG msg="session closed"`)

	rewrite(t, p, file, "log: {level: loud}\nnonsense: 1\n")
	p.find(`level=WARN msg="configuration not read again, the old one stays" error=.*log.level.*`)
	rewrite(t, p, tokens, "chat: "+other+"\n")
	p.find(`msg="tokens read again".* count=1 removed=1`)
	openTab(t, at, "1")

	_ = p.Process.Signal(syscall.SIGTERM)
	if code := p.code(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if found := p.output.text(); strings.Contains(found, "planted") {
		t.Error("a token is in the log")
	}
}
