package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

func body(t testing.TB, frame []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return frame[HeaderSize:]
}

func TestHeader_RoundTrip(t *testing.T) {
	id, ok := ParseID("00ff00ff00ff00ff")
	if !ok || id.String() != "00ff00ff00ff00ff" {
		t.Fatal(id)
	}
	h := Header{Kind: Answer, More: true, Continued: true, Direct: true, Sender: id, Epoch: 1, Sequence: 1 << 63, Lane: Lane("x"), Count: 4}
	frame := append(make([]byte, HeaderSize), "body"...)
	h.Put(frame)
	got, rest, err := ReadHeader(frame)
	if err != nil || got != h || string(rest) != "body" {
		t.Errorf("%+v, %q, %v", got, rest, err)
	}
	for n := range HeaderSize {
		if _, _, err := ReadHeader(frame[:n]); err == nil {
			t.Errorf("%d bytes are a header", n)
		}
	}
	for _, id := range []string{"", "00FF00FF00FF00FF", "00ff", "00ff00ff00ff00fg", "00ff00ff00ff00ff0"} {
		if _, ok := ParseID(id); ok {
			t.Errorf("%q is an id", id)
		}
	}
}

// TestShape_Hostile: none of it costs memory, or a deep stack.
func TestShape_Hostile(t *testing.T) {
	deep := append(bytes.Repeat([]byte{0x91}, MaxDepth-1), 0xc0)
	if err := shape(deep); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	for name, b := range map[string][]byte{
		"nothing": nil, "two values": {0xc0, 0xc0}, "deeper": append([]byte{0x91}, deep...), "very deep": bytes.Repeat([]byte{0x91}, 8<<20),
		"array of billions": {0xdd, 0xff, 0xff, 0xff, 0xff}, "map of billions": {0xdf, 0xff, 0xff, 0xff, 0xff, 1, 2}, "text of billions": {0xdb, 0xff, 0xff, 0xff, 0xff, 'x'},
		"bin that ends": {0xc4, 2, 0}, "length that ends": {0xc5, 2}, "extension": {0xd4, 0, 0}, "never used": {0xc1}, "number that ends": {0xcf, 0, 0}, "half a pair": {0x81, 1},
	} {
		var err error
		if n := testing.AllocsPerRun(1, func() { err = shape(b) }); err == nil || n > 8 {
			t.Errorf("%s: %v, %v allocations", name, err, n)
		}
	}
}

// TestDecode_HostileIsHeldInLittle has eight mebibytes of the smallest things that lists are made of.
func TestDecode_HostileIsHeldInLittle(t *testing.T) {
	const size = 8 << 20
	list := func(head []byte, n uint32, one []byte) []byte {
		b := append(append([]byte{}, head...), 0xdd, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		return append(b, bytes.Repeat(one, int(n))...)
	}
	for name, b := range map[string][]byte{
		"sockets":     list([]byte{0x81, 3}, size/4, []byte{0x81, 1, 0xa1, 'x'}),
		"names":       list([]byte{0x81, 5}, size, []byte{0xa0}),
		"attachments": list([]byte{0x81, 11}, size, []byte{0xc4, 0}),
		"rooms":       list([]byte{0x81, 3, 0x91, 0x82, 1, 0xa1, 'x', 5}, size, []byte{0xa0}),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := DecodeAnswer(b)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; err == nil || grown > 4<<20 {
			t.Errorf("%s: %v, %d bytes", name, err, grown)
		}
	}
}

func TestDecode_WhatIsNotKnown(t *testing.T) {
	// A command from a newer hub: a field more, with something in it.
	frame, err := EncodeCommand(&cluster.Command{Namespace: "/", Join: []string{"r"}})
	b := body(t, frame, err)
	b[2]++ // one field more
	b = append(b, 0x7e, 0x81, 0xa1, 'k', 0x92, 1, 0xc4, 1, 0)
	c, err := DecodeCommand(b)
	if err != nil || len(c.Join) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := DecodeCommand([]byte{0x82, 1, 0xa1, '/', 0x7e, 0x80}); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v, want ErrUnknown", err)
	}
	if id, _, err := DecodeQuestion([]byte{0x82, 1, 0xa1, 'q', 2, 0x63}); !errors.Is(err, ErrUnknown) || id != "q" {
		t.Errorf("%q, %v, want ErrUnknown", id, err)
	}
}

// TestCommand_ForALog: what a log alone is for is nothing to whoever does not know of it.
func TestCommand_ForALog(t *testing.T) {
	c := &cluster.Command{
		Namespace: "/", Message: &cluster.Message{Event: "e", Args: []byte(`[1]`)}, KeepOnly: true,
		Origin: cluster.Origin{Hub: "x", At: cluster.Position{Major: 9}, Number: 1 << 63, After: cluster.Position{Major: 1, Minor: 1<<64 - 1}},
	}
	frame, err := EncodeCommand(c)
	b := body(t, frame, err)
	got, err := DecodeCommand(b)
	want := *c
	want.Origin.Hub, want.Origin.At = "", cluster.Position{} // the reader's to set
	if err != nil || !reflect.DeepEqual(got, &want) {
		t.Errorf("%+v, %v", got, err)
	}
	at := bytes.Index(b, []byte{10, 0xde})
	b[at] = 0x7e
	if _, err := DecodeCommand(b); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v, want ErrUnknown", err)
	}
	q, err := EncodeQuestion("q", &cluster.Question{Kind: cluster.CarryOut, Namespace: "/", Command: c}, time.Second)
	if _, _, err := DecodeQuestion(body(t, q, err)); !errors.Is(err, ErrMalformed) {
		t.Errorf("%v, want ErrMalformed", err)
	}
}

func TestEncode_BeyondALimit(t *testing.T) {
	many := make([]string, MaxNames+1)
	for n, c := range []*cluster.Command{
		{Namespace: strings.Repeat("x", MaxNameBytes+1), Signal: []byte{1}},
		{Join: many},
		{Message: &cluster.Message{Attachments: make([][]byte, MaxAttachments+1)}},
		{Disconnect: &cluster.Disconnect{Detail: strings.Repeat("x", maxTextBytes+1)}},
	} {
		if _, err := EncodeCommand(c); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d: %v", n, err)
		}
	}
}

func TestEncodeAnswer_PartsAreBounded(t *testing.T) {
	a := &cluster.Answer{Count: 3}
	for i := range 10_000 {
		a.Names = append(a.Names, cluster.Size{Name: fmt.Sprint(strings.Repeat("n", 100), i), Sockets: i})
		a.Sockets = append(a.Sockets, cluster.Socket{ID: fmt.Sprint(i), ConnectTime: time.UnixMicro(int64(i + 1))})
	}
	frames, err := EncodeAnswer("id", a)
	if err != nil || len(frames) < 4 {
		t.Fatalf("%d frames, %v", len(frames), err)
	}
	got := &cluster.Answer{}
	for i, f := range frames {
		if len(f) > 3*partBytes {
			t.Errorf("a part of %d bytes", len(f))
		}
		id, part, err := DecodeAnswer(f[HeaderSize:])
		if err != nil || id != "id" || part.More != (i < len(frames)-1) {
			t.Fatalf("%d: %q, %v", i, id, err)
		}
		got.Sockets, got.Names, got.Count = append(got.Sockets, part.Sockets...), append(got.Names, part.Names...), got.Count+part.Count
	}
	if !reflect.DeepEqual(a, got) {
		t.Errorf("%d sockets and %d names have come back, or others", len(got.Sockets), len(got.Names))
	}
}
