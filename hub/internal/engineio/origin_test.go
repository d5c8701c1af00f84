package engineio_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/origin"
)

// Package origin has the rule; here it holds for every transport.
func TestOrigin_SameForEveryTransport(t *testing.T) {
	for _, row := range []struct {
		name    string
		origins []string
		origin  string
		host    string
		allowed bool
	}{
		{"none", nil, "", "hub.test", true},
		{"same host", nil, "http://hub.test", "hub.test", true},
		{"foreign", nil, "https://evil.test", "hub.test", false},
		{"null", nil, "null", "hub.test", false},
		{"listed", []string{"https://chat.example.com"}, "https://chat.example.com", "hub.test", true},
		{"not listed", []string{"https://chat.example.com"}, "https://example.com", "hub.test", false},
		{"anybody", []string{"*"}, "https://evil.test", "hub.test", true},
	} {
		st := newStation(t, func(c *engineio.Config) { c.CORS.Origins = row.origins })
		header := http.Header{"Host": {row.host}}
		if row.origin != "" {
			header.Set("Origin", row.origin)
		}
		want := 200
		if !row.allowed {
			want = 403
		}
		a := st.Do("GET", "EIO=4&transport=polling", "", header)
		if a.Status != want {
			t.Errorf("%s: polling %d", row.name, a.Status)
		}
		if !row.allowed && a.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: CORS headers %v", row.name, a.Header)
		}
		_, a, err := st.TryFrames("EIO=4&transport=websocket", header)
		if (err == nil) != row.allowed || err != nil && a.Status != 403 {
			t.Errorf("%s: websocket %v %d", row.name, err, a.Status)
		}
		if a := st.Do("OPTIONS", "EIO=4&transport=polling", "", header); row.allowed == (a.Status == 403) {
			t.Errorf("%s: preflight %d", row.name, a.Status)
		}
	}
}

func TestOrigin_LaterRequestsTooAndTheSessionIsNotHurt(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	if a := st.Do("POST", query, "4hello", http.Header{"Origin": {"https://evil.test"}}); a.Status != 403 {
		t.Errorf("%+v", a)
	}
	if a := st.Post(query, "4hello"); a.Status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestOrigin_TwoHeadersAreOneTooMany(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) { c.CORS.Origins = []string{"https://good.test"} })
	a := st.Do("GET", "EIO=4&transport=polling", "", http.Header{"Origin": {"https://good.test", "https://evil.test"}})
	if a.Status != 403 || a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%+v", a)
	}
}

func TestOrigin_RefusalNamesTheOption(t *testing.T) {
	var log bytes.Buffer
	st := newStation(t, func(c *engineio.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for range 5 {
		st.Do("GET", "EIO=4&transport=polling", "", http.Header{"Origin": {"https://evil.test"}})
	}
	if got := log.String(); strings.Count(got, "cors.origins") != 1 || !strings.Contains(got, "https://evil.test") {
		t.Errorf("log %q: want one line for the flood", got)
	}
}

func TestCORS_Headers(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) {
		c.CORS = origin.Config{
			Origins: []string{"https://a.test"}, Credentials: true, ExposedHeaders: []string{"X-Out"}, MaxAge: time.Minute,
		}
	})
	from := func(pairs ...string) http.Header {
		h := http.Header{"Origin": {"https://a.test"}}
		for i := 0; i < len(pairs); i += 2 {
			h.Set(pairs[i], pairs[i+1])
		}
		return h
	}
	a := st.Do("OPTIONS", "EIO=4&transport=polling", "", from("Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-in"))
	for key, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://a.test", "Access-Control-Allow-Methods": "GET,HEAD,PUT,PATCH,POST,DELETE",
		"Access-Control-Allow-Headers": "content-type,x-in", "Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": "60",
	} {
		if got := a.Header.Get(key); got != want {
			t.Errorf("preflight: %s %q, want %q", key, got, want)
		}
	}
	if a.Status != 204 || a.Body != "" {
		t.Errorf("preflight: %+v", a)
	}
	if a := st.Do("OPTIONS", "EIO=4&transport=polling", "", from()); a.Status != 204 {
		t.Errorf("options: %+v", a)
	}
	check := func(name string, a hubAnswer) {
		t.Helper()
		if a.Header.Get("Access-Control-Allow-Origin") != "https://a.test" || a.Header.Get("Access-Control-Allow-Credentials") != "true" || a.Header.Get("Access-Control-Expose-Headers") != "X-Out" {
			t.Errorf("%s: %v", name, a.Header)
		}
	}
	open := st.Do("GET", "EIO=4&transport=polling", "", from())
	check("handshake", open)
	query := "EIO=4&transport=polling&sid=" + sidOf(t, open.Body)
	check("post", st.Do("POST", query, "4hello", from()))
	check("poll", st.Do("GET", query, "", from()))
	check("refusal", st.Do("GET", "EIO=4", "", from()))
	check("second post", st.Do("POST", query, "abc", from()))
}

func TestCORS_Methods(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) {
		c.CORS = origin.Config{Origins: []string{"https://a.test"}, Methods: []string{"GET", "PUT"}}
	})
	for asked, want := range map[string]string{"GET": "GET,PUT", "PUT": "GET,PUT", "POST": "GET,PUT", "DELETE": ""} {
		a := st.Do("OPTIONS", "EIO=4&transport=polling", "", http.Header{
			"Origin": {"https://a.test"}, "Access-Control-Request-Method": {asked},
		})
		if got := a.Header.Get("Access-Control-Allow-Methods"); a.Status != 204 || got != want {
			t.Errorf("%s: %d %q, want %q", asked, a.Status, got, want)
		}
	}
	// Browsers do not look into that list for a POST of text, which polling is.
	a := st.Do("POST", st.handshake(), "4hello", http.Header{"Origin": {"https://a.test"}})
	if got := a.Header.Get("Access-Control-Allow-Origin"); a.Status != 200 || got != "https://a.test" {
		t.Errorf("%+v", a)
	}
}

func TestCORS_Star(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) { c.CORS.Origins = []string{"*"} })
	a := st.Do("GET", "EIO=4&transport=polling", "", http.Header{"Origin": {"https://a.test"}})
	if a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
		t.Errorf("%v", a.Header)
	}
}

type hubAnswer = hubtest.Answer
