package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// A hub keeps the rules that kits are held to, from its side.
func TestConform_AHubPasses(t *testing.T) {
	p := start(t, with("serve")...)
	at := p.ready()
	out, errs, code := execute(t, "conform", "--hub", at.services, "--url", at.browsers)
	if code != 0 || !strings.HasPrefix(out, "TAP version 13\n1..") || !strings.HasSuffix(out, " 0 failed\n") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

func TestConform_AProgramThatFailsIsToldByRule(t *testing.T) {
	args := []string{"conform", "--patience", "200ms", "--run", "^session/(hello|instance)$"}
	out, errs, code := execute(t, append(args, "--", "sh", "-c", "echo no kit here >&2")...)
	for _, want := range []string{"TAP version 13\n1..2\nnot ok 1 - session/", "  rule: ", "  want: ", "the program ended with code 0", "# 2 cases, 2 failed"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != 1 || !strings.Contains(errs, "2 of 2 cases failed") {
		t.Errorf("exit %d, %s", code, errs)
	}
	out, _, code = execute(t, append(append(args, "--json"), "--", "sh", "-c", "echo no kit here >&2")...)
	for line := range strings.Lines(out) {
		var one struct {
			Name, Want, Seen, Stderr string
			OK                       bool
		}
		if err := json.Unmarshal([]byte(line), &one); err != nil || one.OK || one.Want == "" || one.Seen == "" || one.Stderr != "no kit here\n" {
			t.Errorf("%s: %v", line, err)
		}
	}
	if code != 1 || strings.Count(out, "\n") != 2 {
		t.Errorf("exit %d, %s", code, out)
	}
}

func TestConform_CommandLine(t *testing.T) {
	for _, args := range [][]string{
		{}, {"--hub", "127.0.0.1:1", "--", "true"}, {"--run", "(", "--", "true"}, {"--run", "no-such-case", "--", "true"},
		{"--parallel", "0", "--", "true"}, {"--patience", "0s", "--", "true"}, {"--hub", "http://127.0.0.1:1"},
	} {
		if out, errs, code := execute(t, append([]string{"conform"}, args...)...); code != 2 || out != "" {
			t.Errorf("%v: exit %d, %s%s", args, code, out, errs)
		}
	}
	out, _, code := execute(t, "conform", "--list", "--run", "^resume/hello$")
	if code != 0 || !strings.HasPrefix(out, "resume/hello  R2  After a broken stream") {
		t.Errorf("exit %d, %s", code, out)
	}
	out, _, code = execute(t, "conform", "--list", "--json", "--hub", "127.0.0.1:1", "--run", "^hub-session/welcome$")
	if code != 0 || !json.Valid([]byte(out)) {
		t.Errorf("exit %d, %s", code, out)
	}
}
