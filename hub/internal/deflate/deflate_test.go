package deflate_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/siohub/siohub/hub/internal/deflate"
)

const plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// The offers of RFC 7692, 5.1, 7.1 and 8, those of browsers and of `ws`, and what must be declined.
func TestNegotiate_FirstOfferThatCanBeHonoured(t *testing.T) {
	for _, c := range []struct {
		header string
		ours   int // the server's largest window; 0: 15
		want   string
	}{
		{header: "", want: ""},
		{header: "permessage-deflate", want: plain},
		{header: "PerMessage-Deflate", want: plain},
		{header: "permessage-deflate; client_max_window_bits", want: plain}, // Chrome, Firefox
		{header: "permessage-deflate; client_max_window_bits=10", want: plain},
		{header: "permessage-deflate;\tserver_no_context_takeover ; client_no_context_takeover", want: plain},
		{header: "permessage-deflate; server_max_window_bits=10", want: plain + "; server_max_window_bits=10"},
		{header: `permessage-deflate; server_max_window_bits="10"`, want: plain + "; server_max_window_bits=10"},
		{header: `permessage-deflate; server_max_window_bits="1\0"`, want: plain + "; server_max_window_bits=10"},
		{header: "permessage-deflate; server_max_window_bits=15", want: plain + "; server_max_window_bits=15"},
		{header: "permessage-deflate; server_max_window_bits=8", want: plain + "; server_max_window_bits=8"},
		{header: "permessage-deflate", ours: 12, want: plain + "; server_max_window_bits=12"},
		{header: "permessage-deflate; server_max_window_bits=10", ours: 12, want: plain + "; server_max_window_bits=10"},
		{header: "permessage-deflate; server_max_window_bits=14", ours: 12, want: plain + "; server_max_window_bits=12"},
		// Declined, and the next one taken.
		{header: "permessage-deflate; server_max_window_bits=16, permessage-deflate", want: plain},
		{header: "permessage-deflate; server_max_window_bits=7, permessage-deflate; server_max_window_bits=9", want: plain + "; server_max_window_bits=9"},
		{header: "permessage-deflate; x, permessage-deflate", want: plain},
		{header: "x-webkit-deflate-frame, permessage-bzip2; a=b, permessage-deflate", want: plain},
		{header: "permessage-deflate; server_max_window_bits=9, permessage-deflate", want: plain + "; server_max_window_bits=9"},
		// Declined, with nothing behind them.
		{header: "permessage-deflate; server_max_window_bits", want: ""},
		{header: "permessage-deflate; server_max_window_bits=08", want: ""},
		{header: "permessage-deflate; server_max_window_bits=+9", want: ""},
		{header: "permessage-deflate; server_max_window_bits=99999999999999999999", want: ""},
		{header: "permessage-deflate; client_max_window_bits=16", want: ""},
		{header: "permessage-deflate; client_max_window_bits=1.5", want: ""},
		{header: "permessage-deflate; server_no_context_takeover=true", want: ""},
		{header: "permessage-deflate; client_no_context_takeover; client_no_context_takeover", want: ""},
		{header: "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", want: ""},
		{header: "permessage-deflate2", want: ""},
		{header: "foo; permessage-deflate", want: ""},
	} {
		ours := c.ours
		if ours == 0 {
			ours = deflate.MaxWindowBits
		}
		var header []string
		if c.header != "" {
			header = []string{c.header}
		}
		a, err := deflate.Negotiate(header, ours)
		if err != nil || a.Answer() != c.want {
			t.Errorf("%q: %q %v, want %q", c.header, a.Answer(), err, c.want)
		}
	}
}

// RFC 6455, 9.1: lines of the same header are one list.
func TestNegotiate_SeveralLines(t *testing.T) {
	a, err := deflate.Negotiate([]string{"permessage-deflate; x", "permessage-deflate; server_max_window_bits=11, y"}, 15)
	if err != nil || a.WindowBits != 11 {
		t.Errorf("%+v %v", a, err)
	}
}

