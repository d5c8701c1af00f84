package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The first hour of debugging at a real hub: who is there, in which rooms, as whom; then
// one has to leave.
func TestStory_WhoIsThereAndOneIsKicked(t *testing.T) {
	p := start(t, with("demo", "--start-grace", "0s")...)
	at := p.ready()
	attached(t, p, at, 1)
	ann := openTab(t, at, `40/chat,{"name":"Ann"}`)
	ann.reads(`40/chat,{"sid":"`)
	hub := []string{"--hub", at.services, "-n", "/chat"}
	ask := func(command string, more ...string) string {
		t.Helper()
		out, errs, code := execute(t, append(append(strings.Fields(command), hub...), more...)...)
		if code != 0 {
			t.Fatalf("%s: exit %d %s", command, code, errs)
		}
		return out
	}
	var row socketRow
	if out := ask("sockets -o json --user Ann"); json.Unmarshal([]byte(out), &row) != nil || row.User != "Ann" ||
		row.Transport != "polling" || row.Address != "127.0.0.1" || row.ConnectTime.IsZero() {
		t.Errorf("sockets: %s", out)
	}
	if out := ask("sockets --user Bob"); strings.Count(out, "\n") != 1 {
		t.Errorf("sockets of nobody:\n%s", out)
	}
	if out := ask("users"); !strings.Contains(out, "Ann") {
		t.Errorf("users:\n%s", out)
	}
	ask("rooms")
	if out := ask("kick", "--socket", row.ID); out != "disconnected 1 socket\n" {
		t.Errorf("kick: %s", out)
	}
	ann.reads("41/chat,")

	_, errs, code := execute(t, "emit", "--hub", at.services, "-n", "/caht", "--all", "hello")
	if code != 1 || !strings.Contains(errs, "knows the namespace /caht") || strings.Count(errs, "\n") != 1 {
		t.Errorf("a namespace that nobody knows: exit %d %s", code, errs)
	}
	if out := ask("emit", "--all", "hello"); out != "matched 0, queued 0, dropped 0\n" {
		t.Errorf("a namespace where nobody is: %s", out)
	}
	for _, group := range []string{"chat", "nobody"} {
		if _, errs, code := execute(t, "forget", group, "--hub", at.services); code != 1 || !strings.Contains(errs, "group") {
			t.Errorf("forget %s: exit %d %s", group, code, errs)
		}
	}
	if _, errs, code := execute(t, "sockets", "--hub", strings.TrimPrefix(strings.TrimSuffix(at.browsers, "/socket.io/"), "http://")); code != 1 ||
		!strings.Contains(errs, "answers HTTP, not gRPC") {
		t.Errorf("the port for browsers: exit %d %s", code, errs)
	}
}
