package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

// tab is a browser that speaks Socket.IO over polling, in its plainest form.
type tab struct {
	t   *testing.T
	url string
}

// openTab opens a session and joins a namespace.
func openTab(t *testing.T, at addresses, connect string) *tab {
	t.Helper()
	b := &tab{t: t, url: at.browsers + "?EIO=4&transport=polling"}
	_, rest, _ := strings.Cut(b.exchange(""), `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	b.url += "&sid=" + sid
	b.exchange(connect)
	return b
}

// exchange polls, or posts what is said.
func (b *tab) exchange(say string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	method, body := http.MethodGet, io.Reader(nil)
	if say != "" {
		method, body = http.MethodPost, strings.NewReader(say)
	}
	req, err := http.NewRequestWithContext(ctx, method, b.url, body)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		b.t.Fatalf("%s %s: %d %s %v", method, say, res.StatusCode, text, err)
	}
	return string(text)
}

// reads polls until a packet starts with the prefix, and gives it.
func (b *tab) reads(prefix string) string {
	b.t.Helper()
	for {
		for packet := range strings.SplitSeq(b.exchange(""), "\x1e") {
			if strings.HasPrefix(packet, prefix) {
				return packet
			}
			if packet == "2" {
				b.exchange("3")
			}
		}
	}
}

// The operator's first hour: a browser in the chat, an event from the command line,
// a look at what is there and at what is missing.
func TestStory_EmitReachesABrowserAndStatusShowsIt(t *testing.T) {
	p := start(t, with("demo")...)
	at := p.ready()
	attached(t, p, at, 1)
	ann := openTab(t, at, `40/chat,{"name":"Ann"}`)
	ann.reads(`40/chat,{"sid":"`)

	const args = `{"b":1,"a":9007199254740993,"c":"<&>"}`
	out, errs, code := execute(t, "emit", "--hub", at.services, "-n", "/chat", "--user", "Ann", "notice", args)
	if code != 0 || out != "matched 1, queued 1, dropped 0\n" {
		t.Fatalf("emit: exit %d %s%s", code, out, errs)
	}
	if got, want := ann.reads(`42/chat,["notice"`), `42/chat,["notice",`+args+`]`; got != want {
		t.Errorf("the browser read %s", got)
	}

	out, _, code = execute(t, "emit", "--hub", at.services, "-n", "/chat", "--all", "disconnect")
	if code != 1 {
		t.Errorf("a reserved name: exit %d %s", code, out)
	}
	out, errs, _ = execute(t, "status", "--admin", strings.TrimPrefix(at.admin, "http://"))
	for _, want := range []string{"1 session connected", "1 socket in /chat", "1 socket, 0 of "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s%s", want, out, errs)
		}
	}
	_, metrics := get(t, at.admin+"/metrics")
	for _, want := range []string{
		`hub_sockets{namespace="/chat"} 1`, `hub_deliveries_total{kind="connect_attempt"} 1`,
		`hub_settlements_total{group="chat",kind="connect_attempt",namespace="/chat",outcome="accept"} 1`, `hub_commands_total{code="OK",op="emit"}`,
		"grpc_server_handled_total", "hub_panics_total",
	} {
		if !strings.Contains(metrics, want) && want != "hub_panics_total" {
			t.Errorf("%s is missing", want)
		}
		if want == "hub_panics_total" && strings.Contains(metrics, want+"{") {
			t.Error("a panic was counted")
		}
	}
}

// Without a service nobody gets in, and status says why.
func TestStory_NoServiceIsSaidAndNobodyGetsIn(t *testing.T) {
	p := start(t, with("serve", "--namespaces", "/chat")...)
	at := p.ready()
	out, _, _ := execute(t, "status", "--admin", strings.TrimPrefix(at.admin, "http://"))
	if !strings.Contains(out, "no authorizer for /chat") || !strings.Contains(out, "none is attached") {
		t.Errorf("status:\n%s", out)
	}
	openTab(t, at, `40/chat,{"name":"Ann"}`) // waits for a decision, and is told nothing
	bob := openTab(t, at, `40/other,`)
	if got := bob.reads("44/other,"); !strings.Contains(got, "Invalid namespace") {
		t.Errorf("an unknown namespace: %s", got)
	}
}

// With tokens nobody attaches or commands without one; the demo's own service has one.
func TestStory_TokensKeepStrangersOut(t *testing.T) {
	const token = "0123456789abcdef-planted"
	file := writeFile(t, t.TempDir(), "tokens", "chat: "+token+"\n")
	p := start(t, with("demo", "--control-tokens-file", file, "--log-level", "debug")...)
	at := p.ready()
	attached(t, p, at, 1)
	if _, errs, code := execute(t, "emit", "--hub", at.services, "-n", "/chat", "--all", "e"); code != 1 || !strings.Contains(errs, "HUB_TOKEN") {
		t.Errorf("without a token: exit %d %s", code, errs)
	}
	t.Setenv("HUB_TOKEN", token+"x")
	if _, errs, code := execute(t, "emit", "--hub", at.services, "-n", "/chat", "--all", "e"); code != 1 {
		t.Errorf("with a wrong one: exit %d %s", code, errs)
	}
	t.Setenv("HUB_TOKEN", token)
	if _, errs, code := execute(t, "emit", "--hub", at.services, "-n", "/chat", "--all", "e"); code != 0 {
		t.Errorf("with the right one: exit %d %s", code, errs)
	}
	if strings.Contains(p.output.text(), token) {
		t.Error("the token is in the log")
	}
}
