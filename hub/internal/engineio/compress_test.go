package engineio_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// deflating is a station that compresses whatever is not smaller than 1024 bytes.
func deflating(t *testing.T, change func(*engineio.Config)) *station {
	t.Helper()
	on := true
	return newTCPStation(t, func(c *engineio.Config) {
		c.PerMessageDeflate.Enabled = &on
		if change != nil {
			change(c)
		}
	})
}

// extensions makes a handshake with offers and returns what was agreed, the connection behind its open packet.
func (st *station) extensions(offers string) (w *raw, agreed string) {
	st.t.Helper()
	w = st.rawUpgrade("EIO=4&transport=websocket", "Sec-WebSocket-Extensions: "+offers+"\r\n")
	if op, data := w.frame(); op != 1 || data[0] != '0' {
		st.t.Fatalf("open packet: %d %q", op, data)
	}
	return w, w.answer.Header.Get("Sec-WebSocket-Extensions")
}

func inflated(t *testing.T, data []byte) string {
	t.Helper()
	got, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(data), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// RFC 7692, 5.1: an offer that cannot be honoured is declined, the next one is tried, and without any the connection
// goes on, uncompressed.
func TestDeflate_Offers(t *testing.T) {
	const plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for offers, want := range map[string]string{
		"permessage-deflate; client_max_window_bits":                         plain,
		"permessage-deflate; server_max_window_bits=10":                      plain + "; server_max_window_bits=10",
		"permessage-deflate; server_max_window_bits=7, permessage-deflate":   plain,
		"permessage-deflate; unheard_of=1, permessage-deflate":               plain,
		"x-something, permessage-deflate; server_no_context_takeover":        plain,
		"permessage-deflate; server_max_window_bits=16":                      "",
		"permessage-deflate; client_max_window_bits; client_max_window_bits": "",
	} {
		st := deflating(t, nil)
		w, agreed := st.extensions(offers)
		if agreed != want {
			t.Errorf("%s: agreed on %q", offers, agreed)
		}
		_, _ = w.Write(client(0x81, "4"+strings.Repeat("x", 2000)))
		_, data := w.frame()
		compressed := w.first&0x40 != 0
		if compressed != (want != "") {
			t.Errorf("%s: first byte of the frame %#x", offers, w.first)
		}
		if compressed {
			data = []byte(inflated(t, data))
		}
		if string(data) != "4"+strings.Repeat("x", 2000) {
			t.Errorf("%s: %d bytes", offers, len(data))
		}
		_ = w.Close()
	}
}

func TestDeflate_OffIgnoresOffers(t *testing.T) {
	st := newTCPStation(t, nil)
	if _, agreed := st.extensions("permessage-deflate; "); agreed != "" {
		t.Errorf("agreed on %q", agreed)
	}
}

// RFC 6455, 9.1: what is no list of offers fails the handshake.
func TestDeflate_MalformedOffer(t *testing.T) {
	for _, offers := range []string{"permessage-deflate;", ",", `permessage-deflate; a="`, "permessage-deflate; a=b c"} {
		st := deflating(t, nil)
		a := st.Do("GET", "EIO=4&transport=websocket", "", http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Extensions": {offers},
		})
		if a.Status != 400 || a.Body != "Invalid or unacceptable Sec-WebSocket-Extensions header" {
			t.Errorf("%s: %d %s", offers, a.Status, a.Body)
		}
		if n := st.engine.SessionCount(); n != 0 {
			t.Errorf("%s: %d sessions", offers, n)
		}
	}
}

