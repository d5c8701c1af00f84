package engineio_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
)

// io(url, {protocols: ["x"]}): a browser fails a WebSocket whose server chooses none of what it offers.
func TestWebSocket_Subprotocol(t *testing.T) {
	for _, row := range []struct {
		offer []string
		want  string // "": refused
	}{
		{[]string{"x"}, "x"},
		{[]string{"b , a"}, "b"},
		{[]string{"\tx \t"}, "x"},
		{[]string{"v1.chat", "v2.chat"}, "v1.chat"},
		{[]string{""}, ""},
		{[]string{"a,,b"}, ""},
		{[]string{",a"}, ""},
		{[]string{"a,"}, ""},
		{[]string{"a, b, a"}, ""},
		{[]string{"a", "a"}, ""},
		{[]string{"a b"}, ""},
		{[]string{"a/b"}, ""},
		{[]string{"é"}, ""},
		{[]string{strings.Repeat("a,", 2000) + "b"}, ""},
	} {
		st := newStation(t, func(c *engineio.Config) { c.Cookie = &engineio.CookieConfig{} })
		for name, query := range map[string]string{
			"handshake": "EIO=4&transport=websocket", "upgrade": probeQuery(st.handshake()),
		} {
			f, a, err := st.TryFrames(query, http.Header{"Sec-Websocket-Protocol": row.offer})
			if row.want == "" {
				if err == nil || a.Status != 400 || a.Body != "Invalid Sec-WebSocket-Protocol header" {
					t.Errorf("%.40q, %s: %v %+v", row.offer, name, err, a)
				}
				continue
			}
			if err != nil || a.Header.Get("Sec-Websocket-Protocol") != row.want || f.Conn.Subprotocol() != row.want {
				t.Errorf("%.40q, %s: %v %+v, want %q", row.offer, name, err, a, row.want)
				continue
			}
			if name == "handshake" && a.Header.Get("Set-Cookie") == "" {
				t.Errorf("%.40q: no cookie: %v", row.offer, a.Header)
			}
			f.Cut()
		}
		if n := st.engine.SessionCount(); row.want == "" && n != 1 {
			t.Errorf("%.40q: %d sessions", row.offer, n)
		}
	}
}

func TestWebSocket_NoSubprotocolUnasked(t *testing.T) {
	st := newStation(t, nil)
	f, a, err := st.TryFrames("EIO=4&transport=websocket", nil)
	if _, there := a.Header["Sec-Websocket-Protocol"]; err != nil || there {
		t.Errorf("%v %+v", err, a)
	}
	if p := f.Next(); !strings.HasPrefix(p, "0{") {
		t.Errorf("got %q", p)
	}
}