func TestNegotiate_Malformed(t *testing.T) {
	for _, header := range []string{
		",", ";", "permessage-deflate,", "permessage-deflate;", "permessage-deflate; =1", "permessage-deflate; a=", `permessage-deflate; a="`,
		`permessage-deflate; a=""`, `permessage-deflate; a="b c"`, `permessage-deflate; a="b\`, "permessage deflate", "permessage-deflate; a b",
		", permessage-deflate", "permessage-deflate, , x", "permessage-deflate; a=b=c", "\x00", "é", `"permessage-deflate"`, "",
		"permessage-deflate;;client_max_window_bits", "permessage-deflate x",
	} {
		if a, err := deflate.Negotiate([]string{header}, 15); !errors.Is(err, deflate.ErrMalformed) {
			t.Errorf("%q: %+v %v", header, a, err)
		}
	}
}

func FuzzNegotiate(f *testing.F) {
	for _, s := range []string{"permessage-deflate; client_max_window_bits", `a;b="\c",d`, strings.Repeat("permessage-deflate; x,", 200) + "y", ";;", `x;y="`} {
		f.Add(s, 15)
	}
	f.Fuzz(func(t *testing.T, header string, ours int) {
		ours = deflate.MinWindowBits + int(uint(ours)%8)
		a, err := deflate.Negotiate([]string{header}, ours)
		if err != nil && a != (deflate.Agreement{}) {
			t.Errorf("%q: %+v with %v", header, a, err)
		}
		if a.WindowBits != 0 && (a.WindowBits < deflate.MinWindowBits || a.WindowBits > ours) {
			t.Errorf("%q: window %d", header, a.WindowBits)
		}
		if again, err := deflate.Negotiate([]string{a.Answer()}, ours); a.WindowBits != 0 && (err != nil || again.WindowBits != a.WindowBits) {
			t.Errorf("%q: the answer %q is read as %+v %v", header, a.Answer(), again, err)
		}
	})
}

// inflate reads a compressed message as a browser does. It fails where a distance reaches beyond the window: what lies
// so far behind is gone for a browser that keeps no more.
func inflate(t *testing.T, compressed []byte) string {
	t.Helper()
	r := flate.NewReader(io.MultiReader(bytes.NewReader(compressed), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")))
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestCompressor_RoundTrip(t *testing.T) {
	random := make([]byte, 50_000)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	for level := 1; level <= 9; level++ {
		c := deflate.NewCompressor(level)
		for bits := deflate.MinWindowBits; bits <= deflate.MaxWindowBits; bits++ {
			for _, message := range []string{"", "4", strings.Repeat("abcdefgh", 10_000), string(random), string(random[:300]) + string(random[:300])} {
				for range 2 { // the second time with a pooled encoder
					got := c.Append([]byte("head"), []byte(message), bits)
					if !bytes.HasPrefix(got, []byte("head")) || inflate(t, got[4:]) != message {
						t.Fatalf("level %d, window %d: %d bytes came back otherwise", level, bits, len(message))
					}
				}
			}
		}
	}
}

// A repetition that lies farther back than the window must be sent again in full: a browser that asked for a small
// window has nothing else.
func TestCompressor_StaysWithinTheWindow(t *testing.T) {
	for bits := deflate.MinWindowBits; bits < deflate.MaxWindowBits; bits++ {
		block := make([]byte, 2<<bits)
		for i := range block {
			block[i] = byte(rand.Uint32())
		}
		message := append(bytes.Clone(block), block...)
		c := deflate.NewCompressor(1)
		if got := len(c.Append(nil, message, bits)); got < len(message) {
			t.Errorf("window %d: %d of %d bytes; the second half refers to the first", bits, got, len(message))
		}
		if got := len(c.Append(nil, message, deflate.MaxWindowBits)); bits <= 13 && got > len(message)*3/4 {
			t.Errorf("the largest window: %d of %d bytes; this test sees nothing", got, len(message))
		}
	}
}

func TestCompressor_EncoderBytes(t *testing.T) {
	for bits := deflate.MinWindowBits; bits <= deflate.MaxWindowBits; bits++ {
		for level := 1; level <= 9; level++ {
			c, message, dst := deflate.NewCompressor(level), make([]byte, 2000), make([]byte, 0, 4000)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c.Append(dst, message, bits)
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > deflate.EncoderBytes {
				t.Errorf("level %d, window %d: %d bytes", level, bits, got)
			}
		}
	}
}

func BenchmarkCompressor(b *testing.B) {
	message := []byte(strings.Repeat(`42["message",{"user":"somebody","text":"hello there"}]`, 40))
	for _, bits := range []int{10, 15} {
		b.Run(fmt.Sprint(bits), func(b *testing.B) {
			c := deflate.NewCompressor(1)
			var dst []byte
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				dst = c.Append(dst[:0], message, bits)
			}
		})
	}
}
