//go:build unix

package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startLimited runs the program with so many file descriptors.
func startLimited(t *testing.T, descriptors int, args ...string) *process {
	t.Helper()
	shell := fmt.Sprintf("ulimit -n %d && exec \"$0\" \"$@\"", descriptors)
	return startCommand(t, exec.Command("sh", append([]string{"-c", shell, os.Args[0]}, args...)...))
}

// handshake opens a session on a connection of its own, which it leaves open, and gives
// the status: 0 when the connection was closed.
func handshake(t *testing.T, at addresses, transport string) (net.Conn, int) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", at.host(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	upgrade := ""
	if transport == "websocket" {
		upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	}
	_, _ = fmt.Fprintf(conn, "GET /socket.io/?EIO=4&transport=%s HTTP/1.1\r\nHost: x\r\n%s\r\n", transport, upgrade)
	answer := make([]byte, 12) // HTTP/1.1 200
	if _, err := io.ReadFull(conn, answer); err != nil {
		return conn, 0
	}
	var status int
	_, _ = fmt.Sscanf(string(answer), "HTTP/1.1 %d", &status)
	return conn, status
}

// Browsers take all descriptors that they get; operators and services have theirs. A poller watches a duplicate of a WebSocket's
// descriptor.
func TestDescriptors_BrowsersLeaveSome(t *testing.T) {
	for transport, status := range map[string]int{"polling": http.StatusOK, "websocket": http.StatusSwitchingProtocols} {
		t.Run(transport, func(t *testing.T) { testDescriptors(t, transport, status) })
	}
}

// testDescriptors fills a hub; ok is the status of who gets in.
func testDescriptors(t *testing.T, transport string, ok int) {
	p := startLimited(t, 300, with("serve")...)
	p.find(`level=WARN msg="more browsers are allowed than .* max_sessions=200000 descriptors=300 for_browsers=236`)
	at := p.ready()
	var in []net.Conn
	for {
		conn, status := handshake(t, at, transport)
		if status != ok {
			break
		}
		if in = append(in, conn); len(in) > 300 {
			t.Fatal("nobody is refused")
		}
	}
	if len(in) < 200 {
		t.Errorf("%d browsers are in", len(in))
	}
	p.find(`level=WARN msg="connections are closed at once.* listener=listen descriptors=300`)
	for range 50 { // nobody hangs
		if _, status := handshake(t, at, transport); status == ok {
			t.Error("one got in")
		}
	}
	if status, body := get(t, at.admin+"/readyz"); status != 503 || !strings.Contains(body, "file descriptor") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if status, _ := get(t, at.admin+"/healthz"); status != 200 {
		t.Errorf("healthz: %d", status)
	}
	if _, body := get(t, at.admin+"/metrics"); !strings.Contains(body, `hub_connections_refused_total{listener="listen"} `) {
		t.Error("nothing is counted")
	}
	service := start(t, "demo", "service", "--hub", at.services)
	attached(t, service, at, 1)

	for _, conn := range in[:20] {
		_ = conn.Close()
	}
	waitFor(t, func() bool {
		status, _ := get(t, at.admin+"/readyz")
		return status == 200
	})
	if _, status := handshake(t, at, transport); status != ok {
		t.Errorf("a browser that comes when there is room: %d", status)
	}
	_ = p.Process.Signal(syscall.SIGTERM)
	if code := p.code(); code != 0 {
		t.Errorf("exit %d", code)
	}
}
