package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestServe_OpensThreePortsAndEndsInOrder(t *testing.T) {
	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, with("serve")...)
			at := p.ready()
			for path, want := range map[string]string{
				"/healthz": "ok", "/readyz": "ready", "/status": `"ready": true`, "/metrics": "hub_build_info", "/debug/pprof/": "goroutine",
			} {
				if status, body := get(t, at.admin+path); status != 200 || !strings.Contains(body, want) {
					t.Errorf("%s: %d %s", path, status, body)
				}
			}
			if !strings.HasSuffix(at.browsers, "/socket.io/") {
				t.Errorf("browsers at %s", at.browsers)
			}
			_ = p.Process.Signal(signal)
			if code := p.code(); code != 0 {
				t.Errorf("exit %d", code)
			}
			p.find(`msg="shut down"`)
		})
	}
}

// The port is taken: a hub that tried to open it before it looked at its
// configuration would say so, and exit with 1.
func TestServe_RefusedConfigurationOpensNoPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	listen := []string{"serve", "--listen", taken.Addr().String(), "--control-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"}
	for flag, want := range map[string]string{
		"--ping-interval=x":       `ping_interval = "x"`,
		"--control-listen=:0":     "control.listen",
		"--client-dir=/dev/null":  "client_dir",
		"--control-tokens-file=/": "control.tokens_file",
	} {
		p := start(t, append(listen, flag)...)
		if code := p.code(); code != 2 {
			t.Errorf("%s: exit %d", flag, code)
		}
		p.find(want)
	}
	tokens := writeFile(t, t.TempDir(), "tokens", "chat: 0123456789abcdef\n")
	if err := os.Chmod(tokens, 0o666); err != nil {
		t.Fatal(err)
	}
	open := start(t, append(listen, "--control-tokens-file", tokens)...)
	if code := open.code(); code != 2 {
		t.Errorf("tokens that everybody may write: exit %d", code)
	}
	open.find("control.tokens_file = " + tokens + ".*-rw-rw-rw-")

	p := start(t, listen...)
	if code := p.code(); code != 1 {
		t.Errorf("port taken: exit %d", code)
	}
	p.find("cannot listen on .*address already in use; choose another address with --listen")
}

func TestServe_UnknownVariableStopsTheStart(t *testing.T) {
	t.Setenv("HUB_PING_INTERVALS", "1s")
	p := start(t, with("serve")...)
	if code := p.code(); code != 2 {
		t.Errorf("exit %d", code)
	}
	p.find("HUB_PING_INTERVALS.*did you mean HUB_PING_INTERVAL")
}

func TestServe_ReadyLineAsJSON(t *testing.T) {
	p := start(t, with("serve", "--log-format", "json", "--log-level", "error")...)
	p.find(`"msg":"hub ready","browsers":"http://127\.0\.0\.1:\d+/socket\.io/","services":"127\.0\.0\.1:\d+","admin":"http:`)
}

func TestServe_SecretsReachNoLog(t *testing.T) {
	const secret = "planted-0123456789abcdef"
	t.Setenv("HUB_CONTROL_TOKENS", "chat:"+secret)
	p := start(t, with("serve", "--log-level", "debug")...)
	p.ready()
	_ = p.Process.Signal(syscall.SIGTERM)
	if code := p.code(); code != 0 || strings.Contains(p.output.text(), secret) {
		t.Errorf("exit %d, or the secret is in the log", code)
	}
}

// run is what main calls: the same, ended by its context.
func TestRun_EndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := newLines()
	done := make(chan error, 1)
	go func() { done <- run(ctx, with("serve", "--listen", ":0"), out, out) }()
	p := &process{t: t, output: out}
	if at := p.ready(); !strings.HasPrefix(at.browsers, "http://localhost:") {
		t.Errorf("an address that cannot be pasted: %s", at.browsers)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("did not end")
	}
}

// slowPost opens a session and leaves a request half said, as a slow browser does.
func slowPost(t *testing.T, at addresses) {
	t.Helper()
	_, body := get(t, at.browsers+"?EIO=4&transport=polling")
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	conn, err := net.Dial("tcp", at.host())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n4", sid)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { // until the hub has read the header
		_, metrics := get(t, at.admin+"/metrics")
		return strings.Contains(metrics, "hub_sessions 1\n")
	})
}

// waitFor asks again and again, for conditions that another process has to reach.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(patience)
	for !condition() {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatal("the condition never came true")
		}
	}
}

func TestServe_SlowBrowserIsCutOffAndTheEndIsInOrder(t *testing.T) {
	p := start(t, with("serve", "--shutdown-timeout", "1s")...)
	slowPost(t, p.ready())
	_ = p.Process.Signal(syscall.SIGTERM)
	if code := p.code(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// Load balancers have time to notice, and then the browsers leave one after the other.
func TestServe_LeavesInWaves(t *testing.T) {
	p := start(t, with("serve", "--shutdown-delay", "1s", "--shutdown-spread", "1s")...)
	at := p.ready()
	const tabs = 150 // more than a hundred a second would leave anyway
	for range tabs {
		get(t, at.browsers+"?EIO=4&transport=polling")
	}
	began := time.Now()
	_ = p.Process.Signal(syscall.SIGTERM)
	p.find(`msg="shutting down".* sessions=150`)
	if status, body := get(t, at.admin+"/readyz"); status != 503 || !strings.Contains(body, "shutting down") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, _ := get(t, at.browsers+"?EIO=4&transport=polling"); status != 200 {
		t.Errorf("a browser that comes during the delay: %d", status)
	}
	most := 0
	for {
		_, body := get(t, at.admin+"/status")
		var s struct{ Browsers struct{ Sessions int } }
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			t.Fatal(err)
		}
		if status, _ := get(t, at.browsers+"?EIO=4&transport=polling"); status == 503 {
			break // they leave now
		}
		most = max(most, s.Browsers.Sessions)
	}
	if d := time.Since(began); d < time.Second || most < tabs {
		t.Errorf("the first left after %v, %d at most", d, most)
	}
	if code := p.code(); code != 0 {
		t.Errorf("exit %d", code)
	}
	if d := time.Since(began); d < 1900*time.Millisecond {
		t.Errorf("all were gone after %v", d)
	}
}

func TestServe_SecondSignalEndsAtOnce(t *testing.T) {
	p := start(t, with("serve", "--shutdown-timeout", "10m")...)
	slowPost(t, p.ready())
	_ = p.Process.Signal(syscall.SIGTERM)
	p.find(`msg="shutting down"`)
	_ = p.Process.Signal(syscall.SIGTERM)
	p.code()
	if s := p.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() {
		t.Errorf("ended with %v", p.ProcessState)
	}
}
