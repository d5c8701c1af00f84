package engineio_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// All headers are there for the decision; what is retained for life is bounded, and what services ask for stays first.
func TestHandshake_RetainedInPart(t *testing.T) {
	st := newTCPStation(t, nil)
	header := http.Header{"User-Agent": {"me"}, "Cookie": {strings.Repeat("c", 2000)}, "Origin": {"http://hub.test"}, "X-Short": {"s"}}
	for _, name := range []string{"A-Large", "X-Large"} {
		header[name] = []string{strings.Repeat("x", 4000)}
	}
	st.Do("GET", "EIO=4&transport=polling&token=t", "", header)
	s := st.session(0)
	before := s.Handshake()
	for name, values := range header {
		if got := before.Header()[name]; len(got) != 1 || got[0] != values[0] {
			t.Errorf("%s is not there for the decision", name)
		}
	}
	s.Joined()
	after := s.Handshake()
	size := 0
	for key, value := range after.Lines() {
		size += len(key) + len(value)
	}
	if size > 4096 {
		t.Errorf("%d bytes of headers are retained", size)
	}
	for _, name := range []string{"User-Agent", "Cookie", "Origin", "X-Short", "Host"} {
		if before.Header().Get(name) != after.Header().Get(name) {
			t.Errorf("%s is not retained", name)
		}
	}
	if after.Header().Get("X-Large") != "" || after.URL() != before.URL() || after.RemoteAddress() != before.RemoteAddress() ||
		after.Origin() != before.Origin() || !after.IssueTime().Equal(before.IssueTime()) {
		t.Errorf("%+v", after)
	}
}

// Which headers stay first is an option; the names may be in any case.
func TestHandshake_HeadersToRetain(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) {
		c.Limits.HandshakeBytes, c.Limits.HandshakeHeaders = 1024, []string{"x-tenant"}
	})
	large := strings.Repeat("x", 600)
	st.Do("GET", "EIO=4&transport=polling", "", http.Header{"User-Agent": {large}, "Cookie": {large}, "X-Tenant": {large}})
	s := st.session(0)
	s.Joined()
	header := s.Handshake().Header()
	if header.Get("X-Tenant") != large || header.Get("Host") == "" || header.Get("User-Agent") != "" || header.Get("Cookie") != "" {
		t.Errorf("retained: %v", header)
	}
}

func TestHandshake_OrdinaryIsRetainedWhole(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) { c.Limits.HandshakeBytes = 4096 })
	st.handshake()
	s := st.session(0)
	before := s.Handshake()
	if s.Joined(); s.Handshake() != before {
		t.Error("made anew")
	}
}
