package origin

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/siohub/siohub/hub/internal/request"
)

func TestPolicy_Check(t *testing.T) {
	for _, row := range []struct {
		name    string
		origins []string
		origin  string
		host    string
		allowed bool
	}{
		{"none", nil, "", "hub.test", true},
		{"same host", nil, "http://hub.test", "hub.test", true},
		{"same host behind TLS", nil, "https://hub.test", "hub.test", true},
		{"same host, port spelled out", nil, "https://hub.test:443", "hub.test", true},
		{"same host in capitals", nil, "http://HUB.test", "Hub.Test", true},
		{"same host and port", nil, "http://hub.test:3000", "hub.test:3000", true},
		{"same IPv6", nil, "http://[::1]:3000", "[::1]:3000", true},
		{"another port", nil, "http://hub.test:3000", "hub.test", false},
		{"foreign", nil, "https://evil.test", "hub.test", false},
		{"suffix", nil, "http://evilhub.test", "hub.test", false},
		{"prefix", nil, "http://hub.test.evil.com", "hub.test", false},
		{"userinfo", nil, "http://hub.test@evil.com", "hub.test", false},
		{"path", nil, "http://hub.test/x", "hub.test", false},
		{"null", nil, "null", "hub.test", false},
		{"empty", nil, "", "", true},
		{"file", nil, "file://", "hub.test", false},
		{"extension", nil, "chrome-extension://hub.test", "hub.test", false},
		{"listed", []string{"https://chat.example.com"}, "https://chat.example.com", "hub.test", true},
		{"listed in capitals", []string{"https://Chat.example.com"}, "https://chat.Example.com", "hub.test", true},
		{"listed with another scheme", []string{"https://chat.example.com"}, "http://chat.example.com", "hub.test", false},
		{"listed with another port", []string{"https://chat.example.com"}, "https://chat.example.com:8443", "hub.test", false},
		{"not listed", []string{"https://chat.example.com"}, "https://example.com", "hub.test", false},
		{"null, others listed", []string{"https://chat.example.com"}, "null", "hub.test", false},
		{"default port spelled out in the list", []string{"https://chat.example.com:443"}, "https://chat.example.com", "hub.test", true},
		{"another alphabet in the list", []string{"https://bücher.example"}, "https://xn--bcher-kva.example", "hub.test", true},
		{"below a listed name", []string{"https://*.example.com"}, "https://a.chat.example.com", "hub.test", true},
		{"the listed name itself", []string{"https://*.example.com"}, "https://example.com", "hub.test", false},
		{"a name that ends like it", []string{"https://*.example.com"}, "https://evilexample.com", "hub.test", false},
		{"a listed file", []string{"file://"}, "file://", "hub.test", true},
		{"a listed app", []string{"capacitor://localhost", "ionic://localhost"}, "capacitor://localhost", "hub.test", true},
		{"an app that is not listed", []string{"capacitor://localhost"}, "tauri://localhost", "hub.test", false},
		{"null, file listed", []string{"file://"}, "null", "hub.test", false},
		{"a star as a word", []string{"https://*.example.com"}, "https://*.example.com", "hub.test", false},
		{"anybody", []string{"*"}, "https://evil.test", "hub.test", true},
	} {
		p := New(Config{Origins: row.origins}, request.Proxies{}, slog.New(slog.DiscardHandler))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host = row.host
		if row.origin != "" {
			r.Header.Set("Origin", row.origin)
		}
		if got := p.Check(r); (got == Allowed) != row.allowed {
			t.Errorf("%s: %v", row.name, got)
		}
		if got := p.Check(r); !row.allowed && got != Foreign {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}

func TestPolicy_Malformed(t *testing.T) {
	p := New(Config{Origins: []string{"*"}}, request.Proxies{}, slog.New(slog.DiscardHandler))
	for _, origin := range []string{"https://a.test\x01", "\x7f", "https://a\n.test"} {
		r := &http.Request{Header: http.Header{"Origin": {origin}}}
		if got := p.Check(r); got != Malformed {
			t.Errorf("%q: %v", origin, got)
		}
	}
}

// Two origins are one too many, even where each is allowed: whoever looks at one of them alone would be misled.
func TestPolicy_TwoOrigins(t *testing.T) {
	p := New(Config{Origins: []string{"*"}}, request.Proxies{}, slog.New(slog.DiscardHandler))
	r := &http.Request{Header: http.Header{"Origin": {"https://a.test", "https://b.test"}}}
	if got := p.Check(r); got != Foreign {
		t.Error(got)
	}
	w := httptest.NewRecorder()
	if p.Decorate(w, r); len(w.Header()) != 0 {
		t.Errorf("%v", w.Header())
	}
}

func TestPolicy_PreflightIsNobodysWithoutOrigins(t *testing.T) {
	r := httptest.NewRequest(http.MethodOptions, "/", nil)
	for _, c := range []struct {
		origins  []string
		answered bool
	}{{nil, false}, {[]string{"https://a.test"}, true}} {
		w := httptest.NewRecorder()
		p := New(Config{Origins: c.origins}, request.Proxies{}, slog.New(slog.DiscardHandler))
		if got := p.Preflight(w, r); got != c.answered || got && w.Code != http.StatusNoContent {
			t.Errorf("%q: %v %d", c.origins, got, w.Code)
		}
	}
}

// A page's script has no Origin: what else the browser says is held against the same rule.
func TestPolicy_CheckScript(t *testing.T) {
	listed := []string{"https://chat.example.com"}
	for _, row := range []struct {
		name    string
		origins []string
		header  http.Header
		want    Verdict
	}{
		{"no browser", nil, http.Header{}, Allowed},
		{"nothing said, with cookies", nil, http.Header{"Cookie": {"a=1"}}, Foreign},
		{"same host", nil, http.Header{"Referer": {"http://hub.test/a?b"}, "Cookie": {"a=1"}}, Allowed},
		{"same host behind TLS", nil, http.Header{"Referer": {"https://HUB.test/"}}, Allowed},
		{"foreign", nil, http.Header{"Referer": {"https://evil.test/"}}, Foreign},
		{"userinfo", nil, http.Header{"Referer": {"https://hub.test@evil.test/"}}, Foreign},
		{"no address", nil, http.Header{"Referer": {"://"}, "Cookie": {"a=1"}}, Foreign},
		{"listed", listed, http.Header{"Referer": {"https://chat.example.com/x"}, "Sec-Fetch-Site": {"cross-site"}, "Cookie": {"a=1"}}, Allowed},
		{"not listed", listed, http.Header{"Referer": {"https://evil.test/x"}}, Foreign},
		{"every origin", []string{"*"}, http.Header{"Referer": {"https://evil.test/x"}}, Allowed},
		{"its own site", nil, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Cookie": {"a=1"}}, Allowed},
		{"another site that hides its address", nil, http.Header{"Sec-Fetch-Site": {"cross-site"}}, Foreign},
		{"a neighbour", nil, http.Header{"Sec-Fetch-Site": {"same-site"}}, Foreign},
		{"a form of another site", nil, http.Header{"Origin": {"https://evil.test"}, "Sec-Fetch-Site": {"same-origin"}}, Foreign},
		{"malformed", nil, http.Header{"Origin": {"a\x01"}}, Malformed},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://hub.test/", nil)
		r.Header = row.header
		if got := New(Config{Origins: row.origins}, request.Proxies{}, slog.New(slog.DiscardHandler)).CheckScript(r); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}
