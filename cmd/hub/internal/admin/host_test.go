package admin

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A page can make its own name mean this machine, but not ask by another one.
func TestHandler_AnswersToItsNamesAlone(t *testing.T) {
	h := New(Options{Status: example, Hosts: []string{"hub.internal", "Metrics"}})
	for host, want := range map[string]int{
		"127.0.0.1": 200, "127.0.0.1:7421": 200, "10.1.2.3:7421": 200, "[::1]:7421": 200, "[fe80::1%eth0]": 200, "::1": 200,
		"localhost": 200, "LOCALHOST:7421": 200, "localhost.": 200, "": 200,
		"hub.internal": 200, "HUB.internal.:7421": 200, "metrics:80": 200,
		"evil.example": 421, "evil.example:7421": 421, "localhost.evil.example": 421, "127.0.0.1.evil.example": 421,
		"127.0.0.1:7421.evil.example": 421, "hub": 421, "xhub.internal": 421,
	} {
		for _, path := range []string{"/status", "/debug/pprof/cmdline", "/healthz"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Host = host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			body, _ := io.ReadAll(w.Body)
			if w.Code != want {
				t.Errorf("%q%s: %d, want %d", host, path, w.Code, want)
			}
			if want == 421 && (!strings.Contains(string(body), "admin.hosts") || strings.Contains(string(body), "evil")) {
				t.Errorf("%q: %s", host, body)
			}
		}
	}
}

func TestFetch_SaysThatTheNameIsNotKnown(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "elsewhere"
		New(Options{Status: example}).ServeHTTP(w, r)
	}))
	defer server.Close()
	if _, _, err := Fetch(t.Context(), server.Listener.Addr().String()); err == nil || !strings.Contains(err.Error(), "admin.hosts") {
		t.Error(err)
	}
}
