package engineio_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// The tests in this file are attacks, each with its line in reliability (c): the attacker gets the
// documented answer, and a bystander who was there before goes on.

// attack runs f beside a bystander on each transport, and then looks after them and lets a fresh
// browser in.
func attack(t *testing.T, change func(*engineio.Config), f func(st *station)) {
	t.Helper()
	st := newTCPStation(t, change)
	var bystanders []*hubtest.Browser
	for _, transport := range []hubtest.Transport{hubtest.Polling, hubtest.WebSocket} {
		bystanders = append(bystanders, st.Open(hubtest.Options{Transport: transport}))
	}
	f(st)
	for _, b := range append(bystanders, st.Open(hubtest.Options{})) {
		b.Send("4undisturbed")
		b.Expect("4undisturbed")
	}
}

func TestHardening_Frames(t *testing.T) {
	const query = "EIO=4&transport=websocket"
	type row struct {
		name   string
		bytes  []byte
		code   int
		reason engineio.Reason
	}
	rows := []row{
		{"RSV1 without negotiation", client(0xC1, "4a"), 1002, engineio.ReasonTransportError},
		{"RSV2", client(0xA1, "4a"), 1002, engineio.ReasonTransportError},
		{"RSV3", client(0x91, "4a"), 1002, engineio.ReasonTransportError},
		{"unmasked", []byte{0x81, 2, '4', 'a'}, 1002, engineio.ReasonTransportError},
		{"fragmented control", client(0x09, "x"), 1002, engineio.ReasonTransportError},
		{"long control", client(0x89, strings.Repeat("x", 126)), 1002, engineio.ReasonTransportError},
		{"continuation without start", client(0x80, "4a"), 1002, engineio.ReasonTransportError},
		{"message inside a fragmented one", append(client(0x01, "4a"), client(0x81, "4b")...), 1002, engineio.ReasonTransportError},
		{"text not UTF-8", client(0x81, "4\xff"), 1007, engineio.ReasonTransportError},
		{"text not UTF-8 across fragments", append(client(0x01, "4\xe2\x82"), client(0x80, "x")...), 1007, engineio.ReasonTransportError},
		{"surrogate in text", client(0x81, "4\xed\xa0\x80"), 1007, engineio.ReasonTransportError},
		{"close reason not UTF-8", client(0x88, closePayload(1000, "\xff")), 1007, engineio.ReasonTransportError},
		{"announced over the limit", masked(0x81, 1_000_001, nil), 1009, engineio.ReasonTransportError},
		{"announced 2^53", masked(0x82, 1<<53, nil), 1009, engineio.ReasonTransportError},
		{"announced 2^63-1", masked(0x82, 1<<63-1, nil), 1009, engineio.ReasonTransportError},
		{"announced 2^63", masked(0x82, 1<<63, nil), 1009, engineio.ReasonTransportError},
		{"announced 2^64-1", masked(0x82, 1<<64-1, nil), 1009, engineio.ReasonTransportError},
		{"sum over the limit", append(client(0x02, "1234"), masked(0x80, 999_997, nil)...), 1009, engineio.ReasonTransportError},
		{"sum overflows", append(client(0x02, "1234"), masked(0x80, 1<<63-1, nil)...), 1009, engineio.ReasonTransportError},
		{"unknown packet", client(0x81, "9"), 1000, engineio.ReasonParseError},
		{"empty packet", client(0x81, ""), 1000, engineio.ReasonParseError},
		{"bad base64", client(0x81, "b?"), 1000, engineio.ReasonParseError},
	}
	for op := range 16 {
		if op >= 3 && op <= 7 || op >= 11 {
			rows = append(rows, row{fmt.Sprint("opcode ", op), client(0x80|byte(op), "x"), 1002, engineio.ReasonTransportError})
		}
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535} {
		rows = append(rows, row{fmt.Sprint("close code ", code), client(0x88, closePayload(code, "")), 1002, engineio.ReasonTransportError})
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			st := newTCPStation(t, nil)
			w := st.rawSocket(query, "")
			_, _ = w.Write(row.bytes)
			if code := w.closeCode(); code != row.code {
				t.Errorf("close code %d, want %d", code, row.code)
			}
			c := st.wantClose(row.reason)
			if row.code != 1000 && c.Code != row.code {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestHardening_OneByteCloseIsEchoed(t *testing.T) {
	st := newTCPStation(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	_, _ = w.Write(client(0x88, "x"))
	if code := w.closeCode(); code != 1005 && code != 1002 {
		t.Errorf("close code %d", code)
	}
	st.wantClose(engineio.ReasonTransportClose)
}

func TestHardening_FragmentedMessageIsPutTogether(t *testing.T) {
	st := newTCPStation(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	for _, f := range [][]byte{client(0x01, "4\xe2"), client(0x89, "ping"), client(0x00, "\x82"), client(0x00, ""), client(0x80, "\xac")} {
		_, _ = w.Write(f)
	}
	if op, data := w.frame(); op != 10 || string(data) != "ping" {
		t.Errorf("pong: %d %q", op, data)
	}
	if op, data := w.frame(); op != 1 || string(data) != "4€" {
		t.Errorf("echo: %d %q", op, data)
	}
}

// Each of them costs far more than its byte (CVE-2026-48779).
func TestHardening_TinyFragments(t *testing.T) {
	attack(t, nil, func(st *station) {
		w := st.rawSocket("EIO=4&transport=websocket", "")
		var b bytes.Buffer
		b.Write(client(0x01, "4"))
		for range 30_000 {
			b.Write(client(0x00, "x"))
		}
		go func() { _, _ = w.Write(b.Bytes()) }()
		if code := w.closeCode(); code != 1008 && code != 0 {
			st.t.Errorf("close code %d", code)
		}
		st.wantClose(engineio.ReasonTransportError)
	})
}

func TestHardening_PingFloodUnread(t *testing.T) {
	attack(t, nil, func(st *station) {
		w := st.rawSocket("EIO=4&transport=websocket", "")
		flood := bytes.Repeat(client(0x89, strings.Repeat("p", 125)), 1000)
		_ = w.SetWriteDeadline(time.Now().Add(2 * time.Second))
		for range 200 { // 26 MB, and nothing of the answers is read
			if _, err := w.Write(flood); err != nil {
				break
			}
		}
		_ = w.Close()
		st.wantClose(engineio.ReasonTransportClose)
	})
}

func TestHardening_PongFlood(t *testing.T) {
	attack(t, nil, func(st *station) {
		w := st.rawSocket("EIO=4&transport=websocket", "")
		_, _ = w.Write(bytes.Repeat(client(0x8A, "x"), 10_000))
		_, _ = w.Write(client(0x81, "4still here"))
		if op, data := w.frame(); op != 1 || string(data) != "4still here" {
			st.t.Errorf("%d %q", op, data)
		}
	})
}

// The wire limit does not see what a message inflates to (CVE-2026-27571 and its kind).
func TestHardening_Bomb(t *testing.T) {
	on := true
	st := newTCPStation(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &on })
	st.Timeout = time.Minute // 50 MB are compressed, and the race detector looks on
	f := st.Frames("EIO=4&transport=websocket&deflate=1")
	f.Next()
	_ = f.Write("4" + strings.Repeat("x", 999_999))
	if p := f.Next(); len(p) != 1_000_000 {
		t.Errorf("the exact limit: %d bytes", len(p))
	}
	_ = f.Write("4" + strings.Repeat("x", 50<<20))
	if code := f.WaitClose(); code != 1009 {
		t.Errorf("close code %d", code)
	}
	st.wantClose(engineio.ReasonTransportError)
}

func TestHardening_BrokenDeflate(t *testing.T) {
	on := true
	st := newTCPStation(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &on })
	w := st.rawSocket("EIO=4&transport=websocket", offer)
	_, _ = w.Write(client(0xC1, "\xff\xff\xff\xff"))
	if code := w.closeCode(); code != 1002 && code != 1007 {
		t.Errorf("close code %d", code)
	}
	st.wantClose(engineio.ReasonTransportError)
}

// A message that stands still ends at limits.unfinished_time, be its buffer new or a large one from the pool.
func TestHardening_StalledFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		w := st.rawSocketIn("EIO=4&transport=websocket")
		start := time.Now()
		_, _ = w.Write(masked(0x81, 100, []byte("4he")))
		if op, data := w.frame(); op != 1 || string(data) != "2" {
			t.Errorf("ping: %d %q", op, data)
		}
		w.closeCode()
		if d := time.Since(start); d != 30*time.Second {
			t.Errorf("closed after %v", d)
		}
		st.wantClose(engineio.ReasonForcedClose)
	})
}

