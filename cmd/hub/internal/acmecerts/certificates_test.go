package acmecerts

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/acme"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counts are results by word.
type counts struct {
	mu sync.Mutex
	of map[string]int
}

func (c *counts) add(result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int{}
	}
	c.of[result]++
}

func (c *counts) get(result string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[result]
}

func opened(t *testing.T, directory string, change func(*Options)) *Certificates {
	t.Helper()
	o := Options{Hosts: []string{"hub.test"}, Cache: filepath.Join(t.TempDir(), "cache"), Directory: directory, Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&o)
	}
	c, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Whoever knows the hosts could use up what an authority allows in an hour.
func TestCertificates_HandshakesNeverAskTheAuthority(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	c := opened(t, server.URL, nil)
	config := c.Config()
	for _, row := range []struct {
		name   string
		protos []string
		want   error
	}{
		{"hub.test", []string{"h2"}, errNoCertificate},
		{"HUB.test.", nil, errNoCertificate},
		{"", nil, errNoCertificate},
		{"other.test", nil, errUnknownHost},
		{"other.test", []string{acme.ALPNProto}, errUnknownHost},
		{"../hub.test", []string{acme.ALPNProto}, errUnknownHost},
	} {
		if _, err := config.GetCertificate(&tls.ClientHelloInfo{ServerName: row.name, SupportedProtos: row.protos}); !errors.Is(err, row.want) {
			t.Errorf("%q %v: %v", row.name, row.protos, err)
		}
	}
	if _, err := config.GetCertificate(&tls.ClientHelloInfo{ServerName: "hub.test", SupportedProtos: []string{acme.ALPNProto}}); err == nil {
		t.Error("a challenge that nobody has set")
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

// Whatever an authority says, the end of Run comes soon.
func TestRun_EndsWhileTheAuthorityIsAsked(t *testing.T) {
	asked, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-release
	}))
	defer server.Close()
	defer close(release)
	c := opened(t, server.URL, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.Run(ctx)
	}()
	<-asked
	cancel()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("goes on")
	}
}

func TestAuthority_CountsAndTellsWhatItSays(t *testing.T) {
	for _, row := range []struct {
		name, body string
		status     int
		result     string
		logged     string
	}{
		{"a directory", `{"newNonce":"x"}`, 200, Answered, ""},
		{"a certificate", "-----BEGIN CERTIFICATE-----", 200, Answered, ""},
		{"an authorization that waits", `{"status":"pending","challenges":[{"type":"http-01"}]}`, 200, Answered, ""},
		{"a nonce that is used up", `{"type":"urn:ietf:params:acme:error:badNonce","status":400}`, 400, Answered, ""},
		{"too many", `{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates","status":429}`, 429, Refused, "too many certificates"},
		{"no JSON", `<html>`, 502, Refused, "status=502"},
		{"an order", `{"status":"invalid","error":{"type":"urn:x","detail":"caa"}}`, 200, Refused, "detail=caa"},
		{"a challenge", `{"status":"invalid","challenges":[{"type":"http-01"},{"type":"tls-alpn-01","error":{"type":"urn:x","detail":"timeout"}}]}`, 200, Refused, "detail=timeout challenge=tls-alpn-01"},
		{"two challenges", `{"status":"invalid","challenges":[{"type":"http-01","error":{"detail":"dns"}},{"type":"tls-alpn-01","error":{"detail":"timeout"}}]}`, 200, Refused, "detail=dns challenge=http-01"},
		{"an order without a reason", `{"status":"invalid"}`, 200, Refused, "status=invalid"},
		{"an authorization without a reason", `{"status":"invalid","challenges":[{"type":"http-01"}]}`, 200, Refused, "status=invalid"},
	} {
		var counted counts
		var log bytes.Buffer
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(row.status)
			_, _ = io.WriteString(w, row.body)
		}))
		c := opened(t, server.URL, func(o *Options) {
			o.Requested, o.Logger = counted.add, slog.New(slog.NewTextHandler(&log, nil))
		})
		c.authority.begin(t.Context())
		res, err := (&http.Client{Transport: c.authority}).Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if string(body) != row.body || res.Header.Get("Retry-After") != "" || counted.get(row.result) != 1 {
			t.Errorf("%s: %s %v %v", row.name, body, res.Header, counted.of)
		}
		if (row.logged == "") != (log.Len() == 0) || !strings.Contains(log.String(), row.logged) {
			t.Errorf("%s: %s", row.name, log.String())
		}
		c.authority.end()
		server.Close()
	}
}

func TestAuthority_OneThatDoesNotAnswer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	var counted counts
	var log bytes.Buffer
	c := opened(t, server.URL, func(o *Options) { o.Requested, o.Logger = counted.add, slog.New(slog.NewTextHandler(&log, nil)) })
	c.authority.begin(t.Context())
	defer c.authority.end()
	if res, err := (&http.Client{Transport: c.authority}).Get(server.URL); err == nil {
		_ = res.Body.Close()
		t.Error("an answer")
	}
	if counted.get(Unreachable) != 1 || !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "option=tls.acme.directory") {
		t.Error(counted.of, log.String())
	}
}

func TestOpen_TheCacheIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{file: "not a directory", filepath.Join(dir, "a", "b"): "no such file", "": "no such file"}
	for _, mode := range []os.FileMode{0o701, 0o710, 0o755, 0o770, 0o777} {
		path := filepath.Join(dir, fmt.Sprintf("%o", mode))
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		cases[path] = "want chmod 0700"
	}
	for path, want := range cases {
		_, err := Open(Options{Hosts: []string{"hub.test"}, Cache: path})
		var bad *Error
		if !errors.As(err, &bad) || bad.Setting != "cache" || bad.Value != path || !strings.Contains(bad.Err.Error(), want) || strings.Contains(bad.Err.Error(), dir) {
			t.Errorf("%s: %v", path, err)
		}
	}
	made := filepath.Join(dir, "made")
	for range 2 {
		if _, err := Open(Options{Hosts: []string{"hub.test"}, Cache: made}); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(made)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Error(info.Mode(), err)
	}
	if left, err := os.ReadDir(made); err != nil || len(left) != 0 {
		t.Error(left, err)
	}
}
