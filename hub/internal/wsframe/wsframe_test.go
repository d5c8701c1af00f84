package wsframe

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// masked makes a browser's frame.
func masked(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	key := [4]byte{0xa1, 0xb2, 0xc3, 0xd4}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i&3])
	}
	return b
}

// put adds bytes to an Input as a reader does.
func put(in *Input, p []byte) {
	for len(p) > 0 {
		n := copy(in.Free(), p)
		in.Extend(n)
		p = p[n:]
	}
}

// The lengths at which the header changes its form, from RFC 6455, 5.2.
func TestPutHeader_Lengths(t *testing.T) {
	for payload, want := range map[int]string{
		0: "\x81\x00", 1: "\x81\x01", 125: "\x81\x7d", 126: "\x81\x7e\x00\x7e", 65535: "\x81\x7e\xff\xff",
		65536: "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
	} {
		b := make([]byte, HeaderLen(payload))
		if PutHeader(b, OpcodeText, payload); string(b) != want {
			t.Errorf("%d bytes: %x", payload, b)
		}
	}
}

func TestClose_Codes(t *testing.T) {
	for code, want := range map[int]string{
		0: "\x88\x02\x03\xe8", CloseAbnormal: "\x88\x02\x03\xe8", CloseNoStatus: "\x88\x00", CloseTooBig: "\x88\x02\x03\xf1",
	} {
		if got := Close(code); string(got) != want {
			t.Errorf("%d: %x", code, got)
		}
	}
	if got := Pong([]byte("x")); string(got) != "\x8a\x01x" {
		t.Errorf("pong %x", got)
	}
}

// However the bytes are cut, the same comes of them.
func TestInput_TakesWhatIsWhole(t *testing.T) {
	long := "4" + strings.Repeat("x", 70_000)
	stream := bytes.Join([][]byte{
		masked(0x89, "ping"), masked(0x81, "4a"), masked(0x02, "bin"), masked(0x8a, ""), masked(0x80, "ary"), masked(0x81, long),
	}, nil)
	for _, step := range []int{1, 3, 7, 1000, len(stream)} {
		in := NewInput()
		var got []string
		pings, controls := 0, 0
		for rest := stream; len(rest) > 0; {
			n := min(step, len(rest))
			put(in, rest[:n])
			rest = rest[n:]
			for {
				m, found, err := in.Next(1<<20, false)
				if err != nil {
					t.Fatal(err)
				}
				controls += in.Controls()
				if m.Pinged && m.Ping == "ping" {
					pings++
				}
				if found == Complete {
					got = append(got, string(m.Data))
					if m.Binary != (string(m.Data) == "binary") {
						t.Errorf("steps of %d: %.20q is binary: %v", step, m.Data, m.Binary)
					}
				}
				if found == Incomplete {
					break
				}
			}
		}
		if len(got) != 3 || got[0] != "4a" || got[1] != "binary" || got[2] != long || pings != 1 || controls != 2 || !in.Empty() {
			t.Errorf("steps of %d: %d messages, %d pings, %d control frames, empty %v", step, len(got), pings, controls, in.Empty())
		}
		in.Release()
	}
}

// Held messages stay where they are; what stands before them does not wait, nor do packets that are no messages.
func TestInput_Hold(t *testing.T) {
	in := NewInput()
	defer in.Release()
	put(in, join(masked(0x81, "3"), masked(0x89, "p"), masked(0x81, "4a")))
	for _, want := range []Portion{Complete, ControlFrames, Held, Held} {
		if _, found, err := in.Next(100, true); found != want || err != nil {
			t.Fatalf("%v, want %v (%v)", found, want, err)
		}
	}
	if m, found, _ := in.Next(100, false); found != Complete || string(m.Data) != "4a" {
		t.Errorf("%v %q", found, m.Data)
	}
}

func join(frames ...[]byte) []byte { return bytes.Join(frames, nil) }

