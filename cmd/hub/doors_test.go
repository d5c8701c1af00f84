package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/internal/certstest"
)

// pairFiles writes a certificate of localhost with its key.
func pairFiles(t *testing.T, authority *certstest.Authority) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	writePair(t, authority, cert, key)
	return cert, key
}

func writePair(t *testing.T, authority *certstest.Authority, cert, key string) {
	t.Helper()
	pair := authority.Server(t)
	for path, content := range map[string][]byte{cert: pair.CertPEM, key: pair.KeyPEM} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// A browser with TLS polls over HTTP/2, and opens a connection of HTTP/1.1 for its WebSocket; the plain listener may be off.
func TestListenTLS_PollsOverHTTP2AndUpgradesOverHTTP1(t *testing.T) {
	authority := certstest.NewAuthority(t)
	cert, key := pairFiles(t, authority)
	at := start(t, with("serve", "--listen", "", "--listen-tls", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)...).ready()
	if !strings.HasPrefix(at.browsers, "https://") {
		t.Fatalf("browsers at %s", at.browsers)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport, Timeout: patience}).Get(at.browsers + "?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.ProtoMajor != 2 || res.StatusCode != 200 || !strings.HasPrefix(string(body), `0{"sid":"`) {
		t.Errorf("%s %s %s", res.Proto, res.Status, body)
	}
	dialer := &websocket.Dialer{TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), NextProtos: []string{"http/1.1"}}, HandshakeTimeout: patience}
	conn, _, err := dialer.Dial("wss://"+at.host()+"/socket.io/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, text, err := conn.ReadMessage(); err != nil || !strings.HasPrefix(string(text), `0{"sid":"`) {
		t.Errorf("%s, %v", text, err)
	}
}

// A certificate that was exchanged is that of the next connection.
func TestListenTLS_ReadsItsCertificateAgain(t *testing.T) {
	first, second := certstest.NewAuthority(t), certstest.NewAuthority(t)
	cert, key := pairFiles(t, first)
	p := start(t, with("serve", "--listen-tls", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)...)
	p.ready()
	address := p.find(`browsers_tls=https://([^/]+)/`)[1]
	dial := func(authority *certstest.Authority) error {
		conn, err := (&tls.Dialer{Config: &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost"}}).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err
	}
	if err := dial(first); err != nil {
		t.Fatal(err)
	}
	writePair(t, second, cert, key)
	p.find(`msg="certificate read again"`)
	if err := dial(second); err != nil {
		t.Error(err)
	}
	if dial(first) == nil {
		t.Error("the old certificate is still shown")
	}
}

func TestListenTLS_SaysWhatIsMissing(t *testing.T) {
	authority := certstest.NewAuthority(t)
	cert, key := pairFiles(t, authority)
	other, _ := pairFiles(t, authority)
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	cache, open := filepath.Join(t.TempDir(), "cache"), t.TempDir()
	if err := os.Chmod(open, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ args, want string }{
		{"--listen-tls 127.0.0.1:0", "tls.cert"},
		{"--listen-tls 127.0.0.1:0 --tls-cert " + cert, "tls.key"},
		{"--listen-tls 127.0.0.1:0 --tls-key " + key, "tls.cert"},
		{"--tls-cert " + cert + " --tls-key " + key, "listen_tls"},
		{"--listen-tls 127.0.0.1:0 --tls-key " + key + " --tls-cert /nowhere.crt", "tls.cert = /nowhere.crt"},
		{"--listen-tls 127.0.0.1:0 --tls-key /nowhere.key --tls-cert " + cert, "tls.key = /nowhere.key"},
		{"--listen-tls 127.0.0.1:0 --tls-key " + key + " --tls-cert " + text, "tls.cert = " + text},
		{"--listen-tls 127.0.0.1:0 --tls-key " + key + " --tls-cert " + other, "tls.cert = " + other},
		{"--listen-tls nowhere", "listen_tls"},
		{"--tls-acme-hosts hub.test --tls-acme-cache " + cache, "listen_tls"},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts hub.test", "tls.acme.cache"},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts hub.test --tls-acme-cache " + text, `tls.acme.cache = ` + text},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts hub.test --tls-acme-cache /nowhere/at/all", "tls.acme.cache = /nowhere/at/all"},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts hub.test --tls-acme-cache " + open, "0755), and it has private keys; want chmod 0700"},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts hub.test --tls-acme-cache " + cache + " --tls-acme-ca " + text, "tls.acme.ca = " + text},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts hub.test --tls-acme-cache " + cache + " --tls-cert " + cert + " --tls-key " + key, "tls.acme.hosts"},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts *.hub.test --tls-acme-cache " + cache, `tls.acme.hosts = "[*.hub.test]"`},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts localhost --tls-acme-cache " + cache, `tls.acme.hosts = "[localhost]"`},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts 10.0.0.1 --tls-acme-cache " + cache, `tls.acme.hosts = "[10.0.0.1]"`},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts hub.test --tls-acme-cache " + cache + " --tls-acme-directory http://ca.test/dir", "tls.acme.directory"},
		{"--listen-tls 127.0.0.1:0 --tls-acme-hosts hub.test --tls-acme-cache " + cache + " --tls-acme-email nobody", "tls.acme.email"},
		{"--tls-cert " + cert + " --tls-key " + key + " --listen-tls 127.0.0.1:0 --tls-acme-listen-http 127.0.0.1:0", "tls.acme.hosts"},
		{"--http-proxy-protocol listen", "http.trusted_proxies"},
		{"--http-trusted-proxies 10.0.0.0/8 --http-proxy-protocol admin", "http.proxy_protocol"},
		{"--http-forwarded-header x-real-ip", "http.forwarded_header"},
		{"--health-listen 3000", "health.listen"},
	} {
		_, errs, code := execute(t, append([]string{"serve"}, strings.Fields(row.args)...)...)
		if code != 2 || !strings.Contains(errs, row.want) {
			t.Errorf("%s: %d %s", row.args, code, errs)
		}
	}
	if _, errs, code := execute(t, with("serve", "--listen", "")...); code != 2 || !strings.Contains(errs, "listen_tls") {
		t.Errorf("no listener: %d %s", code, errs)
	}
}

