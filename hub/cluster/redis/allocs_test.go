//go:build !race

package redis

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// takes is a connection that takes everything, and has its replies ready.
type takes struct {
	net.Conn
	replies io.Reader
}

func (t takes) Write(b []byte) (int, error) { return len(b), nil }
func (t takes) Read(b []byte) (int, error)  { return t.replies.Read(b) }
func (t takes) SetDeadline(time.Time) error { return nil }

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
