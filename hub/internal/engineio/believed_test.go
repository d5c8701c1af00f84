package engineio_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

var forged = http.Header{
	"X-Forwarded-For": {"198.51.100.1"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"chat.test"}, "Forwarded": {"for=198.51.100.1"},
	"X-Real-Ip": {"198.51.100.1"}, "Origin": {"https://chat.test"},
}

// What anybody can write is not believed, does not reach the application, and is counted.
func TestForwarded_OfNobodyThatIsTrusted(t *testing.T) {
	var ignored atomic.Int32
	var log bytes.Buffer
	st := newTCPStation(t, func(c *engineio.Config) {
		c.Proxies.Trusted = []string{"192.0.2.1"}
		c.Trace.ForwardedIgnored = func() { ignored.Add(1) }
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	const query = "EIO=4&transport=polling"
	if got := st.Do("GET", query, "", forged); got.Status != http.StatusForbidden {
		t.Errorf("a forged X-Forwarded-Host makes any page the hub's own: %+v", got)
	}
	header := forged.Clone()
	header.Del("Origin")
	if got := st.Do("GET", query, "", header); got.Status != http.StatusOK {
		t.Fatalf("%+v", got)
	}
	h := st.session(0).Handshake()
	if h.RemoteAddress() != "127.0.0.1" || h.Secure() {
		t.Errorf("known as %s, secure %v", h.RemoteAddress(), h.Secure())
	}
	for key := range h.Lines() {
		if _, ok := header[key]; ok {
			t.Errorf("services read a forged %s", key)
		}
	}
	if lines := strings.Count(log.String(), "forwarded headers are ignored"); ignored.Load() != 2 || lines != 1 || !strings.Contains(log.String(), "option=http.trusted_proxies") {
		t.Errorf("%d counted, log:\n%s", ignored.Load(), &log)
	}
}

func TestForwarded_OfATrustedProxy(t *testing.T) {
	for _, header := range []string{"x-forwarded-for", "forwarded"} {
		t.Run(header, func(t *testing.T) {
			st := newTCPStation(t, func(c *engineio.Config) {
				c.Proxies = engineio.ProxiesConfig{Trusted: []string{"127.0.0.1"}, Header: header}
				c.Trace.ForwardedIgnored = func() { t.Error("ignored") }
			})
			said := forged.Clone()
			said.Set("Forwarded", `for=198.51.100.1;host=chat.test;proto=https`)
			if got := st.Do("GET", "EIO=4&transport=polling", "", said); got.Status != http.StatusOK {
				t.Fatalf("%+v", got)
			}
			if h := st.session(0).Handshake(); h.RemoteAddress() != "198.51.100.1" || !h.Secure() || h.Header().Get("X-Forwarded-For") == "" {
				t.Errorf("known as %s, secure %v, %q", h.RemoteAddress(), h.Secure(), h.Header())
			}
		})
	}
}