func TestHardening_ResetAtEveryStep(t *testing.T) {
	attack(t, nil, func(st *station) {
		request := "GET " + st.Path + "?EIO=4&transport=websocket HTTP/1.1\r\nHost: hub.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
		all := append([]byte(request), client(0x81, "4hello")...)
		for n := 0; n <= len(all); n += 7 {
			c := tcp(st.Dial())
			_, _ = c.Write(all[:n])
			_ = c.SetLinger(0)
			_ = c.Close()
		}
	})
}

func TestHardening_FramesBehindTheRequest(t *testing.T) {
	attack(t, nil, func(st *station) {
		c := st.Dial()
		_ = c.SetDeadline(time.Now().Add(st.Timeout))
		_, _ = io.WriteString(c, "GET "+st.Path+"?EIO=4&transport=websocket HTTP/1.1\r\nHost: hub.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"+string(client(0xF1, "4a")))
		answer, err := io.ReadAll(c)
		if err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
			st.t.Errorf("%v %q", err, answer)
		}
	})
}

func TestHardening_BadWebSocketHandshakes(t *testing.T) {
	attack(t, nil, func(st *station) {
		for name, header := range map[string]http.Header{
			"no key":           {"Sec-Websocket-Version": {"13"}},
			"bad key":          {"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"x"}},
			"version 8":        {"Sec-Websocket-Version": {"8"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}},
			"no version":       {"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}},
			"long protocol":    {"Sec-Websocket-Version": {"8"}, "Sec-Websocket-Protocol": {strings.Repeat(" ", 5000) + "x"}},
			"odd extensions":   {"Sec-Websocket-Version": {"9"}, "Sec-Websocket-Extensions": {"__proto__; x=\"y"}},
			"another protocol": {"Upgrade": {"h2c"}},
		} {
			header.Set("Connection", "Upgrade")
			if header.Get("Upgrade") == "" {
				header.Set("Upgrade", "websocket")
			}
			a := st.Do("GET", "EIO=4&transport=websocket", "", header)
			if a.Status != 400 && a.Status != 426 {
				st.t.Errorf("%s: %+v", name, a)
			}
		}
	})
}
