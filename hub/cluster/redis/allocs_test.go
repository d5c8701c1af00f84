//go:build !race

package redis

import (
	"bufio"
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
	"github.com/siohub/siohub/hub/cluster/redis/internal/nodewire"
)

// A batch costs the publisher nothing that is to be collected, and a message that nobody here wants the name of its room alone.
func TestAllocs_OfWhatIsPublishedAndPassedOver(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	replies := strings.NewReader(strings.Repeat(":1\r\n", 1<<16))
	p := newPublisher(nil, func(o *mesh.Out) string { return o.Channel })
	p.conn = takes{near, replies}
	p.in = bufio.NewReader(p.conn)
	defer p.close()
	batch := outs("a", "b", "c")
	if n := testing.AllocsPerRun(100, func() {
		if err := p.publish(t.Context(), "PUBLISH", batch); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for a batch of three", n)
	}

	var entries []entry
	for range 3 {
		entries = append(entries, entry{stream: "socket.io", fields: nodewire.Entry{UID: "0123456789abcdef", Type: "3", Namespace: "/", Data: "{}"}})
	}
	x := newXAdd(nil, nil, 100)
	const added = "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n$3\r\n1-1\r\n$3\r\n1-2\r\n$3\r\n1-3\r\n"
	x.conn = takes{near, strings.NewReader(strings.Repeat(added, 1<<8))}
	x.in, x.used = bufio.NewReader(x.conn), time.Now().Add(time.Hour)
	defer x.close()
	if n := testing.AllocsPerRun(100, func() {
		if err := x.add(t.Context(), "socket.io", entries); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations for three entries", n)
	}

	sh, sr := offlineReader(t, Config{})
	var read [][]string
	for range 50 {
		read = append(read, fieldsOfEmit(sh.id, "room"), fieldsOfEmit("00000000000000ff", "empty"))
	}
	reply := entriesReply(read...)
	in := bytes.NewReader(nil)
	if n := testing.AllocsPerRun(100, func() {
		in.Reset(reply)
		sr.in.Reset(in)
		if err := sr.reply(); err != nil {
			t.Fatal(err)
		}
	}); n > 52 { // the names of the rooms
		t.Errorf("%v allocations for a hundred entries, of this hub and for a room that is empty", n)
	}

	h := newHost(t, Config{Engine: Classic, URL: "redis://127.0.0.1:1"})
	one := appendCommand(nil, "pmessage", "socket.io#/*", "socket.io#/#room#", strings.Repeat("x", 200))
	r := h.cluster.(*engine).road.(*classic).in.reader
	r.in = bufio.NewReaderSize(strings.NewReader(strings.Repeat(string(one), 200)), 64<<10)
	if n := testing.AllocsPerRun(100, func() {
		if e, err := r.next(); err != nil || e.kind != "" {
			t.Fatal(e, err)
		}
	}); n > 1 {
		t.Errorf("%v allocations for a message that nobody wants", n)
	}
}
