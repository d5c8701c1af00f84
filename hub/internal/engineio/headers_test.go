package engineio_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/rules"
)

// As the reference's headers and initial_headers: every answer has some, that of a handshake others as well, over either transport.
func TestHeaders_OfEveryAnswerAndOfHandshakes(t *testing.T) {
	st := newStation(t, func(c *engineio.Config) {
		c.Cookie = &engineio.CookieConfig{}
		c.Handshakes.AllHeaders = http.Header{"strict-transport-security": {"max-age=31536000"}, "Set-Cookie": {"all=1"}}
		c.Handshakes.Headers = http.Header{"Set-Cookie": {"a=1; Path=/", "b=2"}, "x-hub": {"one"}}
	})
	check := func(what string, h http.Header, handshake bool) {
		t.Helper()
		if h.Get("Strict-Transport-Security") != "max-age=31536000" || (h.Get("X-Hub") == "one") != handshake {
			t.Errorf("%s: %v", what, h)
		}
		cookies, want := h["Set-Cookie"], 1
		if handshake {
			want = 4
		}
		if len(cookies) != want || cookies[0] != "all=1" || handshake && (!strings.HasPrefix(cookies[1], "io=") || !slices.Equal(cookies[2:], []string{"a=1; Path=/", "b=2"})) {
			t.Errorf("%s: %q", what, cookies)
		}
	}
	for range 2 { // answers share the values
		first := st.Get("EIO=4&transport=polling")
		check("handshake", first.Header, true)
		sid := "&sid=" + strings.SplitN(strings.TrimPrefix(first.Body, `0{"sid":"`), `"`, 2)[0]
		check("POST", st.Post("EIO=4&transport=polling"+sid, "4x").Header, false)
		check("poll", st.Get("EIO=4&transport=polling"+sid).Header, false)
		f, a, err := st.TryFrames("EIO=4&transport=websocket"+sid, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.Cut()
		check("probe", a.Header, false)
		f, a, err = st.TryFrames("EIO=4&transport=websocket", http.Header{"Sec-Websocket-Protocol": {"x"}})
		if err != nil {
			t.Fatal(err)
		}
		f.Cut()
		check("WebSocket", a.Header, true)
	}
	check("error", st.Get("EIO=4&transport=nothing").Header, false)
	_, a, _ := st.TryFrames("EIO=4&transport=nothing", nil)
	check("refused upgrade", a.Header, false)
	check("empty answer", st.Get("EIO=4&transport=polling&x="+strings.Repeat("x", 5000)).Header, false)
}

func TestRules_RefuseHandshakesAndNothingElse(t *testing.T) {
	var log bytes.Buffer
	st := newStation(t, func(c *engineio.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Proxies.Trusted = []string{"192.0.2.0/24"} // where pipes come from
		c.Handshakes.Rules = rules.New([]rules.Rule{
			{Query: map[string][]string{"token": {"yes"}}, Allow: true},
			{Addresses: []string{"203.0.113.7"}},
			{Headers: map[string][]string{"X-Old": {"*"}}, Query: map[string][]string{"old": {"1"}}, Message: "please <update>"},
		})
	})
	b := st.Open(hubtest.Options{Query: "token=yes&old=1"})
	b.Send("4hello")
	b.Expect("4hello")
	if a := st.Get("EIO=4&transport=polling&old=1"); a.Status != 403 || a.Body != `{"code":4,"message":"please \u003cupdate\u003e"}` {
		t.Errorf("%+v", a)
	}
	if _, a, err := st.TryFrames("EIO=4&transport=websocket&old=1", nil); err == nil || a.Status != 403 || a.Body != "please &lt;update&gt;" {
		t.Errorf("%+v %v", a, err)
	}
	if a := st.Do(http.MethodGet, "EIO=4&transport=polling", "", http.Header{"X-Forwarded-For": {"203.0.113.7"}}); a.Status != 403 || a.Body != `{"code":4,"message":"Forbidden"}` {
		t.Errorf("%+v", a)
	}
	if n := strings.Count(log.String(), "refused by a rule"); n != 1 || !strings.Contains(log.String(), `option=handshakes.rules[2]`) {
		t.Errorf("%d lines: %s", n, log.String())
	}
}
