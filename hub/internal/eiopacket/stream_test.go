package eiopacket

import (
	"bytes"
	"math"
	"testing"
)

// streamHeaders: encode and decode from one table.
var streamHeaders = []struct {
	bytes  string
	header StreamHeader
}{
	{"\x01", StreamHeader{Len: 1}},
	{"\x81", StreamHeader{Binary: true, Len: 1}},
	{"\x7d", StreamHeader{Len: 125}},
	{"\x7e\x00\x7e", StreamHeader{Len: 126}},
	{"\xfe\x00\x7e", StreamHeader{Binary: true, Len: 126}},
	{"\x7e\xff\xff", StreamHeader{Len: 65_535}},
	{"\x7f\x00\x00\x00\x00\x00\x01\x00\x00", StreamHeader{Len: 65_536}},
	{"\xff\x00\x00\x00\x00\x00\x0f\x42\x40", StreamHeader{Binary: true, Len: 1_000_000}},
	{"\x7f\xff\xff\xff\xff\xff\xff\xff\xff", StreamHeader{Len: math.MaxUint64}},
	{"\x00", StreamHeader{}}, // for the reader to refuse
}

func TestStreamHeader(t *testing.T) {
	for _, row := range streamHeaders {
		if got := string(AppendStreamHeader(nil, row.header)); got != row.bytes {
			t.Errorf("%+v: %q, want %q", row.header, got, row.bytes)
		}
		if got, n := DecodeStreamHeader([]byte(row.bytes + "4hello")); got != row.header || n != len(row.bytes) {
			t.Errorf("%q: %+v, %d", row.bytes, got, n)
		}
		for short := range len(row.bytes) {
			if got, n := DecodeStreamHeader([]byte(row.bytes[:short])); n != 0 || got != (StreamHeader{}) {
				t.Errorf("%q: %+v, %d, want nothing", row.bytes[:short], got, n)
			}
		}
	}
}

// A browser that writes a length in a longer form than it needs is understood, as by the reference.
func TestStreamHeader_TakesLongForms(t *testing.T) {
	for _, text := range []string{"\x7e\x00\x05", "\x7f\x00\x00\x00\x00\x00\x00\x00\x05"} {
		if got, n := DecodeStreamHeader([]byte(text)); got != (StreamHeader{Len: 5}) || n != len(text) {
			t.Errorf("%q: %+v, %d", text, got, n)
		}
	}
}

func FuzzStreamHeader(f *testing.F) {
	for _, row := range streamHeaders {
		f.Add([]byte(row.bytes))
	}
	for _, hostile := range []string{
		"", "\x7e", "\x7e\x00", "\xfe\x00\x00", "\x7f\x00\x00\x00\x00\x00\x00\x00", "\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
		"\xff\x00\x20\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x00", "\x7e\x00\x00\x7e\x00\x00", "0{\"sid\":\"", "GET / HTTP/1.1\r\n",
	} {
		f.Add([]byte(hostile))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n := DecodeStreamHeader(b)
		if n > len(b) || n > MaxStreamHeader {
			t.Fatalf("%q: a header of %d bytes", b, n)
		}
		if n == 0 {
			if h != (StreamHeader{}) {
				t.Fatalf("%q: %+v of no header", b, h)
			}
			return
		}
		shortest := AppendStreamHeader(nil, h)
		if len(shortest) > n {
			t.Fatalf("%q: %+v is longer than it came: %q", b, h, shortest)
		}
		if again, m := DecodeStreamHeader(shortest); again != h || m != len(shortest) {
			t.Fatalf("%q: %+v became %+v", b, h, again)
		}
		if len(shortest) == n && !bytes.Equal(shortest, b[:n]) {
			t.Fatalf("%q: %q", b[:n], shortest)
		}
	})
}
