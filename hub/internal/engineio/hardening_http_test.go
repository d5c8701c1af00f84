package engineio_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestHardening_Headers(t *testing.T) {
	attack(t, nil, func(st *station) {
		for name, row := range map[string]struct {
			head   string
			status string
		}{
			"100 headers": {strings.Repeat("X-A: b\r\n", 99), "200"},
			"101 headers": {strings.Repeat("X-A: b\r\n", 101), "431"},
			"big cookie":  {"Cookie: " + strings.Repeat("x", 64<<10) + "\r\n", "431"},
			"17 KiB":      {"X-A: " + strings.Repeat("x", 17<<10) + "\r\n", "431"},
			"two lengths": {"Content-Length: 1\r\nContent-Length: 2\r\n", "400"},
			"+5":          {"Content-Length: +5\r\n", "400"},
			"-1":          {"Content-Length: -1\r\n", "400"},
			"2^64":        {"Content-Length: 18446744073709551616\r\n", "400"},
			"odd coding":  {"Transfer-Encoding: gzip, chunked\r\n", "501"},
			"NUL":         {"X-A: a\x00b\r\n", "400"},
			"space":       {"X-A : b\r\n", "400"},
		} {
			c := st.Dial()
			_ = c.SetDeadline(time.Now().Add(st.Timeout))
			_, _ = io.WriteString(c, "GET "+st.Path+"?EIO=4&transport=polling HTTP/1.1\r\nHost: hub.test\r\nConnection: close\r\n"+row.head+"\r\n")
			answer, _ := io.ReadAll(c)
			if !strings.HasPrefix(string(answer), "HTTP/1.1 "+row.status) {
				st.t.Errorf("%s: %.60q, want %s", name, answer, row.status)
			}
		}
	})
}

func TestHardening_LongQuery(t *testing.T) {
	attack(t, nil, func(st *station) {
		const base = "EIO=4&transport=polling&x="
		if a := st.Get(base + strings.Repeat("a", 4096-len(base))); a.Status != 200 {
			st.t.Errorf("at the limit: %d", a.Status)
		}
		if a := st.Get(base + strings.Repeat("a", 4097-len(base))); a.Status != 414 {
			st.t.Errorf("over the limit: %d", a.Status)
		}
		if a := st.Get("EIO=4&transport=polling&x=" + strings.Repeat("&", 9000)); a.Status != 414 {
			st.t.Errorf("many keys: %d", a.Status)
		}
	})
}

func TestHardening_SilentConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		start := time.Now()
		for _, said := range []string{"", "GET /engine.io/?EIO=4&tra", "GET / HTTP/1.1\r\nHost: x\r\nX-A: "} {
			c := st.Dial()
			_, _ = io.WriteString(c, said)
			_, _ = io.ReadAll(c)
		}
		if d := time.Since(start); d > 45*time.Second {
			t.Errorf("three silent connections took %v", d)
		}
	})
}

func TestHardening_OtherProtocols(t *testing.T) {
	attack(t, nil, func(st *station) {
		for _, said := range []string{
			"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("\x00", 64) + "\r\n\r\n",
			"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "SSH-2.0-x\r\n\r\n", "*1\r\n$4\r\nPING\r\n\r\n", "\r\n\r\n\r\n",
		} {
			c := st.Dial()
			_ = c.SetDeadline(time.Now().Add(st.Timeout))
			_, _ = io.WriteString(c, said)
			if half, ok := c.(*net.TCPConn); ok {
				_ = half.CloseWrite()
			}
			answer, _ := io.ReadAll(c)
			if len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 4") && !strings.HasPrefix(string(answer), "HTTP/1.1 505") {
				st.t.Errorf("%q: %.60q", said, answer)
			}
		}
	})
}

// A connection that wanted to leave HTTP is not used for further requests.
func TestHardening_StrayUpgradesAreHungUp(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) { c.Limits.MaxSessions = 1 })
	st.handshake()
	for path, want := range map[string]string{
		"/elsewhere": "404", st.Path + "?EIO=4&transport=websocket": "503", st.Path + "?EIO=4&transport=nonsense": "400",
	} {
		c := st.Dial()
		_ = c.SetDeadline(time.Now().Add(st.Timeout))
		_, _ = io.WriteString(c, "GET "+path+" HTTP/1.1\r\nHost: hub.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		answer, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 "+want) || !strings.Contains(string(answer), "\r\nConnection: close\r\n") {
			t.Errorf("%q: %v %q", path, err, answer)
		}
	}
}

func TestHardening_RefusedPostDoesNotWaitForItsBody(t *testing.T) {
	attack(t, nil, func(st *station) {
		for _, head := range []string{
			"POST " + st.Path + "?EIO=4&transport=polling&sid=unknown HTTP/1.1\r\nContent-Length: 100\r\n",
			"POST " + st.Path + "?EIO=4&transport=polling&sid=unknown HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
			"GET " + st.Path + "?EIO=4&transport=polling HTTP/1.1\r\nContent-Length: 100\r\n",
			"PUT /elsewhere HTTP/1.1\r\nContent-Length: 100\r\n",
		} {
			c := st.Dial()
			_ = c.SetDeadline(time.Now().Add(st.Timeout))
			_, _ = io.WriteString(c, head+"Host: hub.test\r\n\r\n")
			answer, err := io.ReadAll(c)
			if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 40") {
				st.t.Errorf("%q: %v %.60q", head, err, answer)
			}
		}
	})
}

func TestHardening_BadChunks(t *testing.T) {
	for _, body := range []string{"zz\r\n4hello\r\n", "-1\r\n", "ffffffffffffffffff\r\n", "6;" + strings.Repeat("x", 20<<10) + "\r\n4hello\r\n0\r\n\r\n"} {
		attack(t, nil, func(st *station) {
			query := st.handshake()
			c := st.Dial()
			_ = c.SetDeadline(time.Now().Add(st.Timeout))
			_, _ = io.WriteString(c, "POST "+st.Path+"?"+query+" HTTP/1.1\r\nHost: hub.test\r\nTransfer-Encoding: chunked\r\n\r\n"+body)
			answer, _ := io.ReadAll(c) // a reset may follow: part of the body was never read
			if !strings.HasPrefix(string(answer), "HTTP/1.1 400") {
				st.t.Errorf("%.20q: %.60q", body, answer)
			}
			if got := st.messages(); len(got) != 0 {
				st.t.Errorf("%.20q was taken: %q", body, got)
			}
		})
	}
}

func TestHardening_WebSocketAnswersHaveNoOddCloseCodes(t *testing.T) {
	st := newTCPStation(t, nil)
	f := st.Frames("EIO=4&transport=websocket")
	f.Next()
	_ = f.Conn.WriteControl(websocket.CloseMessage, nil, time.Now().Add(st.Timeout))
	if code := f.WaitClose(); code != 1005 {
		t.Errorf("code %d", code)
	}
	if c := st.wantClose(engineio.ReasonTransportClose); c.Code != 1005 {
		t.Errorf("%+v", c)
	}
}
