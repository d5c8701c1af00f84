package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// speak writes bytes to an address and reads the answer to its end.
func speak(t *testing.T, address, bytesOut string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, bytesOut); err != nil {
		return "" // closed while we wrote: an answer as well
	}
	answer, err := io.ReadAll(conn)
	if nerr, ok := err.(net.Error); ok && nerr.Timeout() {
		t.Fatalf("the connection hangs after %.60q", bytesOut)
	}
	return string(answer)
}

// host cuts the address out of the URL of the ready line.
func (a addresses) host() string {
	_, rest, _ := strings.Cut(a.browsers, "//")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

func TestBrowserListener_HostileRequestsGetAClearAnswer(t *testing.T) {
	at := start(t, with("serve", "--http-header-timeout", "500ms")...).ready()
	get := func(path, headers string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers + "\r\n"
	}
	many := func(n int) string { return strings.Repeat("X-A: 1\r\n", n) }
	for _, tt := range []struct{ name, send, want string }{
		{"headers over 16 KiB", get("/socket.io/?EIO=4&transport=polling", "X-A: "+strings.Repeat("a", 17<<10)+"\r\n"), "HTTP/1.1 431 "},
		{"cookie of 64 KiB", get("/socket.io/?EIO=4&transport=polling", "Cookie: "+strings.Repeat("a", 64<<10)+"\r\n"), "HTTP/1.1 431 "},
		{"headers under 16 KiB", get("/socket.io/?EIO=4&transport=polling", "X-A: "+strings.Repeat("a", 15<<10)+"\r\n"), "HTTP/1.1 200 "},
		{"too many headers", get("/socket.io/?EIO=4&transport=polling", many(101)), "HTTP/1.1 431 "},
		{"many headers", get("/socket.io/?EIO=4&transport=polling", many(90)), "HTTP/1.1 200 "},
		{"a handshake", get("/socket.io/?EIO=4&transport=polling", ""), `0{"sid":"`},
		{"unknown path", get("/", ""), "HTTP/1.1 404 "},
		{"metrics are not here", get("/metrics", ""), "HTTP/1.1 404 "},
		{"profiles are not here", get("/debug/pprof/", ""), "HTTP/1.1 404 "},
		{"status is not here", get("/status", ""), "HTTP/1.1 404 "},
		{"traversal", get("/socket.io/../../etc/passwd", ""), "HTTP/1.1 4"},
		{"upgrade elsewhere", get("/other", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), "HTTP/1.1 404 "},
		{"WebSocket elsewhere, kept alive", "GET /other HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 404 "},
		{"two lengths", "POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400 Bad Request"},
		{"signed length", "POST /socket.io/ HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde", "400 Bad Request"},
		{"unknown coding", "POST /socket.io/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: foo\r\n\r\n", "501 "},
		{"TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 60) + "\r\n\r\n", "400 Bad Request"},
		{"h2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 "},
		{"SSH", "SSH-2.0-OpenSSH_9.6\r\n", "400 Bad Request"},
		{"Redis", "*1\r\n$4\r\nPING\r\n", "400 Bad Request"},
		{"options of the server", "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 "},
		{"a body that never comes", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\nx", "HTTP/1.1 404 "},
		{"one for the server", "OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\nx", "HTTP/1.1 404 "},
		{"silence", "GET /socket.io/ HTTP/1.1\r\nHost: x\r\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := speak(t, at.host(), tt.send)
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %.200q, want %q", got, tt.want)
			}
			if strings.Contains(got, "\r\nServer:") {
				t.Errorf("a banner: %.200q", got)
			}
		})
	}
}

// The page of the demo stands beside the hub and is as strict.
func TestDemoPage_HostileRequestsGetAClearAnswer(t *testing.T) {
	at := start(t, with("demo", "--http-header-timeout", "500ms", "--no-serve-client")...).ready()
	for _, tt := range []struct{ name, send, want string }{
		{"the page", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 "},
		{"a POST", "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 405 "},
		{"a body that never comes", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx", "HTTP/1.1 405 "},
		{"too many headers", "GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-A: 1\r\n", 101) + "\r\n", "HTTP/1.1 431 "},
		{"unknown path", "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404 "},
	} {
		if got := speak(t, at.host(), tt.send); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: got %.200q, want %q", tt.name, got, tt.want)
		}
	}
}

// Two requests on one connection: the limits must not break keep-alive.
func TestBrowserListener_KeepsConnections(t *testing.T) {
	at := start(t, with("serve")...).ready()
	conn, err := net.Dial("tcp", at.host())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for range 2 {
		_, _ = fmt.Fprint(conn, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer
		_, _ = body.ReadFrom(res.Body)
		if res.StatusCode != 404 {
			t.Errorf("%d %s", res.StatusCode, body.String())
		}
	}
}

func TestClientFiles_FromADirectoryOrA404ThatHelps(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "socket.io.js", "/* Socket.IO v4.8.1 */")
	at := start(t, with("serve", "--client-dir", dir)...).ready()
	if status, body := get(t, at.browsers+"socket.io.js"); status != 200 || !strings.Contains(body, "v4.8.1") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := get(t, at.browsers+"socket.io.min.js"); status != 404 || !strings.Contains(body, "--client-dir") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get(t, at.browsers+"socket.io.esm.js"); status != 400 {
		t.Errorf("an unknown file is an Engine.IO request: %d", status)
	}
	off := start(t, with("serve", "--no-serve-client", "--client-dir", dir)...).ready()
	if status, _ := get(t, off.browsers+"socket.io.js"); status != 400 {
		t.Errorf("switched off: %d", status)
	}
}
