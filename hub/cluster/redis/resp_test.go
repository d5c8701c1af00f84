package redis

import (
	"bufio"
	"bytes"
	"testing"
)

// newReader reads what a server is supposed to have said.
func newReader(data []byte, took *int) *reader {
	return &reader{
		replies: replies{bufio.NewReader(bytes.NewReader(data))}, most: 1 << 10,
		wants:   func(channel []byte) bool { return !bytes.HasPrefix(channel, []byte("no")) },
		message: func(_ string, payload []byte) { *took += len(payload) },
		dropped: func() {},
	}
}

func TestReader_Replies(t *testing.T) {
	data := appendCommand(nil, "message", "channel", "12")
	data = append(data, appendCommand(nil, "pmessage", "c*", "channel", "34")...)
	data = append(data, appendCommand(nil, "smessage", "no", "not wanted")...)
	data = append(data, appendCommand(nil, "message", "large", string(make([]byte, 2000)))...)
	data = append(data, "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n+PONG\r\n-MOVED 1 a:1\r\n"...)
	took := 0
	r := newReader(data, &took)
	for range 4 {
		if e, err := r.next(); err != nil || e.kind != "" {
			t.Fatal(e, err)
		}
	}
	if took != 4 {
		t.Errorf("took %d bytes", took)
	}
	if e, err := r.next(); err != nil || e != (event{kind: "subscribe", channel: "c"}) {
		t.Error(e, err)
	}
	if e, err := r.next(); err != nil || e.kind != "pong" {
		t.Error(e, err)
	}
	if _, err := r.next(); err != serverError("MOVED 1 a:1") {
		t.Error(err)
	}
}

func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"", "\r\n", "*", "*4\r\n", "*-1\r\n", "*3\r\n$7\r\nmessage\r\n$99999999999\r\n", "$5\r\nhello\r\n", "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$-1\r\n",
		"*3\r\n$40\r\n", "*2\r\n$4\r\npong\r\n$0\r\n\r\n", "*3\r\n$9\r\nsubscribe\r\n$70000\r\n", "*999999999\r\n$1\r\na\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Add(appendCommand(nil, "message", "channel", "payload"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		took := 0
		for r := newReader(data, &took); ; {
			if _, err := r.next(); err != nil {
				return
			}
		}
	})
}