// What is not worth it, and what must not be, leaves as it is: small, incompressible, or with compress(false).
func TestDeflate_LeavesUncompressed(t *testing.T) {
	noise := make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	for name, c := range map[string]struct {
		message    *engineio.Message
		noCompress bool
		want       byte
	}{
		"compressible":    {message: text(strings.Repeat("x", 2000)), want: 0xc1},
		"small":           {message: text("small"), want: 0x81},
		"compress(false)": {message: text(strings.Repeat("x", 2000)), noCompress: true, want: 0x81},
		"binary":          {message: engineio.NewBinaryMessage(make([]byte, 2000), false), want: 0xc2},
		"incompressible":  {message: engineio.NewBinaryMessage(noise, true), want: 0x82},
	} {
		st := deflating(t, nil)
		w, _ := st.extensions("permessage-deflate")
		_ = st.session(0).Send(nil, c.message.Unit(), c.noCompress)
		if w.frame(); w.first != c.want {
			t.Errorf("%s: first byte of the frame %#x", name, w.first)
		}
		_ = w.Close()
	}
}

// A broadcast is compressed once for each window, however many browsers there are.
func TestDeflate_BroadcastIsCompressedOncePerWindow(t *testing.T) {
	st := deflating(t, nil)
	offers := []string{"permessage-deflate", "permessage-deflate; server_max_window_bits=9", "permessage-deflate; client_max_window_bits"}
	var all []*raw
	for range 5 {
		for _, o := range offers {
			w, _ := st.extensions(o)
			all = append(all, w)
		}
	}
	data := "4" + strings.Repeat("broadcast ", 1000)
	m := engineio.NewMessage(append(make([]byte, wsframe.Headroom), data...), false, true)
	for i := range all {
		_ = st.session(i).Send(nil, m.Unit(), false)
	}
	for _, w := range all {
		if _, got := w.frame(); w.first != 0xc1 || inflated(t, got) != data {
			t.Errorf("%#x, %d bytes", w.first, len(got))
		}
	}
	if n := m.CompressedForms(); n != 2 {
		t.Errorf("compressed %d times, want 2", n)
	}
}

// Beyond Limits.Compressors nothing waits: it leaves uncompressed, is counted, and the log names the option.
func TestDeflate_NoCompressorIsFree(t *testing.T) {
	var limits reached
	var log safeLog
	st := deflating(t, func(c *engineio.Config) {
		limits.note(c)
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
		c.Limits.Compressors = 1
	})
	w, _ := st.extensions("permessage-deflate")
	defer w.Close()
	query := st.handshake()
	release := st.engine.HoldCompressor()
	for _, data := range []string{"4" + strings.Repeat("x", 2000), "4" + strings.Repeat("y", 3000)} {
		m := engineio.NewTextMessage([]byte(data), true)
		_ = st.session(0).Send(nil, m.Unit(), false)
		if _, got := w.frame(); w.first != 0x81 || string(got) != data {
			t.Errorf("websocket: %#x, %d bytes", w.first, len(got))
		}
		_ = st.session(1).Send(nil, m.Unit(), false)
		if a := st.Do("GET", query, "", http.Header{"Accept-Encoding": {"gzip"}}); a.Body != data {
			t.Errorf("polling: %d bytes, %v", len(a.Body), a.Header)
		}
	}
	limits.want(t, "limits.compressors")
	if !strings.Contains(log.text(), "option=limits.compressors") {
		t.Errorf("the log says %q", log.text())
	}
	release()
	_ = st.session(0).Send(nil, text(strings.Repeat("x", 2000)).Unit(), false)
	if w.frame(); w.first != 0xc1 {
		t.Errorf("afterwards: %#x", w.first)
	}
}

// The first bytes of a compressed message make an inflater, which counts as what is unfinished does.
func TestDeflate_HalfAMessageIsCounted(t *testing.T) {
	st := deflating(t, nil)
	for i := range 10 {
		w, _ := st.extensions("permessage-deflate")
		defer w.Close()
		_, _ = w.Write(masked(0xC1, 100, []byte("x")))
		want := int64(i+1) * (44 << 10)
		eventually(t, fmt.Sprintf("%d messages are not counted", i+1), func() bool { return st.engine.UnfinishedBytes() >= want })
	}
}