func TestInput_Faults(t *testing.T) {
	for name, c := range map[string]struct {
		frames []byte
		code   int
	}{
		"not masked":            {[]byte{0x81, 0x01, '4'}, CloseProtocol},
		"reserved bit":          {masked(0xC1, "4"), CloseProtocol},
		"unknown opcode":        {masked(0x83, "4"), CloseProtocol},
		"fragmented ping":       {masked(0x09, "x"), CloseProtocol},
		"long ping":             {masked(0x89, strings.Repeat("x", 126)), CloseProtocol},
		"message in a message":  {join(masked(0x01, "4"), masked(0x81, "4")), CloseProtocol},
		"nothing to continue":   {masked(0x80, "4"), CloseProtocol},
		"too large":             {masked(0x81, strings.Repeat("x", 201)), CloseTooBig},
		"too large in sum":      {join(masked(0x01, strings.Repeat("x", 150)), masked(0x80, strings.Repeat("x", 51))), CloseTooBig},
		"too many fragments":    {join(masked(0x01, "4"), bytes.Repeat(masked(0x00, ""), 1100)), ClosePolicy},
		"close code":            {masked(0x88, "\x03\xec"), CloseProtocol},
		"close text, not UTF-8": {masked(0x88, "\x03\xe8\xff"), CloseInvalidText},
	} {
		in := NewInput()
		put(in, c.frames)
		_, _, err := in.Next(200, false)
		var f *Fault
		if !errors.As(err, &f) || f.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
		in.Release()
	}
}

func TestInput_CloseFrame(t *testing.T) {
	for payload, want := range map[string]Closed{
		"": {Code: CloseNoStatus}, "\x03": {Code: CloseNoStatus}, "\x03\xe8": {Code: CloseNormal}, "\x0f\xa0bye": {4000, "bye"},
	} {
		in := NewInput()
		put(in, masked(0x88, payload))
		_, _, err := in.Next(200, false)
		var c *Closed
		if !errors.As(err, &c) || *c != want {
			t.Errorf("%q: %v", payload, err)
		}
		in.Release()
	}
}

// One RSV1 on the first frame of a message may pass, whatever the reads are.
func TestRSV1Checker_StopsBeforeTheFault(t *testing.T) {
	fine := join(masked(0xC1, strings.Repeat("x", 300)), masked(0x89, "p"), masked(0x41, "a"), masked(0x80, "b"))
	stream := append(bytes.Clone(fine), masked(0xC9, "x")...)
	for _, step := range []int{1, 5, len(stream)} {
		rest, passed := stream, 0
		var w RSV1Checker
		for {
			n, err := w.Read(make([]byte, step), func(p []byte) (int, error) {
				n := copy(p, rest)
				rest = rest[n:]
				return n, nil
			})
			passed += n
			if err != nil {
				if !errors.Is(err, ErrReserved) || passed != len(fine) {
					t.Errorf("reads of %d: %v after %d of %d", step, err, passed, len(fine))
				}
				break
			}
		}
	}
}

// What costs nothing has to stay so.
func TestInput_NextAllocatesNothing(t *testing.T) {
	frame := masked(0x81, "42[1]")
	in := NewInput()
	defer in.Release()
	if n := testing.AllocsPerRun(100, func() {
		put(in, frame)
		if _, found, err := in.Next(100, false); found != Complete || err != nil {
			t.Fatal(found, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// How a message begins is known before it is whole.
func TestInput_Begin(t *testing.T) {
	in := NewInput()
	defer in.Release()
	frame := masked(0x81, "42"+strings.Repeat("x", 300))
	for n, want := range map[int]string{0: "", 7: "", 8: "", 9: "4", 11: "42x", len(frame) - 1: "42xxxxxx"} {
		in.Discard()
		put(in, frame[:n])
		var begin [8]byte
		if got, binary := in.Begin(begin[:]); string(begin[:got]) != want || binary {
			t.Errorf("of %d bytes: %q", n, begin[:got])
		}
	}
	in.Discard()
	put(in, masked(0x02, "abc"))
	var begin [8]byte
	if n, binary := in.Begin(begin[:]); string(begin[:n]) != "abc" || !binary {
		t.Errorf("%q %v", begin[:n], binary)
	}
}
