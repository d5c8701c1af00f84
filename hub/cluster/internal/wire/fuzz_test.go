package wire

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/siohub/siohub/hub/cluster"
)

// hostile are the seeds of every target.
func hostile(f *testing.F) {
	for _, b := range [][]byte{
		nil, {0x80}, {0xc0}, {0xc1}, {0xff}, {0x81, 1}, {0x81, 0xc0, 1}, {0x81, 0xff, 1}, {0x81, 1, 0xdb, 0xff, 0xff, 0xff, 0xff}, {0xdf, 0xff, 0xff, 0xff, 0xff},
		bytes.Repeat([]byte{0x91}, 200), {0x81, 2, 0x81, 1, 0xdd, 0, 1, 0, 1}, {0x81, 10, 0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		{0x82, 1, 0xa1, 'x', 4, 0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x81, 8, 0xcb, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0}, {0x82, 1, 0xa1, 'x', 5, 0x93, 0xa0, 1, 0xa0},
		{0x81, 0xca, 0x3f, 0x80, 0, 0, 1}, {0x81, 0xa1, '1', 1},
	} {
		f.Add(b)
	}
}

var same = cmp.Options{cmpopts.EquateEmpty()}

func FuzzDecodeCommand(f *testing.F) {
	hostile(f)
	five := uint64(5)
	for _, c := range []*cluster.Command{
		{Namespace: "/", Target: cluster.Target{Sockets: []string{"s"}, Rooms: []string{"r"}, ExceptUsers: []string{"u"}}, Message: &cluster.Message{Event: "e", Args: []byte("[1]"), Attachments: [][]byte{{1}, {}}, Volatile: true}},
		{Target: cluster.Target{All: true}, Join: []string{"a"}, Leave: []string{"b"}},
		{Disconnect: &cluster.Disconnect{Forget: true, Detail: "d"}}, {Data: &cluster.Data{JSON: []byte("1"), Expected: &five}}, {Signal: []byte{1}},
		{ServerSide: &cluster.Message{}},
	} {
		frame, err := EncodeCommand(c)
		f.Add(body(f, frame, err))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCommand(b)
		if err != nil {
			return
		}
		frame, err := EncodeCommand(c)
		again, err := DecodeCommand(body(t, frame, err))
		if err != nil {
			t.Fatal(err)
		}
		// Of several kinds the first is meant, and goes on.
		if third, _ := EncodeCommand(again); !bytes.Equal(frame, third) {
			t.Fatalf("%+v came back as %+v", c, again)
		}
	})
}

func FuzzDecodeQuestion(f *testing.F) {
	hostile(f)
	for _, q := range []*cluster.Question{
		{Kind: cluster.Fetch, Namespace: "/", Handshakes: true}, {Kind: cluster.Acks, Message: &cluster.Message{Event: "e"}}, {Kind: cluster.Signalled, Signal: []byte{1}},
		{Kind: cluster.CarryOut, Command: &cluster.Command{Join: []string{"r"}}}, {Kind: cluster.ListRooms, Prefix: "p"},
	} {
		frame, err := EncodeQuestion("id", q, time.Second)
		f.Add(body(f, frame, err))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		id, q, err := DecodeQuestion(b)
		if err != nil {
			return
		}
		if q.Timeout < 0 || q.Timeout > maxTimeout {
			t.Fatalf("a timeout of %v", q.Timeout)
		}
		frame, err := EncodeQuestion(id, q, q.Timeout)
		id2, again, err := DecodeQuestion(body(t, frame, err))
		if err != nil || id2 != id || again.Kind != q.Kind {
			t.Fatalf("%+v came back as %+v: %v", q, again, err)
		}
	})
}

func FuzzDecodeAnswer(f *testing.F) {
	hostile(f)
	one := 1
	for _, a := range []*cluster.Answer{
		{Sockets: []cluster.Socket{{ID: "s", Rooms: []string{"r"}, Handshake: &cluster.Handshake{Headers: []cluster.Pair{{Name: "a", Value: "b"}}, Time: time.UnixMicro(1)}}}},
		{More: true, Acks: &cluster.AckPart{Expected: &one}}, {Acks: &cluster.AckPart{Total: &cluster.AckTotal{Expected: 1}}}, {Acks: &cluster.AckPart{Ack: &cluster.Ack{Socket: "s"}}},
		{Names: []cluster.Size{{Name: "n", Sockets: 2}}}, {Outcome: &cluster.Outcome{Matched: 1}}, {Value: []byte("[1]"), Attachments: [][]byte{{1}}}, {Signal: []byte{1}, Count: 7},
	} {
		frames, err := EncodeAnswer("id", a)
		f.Add(body(f, frames[0], err))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		id, a, err := DecodeAnswer(b)
		if err != nil || a == nil {
			return
		}
		frames, err := EncodeAnswer(id, a)
		if err != nil {
			t.Fatal(err)
		}
		got := &cluster.Answer{}
		for i, frame := range frames {
			_, part, err := DecodeAnswer(frame[HeaderSize:])
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				*got = *part
			} else {
				got.Sockets, got.Names, got.More = append(got.Sockets, part.Sockets...), append(got.Names, part.Names...), part.More
			}
		}
		if d := cmp.Diff(a, got, same); d != "" {
			t.Fatal(d)
		}
	})
}

// FuzzDecodeOthers is of those with few fields.
func FuzzDecodeOthers(f *testing.F) {
	hostile(f)
	frame, err := EncodePresence(&Presence{Control: "c", Peer: "p", Described: 3})
	f.Add(body(f, frame, err))
	f.Add(EncodeDescription(3, []byte("d"))[HeaderSize:])
	f.Add(EncodeStop("id")[HeaderSize:])
	f.Add(EncodeRefusal("id")[HeaderSize:])
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := DecodePresence(b); err == nil {
			frame, err := EncodePresence(&p)
			if again, err := DecodePresence(body(t, frame, err)); err != nil || again != p {
				t.Fatalf("%+v came back as %+v: %v", p, again, err)
			}
		}
		if n, d, err := DecodeDescription(b); err == nil {
			if n2, d2, err := DecodeDescription(EncodeDescription(n, d)[HeaderSize:]); err != nil || n2 != n || !bytes.Equal(d, d2) {
				t.Fatal(err)
			}
		}
		if id, err := DecodeStop(b); err == nil {
			if id2, err := DecodeStop(EncodeStop(id)[HeaderSize:]); err != nil || id2 != id {
				t.Fatal(err)
			}
		}
		_, _, _ = ReadHeader(b)
	})
}
