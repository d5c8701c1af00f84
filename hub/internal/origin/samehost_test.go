package origin

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/siohub/siohub/hub/internal/option"
	"github.com/siohub/siohub/hub/internal/request"
)

func TestPolicy_SameHostBehindProxies(t *testing.T) {
	const proxy, stranger = "10.0.0.1:1", "203.0.113.9:1"
	forwarded := map[string]string{"X-Forwarded-Host": "chat.test:8080"}
	for _, row := range []struct {
		name, peer, host, origin string
		headers                  map[string]string
		allowed                  bool
	}{
		{"Host of the upstream, X-Forwarded-Host", proxy, "hub:3000", "http://chat.test:8080", forwarded, true},
		{"X-Forwarded-Host of a stranger", stranger, "hub:3000", "http://chat.test:8080", forwarded, false},
		{"X-Forwarded-Host, another page", proxy, "hub:3000", "http://evil.test:8080", forwarded, false},
		{"X-Forwarded-Host, another port", proxy, "hub:3000", "http://chat.test:8081", forwarded, false},
		{"X-Forwarded-Host without the port", proxy, "hub:3000", "http://chat.test:8080", map[string]string{"X-Forwarded-Host": "chat.test"}, true},
		{"X-Forwarded-Host in another spelling", proxy, "hub:3000", "https://b\u00fccher.example", map[string]string{"X-Forwarded-Host": "XN--bcher-kva.example:443"}, true},
		{"$host, which has no port", proxy, "chat.test", "http://chat.test:8080", nil, true},
		{"$host, TLS", proxy, "chat.test", "https://chat.test", nil, true},
		{"$host, another page", proxy, "chat.test", "http://evil.test:8080", nil, false},
		{"no port, but no proxy", stranger, "chat.test", "http://chat.test:8080", nil, false},
		{"the browser's own word", proxy, "hub:3000", "https://chat.test", map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
		{"the browser says no", proxy, "hub:3000", "https://chat.test", map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
		{"the browser says same site", proxy, "hub:3000", "https://chat.test", map[string]string{"Sec-Fetch-Site": "same-site"}, false},
		{"such a word without a proxy", stranger, "hub:3000", "https://chat.test", map[string]string{"Sec-Fetch-Site": "same-origin"}, false},
		{"Host of the upstream and nothing else", proxy, "hub:3000", "https://chat.test", nil, false},
		{"IPv6 without a port", proxy, "[::1]", "http://[::1]:8080", nil, true},
		{"a broken X-Forwarded-Host", proxy, "hub:3000", "https://chat.test", map[string]string{"X-Forwarded-Host": "chat.test/"}, false},
	} {
		p := New(Config{}, request.NewProxies([]string{"10.0.0.0/8"}, option.ForwardedX), slog.New(slog.DiscardHandler))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Host, r.RemoteAddr = row.host, row.peer
		r.Header.Set("Origin", row.origin)
		for name, value := range row.headers {
			r.Header.Set(name, value)
		}
		if got := p.Check(r); (got == Allowed) != row.allowed {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}