// Load balancers on other machines see whether the hub is ready, by whatever name they ask, and nothing else.
func TestHealthListen_ShowsNothingElse(t *testing.T) {
	p := start(t, with("serve", "--health-listen", "127.0.0.1:0")...)
	p.ready()
	at := p.find(`health=(http://\S+) `)[1]
	for path, want := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/": 404, "/status": 404, "/metrics": 404, "/debug/pprof/": 404, "/socket.io/": 404,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "any.name.test"
		res, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

// Behind a proxy that passes bytes on a browser has its own address, over a listener with and without TLS.
func TestProxyProtocol_TheBrowserHasItsOwnAddress(t *testing.T) {
	authority := certstest.NewAuthority(t)
	cert, key := pairFiles(t, authority)
	p := start(t, with("serve", "--listen-tls", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key, "--http-trusted-proxies", "127.0.0.1",
		"--http-proxy-protocol", "listen,listen_tls", "--rates-handshakes", "1", "--rates-handshake-burst", "1")...)
	at := p.ready()
	ask := func(address, from string, secure bool) string {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		_ = conn.SetDeadline(time.Now().Add(patience))
		if from != "" {
			_, _ = fmt.Fprintf(conn, "PROXY TCP4 %s 127.0.0.1 4711 443\r\n", from)
		}
		if secure {
			conn = tls.Client(conn, &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost"})
		}
		_, _ = io.WriteString(conn, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		answer, _ := io.ReadAll(conn)
		status, _, _ := strings.Cut(string(answer), "\r\n")
		return status
	}
	secure := p.find(`browsers_tls=https://([^/]+)/`)[1]
	for _, row := range []struct {
		address, from string
		tls           bool
		want          string
	}{
		{at.host(), "198.51.100.1", false, "HTTP/1.1 200 OK"},
		{at.host(), "198.51.100.1", false, "HTTP/1.1 429 Too Many Requests"},
		{at.host(), "198.51.100.2", false, "HTTP/1.1 200 OK"},
		{secure, "198.51.100.3", true, "HTTP/1.1 200 OK"},
		{secure, "198.51.100.3", true, "HTTP/1.1 429 Too Many Requests"},
		{at.host(), "", false, ""},
		{secure, "", true, ""},
	} {
		if got := ask(row.address, row.from, row.tls); got != row.want {
			t.Errorf("%+v: %q", row, got)
		}
	}
	if _, metrics := get(t, at.admin+"/metrics"); !strings.Contains(metrics, `hub_proxy_headers_refused_total{why="missing"} 2`) {
		t.Error("not counted")
	}
}
