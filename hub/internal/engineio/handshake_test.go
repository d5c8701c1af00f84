package engineio_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestHandshake_OpenPacketHasTheFiveKeys(t *testing.T) {
	for _, row := range []struct {
		transport hubtest.Transport
		change    func(*engineio.Config)
		upgrades  []string
	}{
		{hubtest.Polling, nil, []string{"websocket"}},
		{hubtest.WebSocket, nil, []string{}},
		{hubtest.Polling, func(c *engineio.Config) { c.Upgrade.Disabled = true }, []string{}},
		{hubtest.Polling, func(c *engineio.Config) { c.Transports = []string{"polling"} }, []string{}},
	} {
		st := newStation(t, row.change)
		b := st.Open(hubtest.Options{Transport: row.transport})
		o := b.Opened
		if !slices.Equal(o.Upgrades, row.upgrades) || o.Upgrades == nil {
			t.Errorf("%s: upgrades %v, want %v", row.transport, o.Upgrades, row.upgrades)
		}
		if len(o.SID) != 20 || o.PingInterval != 25000 || o.PingTimeout != 20000 || o.MaxPayload != 1000000 {
			t.Errorf("%s: %+v", row.transport, o)
		}
	}
}

func TestHandshake_PollingAnswer(t *testing.T) {
	st := newStation(t, nil)
	a := st.Get("EIO=4&transport=polling&t=abc")
	for key, want := range map[string]string{
		"Content-Type": "text/plain; charset=UTF-8", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if got := a.Header.Get(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	var keys map[string]any
	if err := json.Unmarshal([]byte(a.Body[1:]), &keys); err != nil || a.Body[0] != '0' || len(keys) != 5 {
		t.Errorf("body %q: %v", a.Body, err)
	}
}

func TestHandshake_IDsDiffer(t *testing.T) {
	st := newStation(t, nil)
	seen := map[string]bool{}
	for range 100 {
		sid := sidOf(t, st.Get("EIO=4&transport=polling").Body)
		if seen[sid] || strings.Trim(sid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("id %q", sid)
		}
		seen[sid] = true
	}
}

// refusals are the answers of reference 1.3, in its order: where a request has several faults, the
// first counts.
var refusals = []struct {
	name, method, query string
	header              http.Header
	status              int
	body                string
}{
	{"transport missing", "GET", "EIO=4", nil, 400, `{"code":0,"message":"Transport unknown"}`},
	{"transport unknown", "GET", "EIO=4&transport=abc", nil, 400, `{"code":0,"message":"Transport unknown"}`},
	{"transport __proto__", "GET", "EIO=4&transport=__proto__", nil, 400, `{"code":0,"message":"Transport unknown"}`},
	{"transport constructor", "GET", "EIO=4&transport=constructor", nil, 400, `{"code":0,"message":"Transport unknown"}`},
	{"transport webtransport", "GET", "EIO=4&transport=webtransport", nil, 400, `{"code":0,"message":"Transport unknown"}`},
	{"transport with NUL", "GET", "EIO=4&transport=polling%00", nil, 400, `{"code":0,"message":"Transport unknown"}`},
	{"transport with CRLF", "GET", "EIO=4&transport=polling%0d%0a", nil, 400, `{"code":0,"message":"Transport unknown"}`},
	{"transport before sid", "GET", "EIO=4&transport=abc&sid=abc", nil, 400, `{"code":0,"message":"Transport unknown"}`},
	{"sid unknown", "GET", "EIO=4&transport=polling&sid=abc", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
	{"sid unknown, post", "POST", "EIO=4&transport=polling&sid=abc", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
	{"sid __proto__", "GET", "EIO=4&transport=polling&sid=__proto__", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
	{"sid of 10 KiB", "GET", "EIO=4&transport=polling&sid=" + strings.Repeat("a", 10<<10), nil, 400, `{"code":1,"message":"Session ID unknown"}`},
	{"sid with NUL", "GET", "EIO=4&transport=polling&sid=%00", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
	{"sid not UTF-8", "GET", "EIO=4&transport=polling&sid=%ff%fe", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
	{"sid traversal", "GET", "EIO=4&transport=polling&sid=../../etc/passwd", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
	{"sid before version", "GET", "EIO=9&transport=polling&sid=abc", nil, 400, `{"code":1,"message":"Session ID unknown"}`},
	{"post", "POST", "EIO=4&transport=polling", nil, 400, `{"code":2,"message":"Bad handshake method"}`},
	{"put", "PUT", "EIO=4&transport=polling", nil, 400, `{"code":2,"message":"Bad handshake method"}`},
	{"options without CORS", "OPTIONS", "EIO=4&transport=polling", nil, 400, `{"code":2,"message":"Bad handshake method"}`},
	{"method before version", "POST", "EIO=9&transport=polling", nil, 400, `{"code":2,"message":"Bad handshake method"}`},
	{"websocket without upgrade", "GET", "EIO=4&transport=websocket", nil, 400, `{"code":3,"message":"Bad request"}`},
	{"websocket with another upgrade", "GET", "EIO=4&transport=websocket", http.Header{"Connection": {"Upgrade"}, "Upgrade": {"h2c"}}, 400, `{"code":3,"message":"Bad request"}`},
	{"version missing", "GET", "transport=polling", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
	{"version 3", "GET", "EIO=3&transport=polling", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
	{"version 2", "GET", "EIO=2&transport=polling", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
	{"version 99", "GET", "EIO=99&transport=polling", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
	{"version 04", "GET", "EIO=04&transport=polling", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
	{"last value counts", "GET", "EIO=4&transport=polling&EIO=5", nil, 400, `{"code":5,"message":"Unsupported protocol version"}`},
	{"foreign origin", "GET", "EIO=4&transport=polling", http.Header{"Origin": {"https://evil.test"}}, 403, `{"code":4,"message":"Forbidden"}`},
}

func TestHandshake_Refusals(t *testing.T) {
	st := newStation(t, nil)
	for _, row := range refusals {
		a := st.Do(row.method, row.query, "", row.header)
		if a.Status != row.status || a.Body != row.body {
			t.Errorf("%s: %d %s, want %d %s", row.name, a.Status, a.Body, row.status, row.body)
		}
		if got := a.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: content type %q", row.name, got)
		}
	}
	if n := st.engine.SessionCount(); n != 0 {
		t.Errorf("%d sessions", n)
	}
	if len(st.refused) != len(refusals) {
		t.Errorf("%d counted, want %d", len(st.refused), len(refusals))
	}
}

func TestHandshake_RefusedUpgradeIsHTML(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) {
		c.Handshakes.AllowRequest = func(r *http.Request) error {
			if r.URL.Query().Has("no") {
				return errors.New("not <you>")
			}
			return nil
		}
	})
	for _, row := range []struct {
		query, body string
		header      http.Header
		status      int
	}{
		{"EIO=4", "Transport unknown", nil, 400},
		{"EIO=4&transport=websocket&sid=abc", "Session ID unknown", nil, 400},
		{"EIO=4&transport=polling", "Bad request", nil, 400},
		{"EIO=4&transport=websocket&no=1", "not &lt;you&gt;", nil, 403},
		{"EIO=3&transport=websocket", "Unsupported protocol version", nil, 400},
		{"EIO=4&transport=websocket", "Forbidden", http.Header{"Origin": {"https://evil.test"}}, 403},
	} {
		f, a, err := st.TryFrames(row.query, row.header)
		if err == nil {
			f.Cut()
			t.Errorf("%s was accepted", row.query)
			continue
		}
		if a.Status != row.status || a.Body != row.body || a.Header.Get("Content-Type") != "text/html" {
			t.Errorf("%s: %+v", row.query, a)
		}
	}
}

func TestHandshake_AllowRequest(t *testing.T) {
	calls := 0
	st := newStation(t, func(c *engineio.Config) {
		c.Handshakes.AllowRequest = func(r *http.Request) error {
			calls++
			if r.URL.Query().Get("token") != "yes" {
				return errors.New("Thou shall not pass")
			}
			return nil
		}
	})
	a := st.Get("EIO=99&transport=polling") // before the version, as in the reference
	if a.Status != 403 || a.Body != `{"code":4,"message":"Thou shall not pass"}` {
		t.Errorf("%+v", a)
	}
	b := st.Open(hubtest.Options{Query: "token=yes"})
	b.Send("4hello")
	b.Expect("4hello")
	if calls != 2 {
		t.Errorf("called %d times: it is for handshakes only", calls)
	}
}

func TestHandshake_MaxSessions(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) { c.Limits.MaxSessions = 1 })
	b := st.Open(hubtest.Options{})
	for _, try := range []func() hubtest.Answer{
		func() hubtest.Answer { return st.Get("EIO=4&transport=polling") },
		func() hubtest.Answer {
			_, a, _ := st.TryFrames("EIO=4&transport=websocket", nil)
			return a
		},
	} {
		if a := try(); a.Status != 503 || a.Header.Get("Retry-After") == "" {
			t.Errorf("%+v", a)
		}
	}
	b.Send("1")
	b.WaitEnd()
	st.Open(hubtest.Options{})
}

func TestHandshake_Facts(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		before := time.Now().Add(-time.Second)
		st.Open(hubtest.Options{
			Transport: transport,
			Query:     "token=a%20b+c&token=last&bad=%ff&percent=100%&raw=\xfe",
			Header:    http.Header{"X-Test": {"one", "two"}, "X-Bad": {"caf\xe9"}, "Origin": {"http://hub.test"}},
		})
		h := st.session(0).Handshake()
		q := h.Query()
		for key, want := range map[string]string{"token": "last", "EIO": "4", "bad": "\uFFFD", "percent": "100%", "raw": "\uFFFD"} {
			if q[key] != want {
				t.Errorf("query %s: %q, want %q", key, q[key], want)
			}
		}
		header := h.Header()
		if !slices.Equal(header["X-Test"], []string{"one", "two"}) || header.Get("X-Bad") != "caf\uFFFD" || header.Get("Host") != "hub.test" {
			t.Errorf("header %v", header)
		}
		names := slices.Sorted(maps.Keys(q))
		for name, value := range h.Parameters() {
			if len(names) == 0 || name != names[0] || value != q[name] {
				t.Fatalf("parameter %s=%q, want the names %q and their last values", name, value, names)
			}
			names = names[1:]
		}
		lines, previous := 0, ""
		for key := range h.Lines() {
			if key < previous {
				t.Errorf("line %s after %s", key, previous)
			}
			lines, previous = lines+1, key
		}
		if want := len(slices.Concat(slices.Collect(maps.Values(header))...)); lines != want || len(names) > 0 {
			t.Errorf("%d lines of %d; parameters without %q", lines, want, names)
		}
		want := string(transport)
		if transport == hubtest.Upgraded {
			want = "polling"
		}
		if h.RemoteAddress() != "192.0.2.1" || h.Origin() != "http://hub.test" || h.Revision() != eiopacket.Revision4 || h.Secure() || h.Transport() != want {
			t.Errorf("%q %q %d %v %q", h.RemoteAddress(), h.Origin(), h.Revision(), h.Secure(), h.Transport())
		}
		if !strings.HasPrefix(h.URL(), "/engine.io/?EIO=4&") || h.IssueTime().Before(before) {
			t.Errorf("%q %v", h.URL(), h.IssueTime())
		}
	})
}

func TestHandshake_FirstMessagesFollowTheOpenPacket(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, func(c *engineio.Config) {
			c.OnSession = func(s *engineio.Session) engineio.Handler {
				var b engineio.Batch
				_ = s.Send(&b, []*engineio.Message{text("first")}, false)
				_ = s.Send(nil, []*engineio.Message{text("second")}, false)
				b.Flush()
				return nil
			}
		})
		st.Open(hubtest.Options{Transport: transport}).Expect("4first", "4second")
	})
}

func TestHandshake_ClosedByTheApplicationAtOnce(t *testing.T) {
	for _, transport := range []hubtest.Transport{hubtest.Polling, hubtest.WebSocket} {
		closes := make(chan engineio.Close, 1)
		st := newStation(t, func(c *engineio.Config) {
			c.OnSession = func(s *engineio.Session) engineio.Handler {
				s.Close(engineio.Close{Reason: "because"})
				return closeRecorder{closes}
			}
		})
		if transport == hubtest.Polling {
			a := st.Get("EIO=4&transport=polling")
			if !strings.HasSuffix(a.Body, "\x1e1") {
				t.Errorf("body %q", a.Body)
			}
		} else if code := st.Frames("EIO=4&transport=websocket").WaitClose(); code != 1000 {
			t.Errorf("code %d", code)
		}
		if c := <-closes; c.Reason != "because" {
			t.Errorf("%+v", c)
		}
	}
}

type closeRecorder struct{ closes chan engineio.Close }

func (closeRecorder) HandleMessage([]byte, bool)     {}
func (e closeRecorder) HandleClose(c engineio.Close) { e.closes <- c }

func TestHandshake_Cookie(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) {
		c.Cookie = &engineio.CookieConfig{MaxAge: time.Hour, Secure: true, SameSite: http.SameSiteStrictMode}
	})
	a := st.Get("EIO=4&transport=polling")
	want := "io=" + sidOf(t, a.Body) + "; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Strict"
	if got := a.Header.Get("Set-Cookie"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if a := st.Get("EIO=4&transport=polling&sid=" + sidOf(t, a.Body) + "x"); a.Header.Get("Set-Cookie") != "" {
		t.Error("cookie on a later request")
	}
	_, a, err := st.TryFrames("EIO=4&transport=websocket", nil)
	if err != nil || !strings.HasPrefix(a.Header.Get("Set-Cookie"), "io=") {
		t.Errorf("websocket: %v %q", err, a.Header.Get("Set-Cookie"))
	}
}

func TestHandshake_ServerClosed(t *testing.T) {
	st := newStation(t, nil)
	if err := st.engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if a := st.Get("EIO=4&transport=polling"); a.Status != 503 {
		t.Errorf("%+v", a)
	}
}

func TestPath(t *testing.T) {
	for _, row := range []struct {
		path     string
		loose    bool
		request  string
		expected int
	}{
		{"", false, "/engine.io/", 200},
		{"", false, "/engine.io/anything", 200},
		{"", false, "/engine.io", 404},
		{"", true, "/engine.io", 200},
		{"", true, "/engine.io/", 200},
		{"", true, "/engine.iox", 404},
		{"/socket.io", false, "/socket.io/", 200},
		{"/a/b/", false, "/a/b/", 200},
		{"", false, "/", 404},
		{"", false, "/metrics", 404},
		{"", false, "/debug/pprof/", 404},
		{"", false, "/engine.io/../admin", 404},
		{"", false, "/engine.io/%2e%2e/admin", 404},
	} {
		st := newStation(t, func(c *engineio.Config) { c.Path, c.NoTrailingSlash = row.path, row.loose })
		st.Path = row.request
		if a := st.Get("EIO=4&transport=polling"); a.Status != row.expected {
			t.Errorf("%+v: got %d", row, a.Status)
		}
		if _, a, err := st.TryFrames("EIO=4&transport=websocket", nil); (err == nil) != (row.expected == 200) || err != nil && a.Status != row.expected {
			t.Errorf("%+v: upgrade: %v %d", row, err, a.Status)
		}
	}
}

// Whoever runs the hub learns that there are clients which it does not serve, and not once for each of them.
func TestHandshake_Version3IsRefusedAndLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log safeLog
		st := newStation(t, func(c *engineio.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		for range 3 {
			if a := st.Get("EIO=3&transport=polling"); a.Status != 400 || a.Body != `{"code":5,"message":"Unsupported protocol version"}` {
				t.Errorf("%+v", a)
			}
		}
		st.Get("EIO=2&transport=polling")
		if text := log.text(); strings.Count(text, "version 3") != 1 {
			t.Errorf("%q", text)
		}
	})
}

// The revision is the session's: no later request has another one.
func TestHandshake_AnotherRevisionInASession(t *testing.T) {
	st := newStation(t, nil)
	query := strings.Replace(st.handshake(), "EIO=4", "EIO=3", 1)
	if a := st.Get(query); a.Status != 400 || a.Body != `{"code":5,"message":"Unsupported protocol version"}` {
		t.Errorf("%+v", a)
	}
}
