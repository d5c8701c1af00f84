//go:build !race

package hub_test

import (
	"io"
	"testing"
	"unsafe"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/hubtest"
)

// echoAllocs is what an echo allocates from end to end: the event, and the four of the floor below. Preparing and
// sending a reply add none. Whoever lowers it lowers the bound.
const echoAllocs = 5

func TestAllocs_PreparedReply(t *testing.T) {
	p := &play{t: t}
	h, err := hub.New(hub.Config{Application: p, Client: hub.ClientFiles{Disabled: true}})
	if err != nil {
		t.Fatal(err)
	}
	p.event = func(e *hub.Event) {
		r, err := e.Prepare(e.Args, e.Attachments)
		if err != nil {
			t.Error(err)
		}
		if err := r.Send(nil); err != nil {
			t.Error(err)
		}
	}
	server := hubtest.ServeTCP(t, h, h.ConfigureHTTP)
	server.Path = "/socket.io/"
	t.Cleanup(func() { _ = h.Shutdown(t.Context()) })
	f := server.Frames("EIO=4&transport=websocket")
	_ = f.Write("40")
	f.Next() // the open packet
	f.Next() // CONNECT
	const args = `["0123456789abcdef0123456789abcdef"]`
	out := append([]byte{0x81, 0x80 | byte(len(`421["echo",`)+len(args)-1), 0, 0, 0, 0}, `421["echo",`+args[1:]...)
	in := make([]byte, 2+len(`431`)+len(args))
	conn := f.Conn.NetConn()
	n := testing.AllocsPerRun(200, func() {
		_, _ = conn.Write(out)
		if _, err := io.ReadFull(conn, in); err != nil {
			t.Error(err)
		}
	})
	if n > echoAllocs {
		t.Errorf("%v allocations for an echo, bound %v", n, echoAllocs)
	}
}

// An event is what the hub allocates for each message: it fits the allocator's class of 128 bytes.
func TestAllocs_EventSize(t *testing.T) {
	if size := unsafe.Sizeof(hub.Event{}); size > 128 {
		t.Errorf("an event has %d bytes", size)
	}
}
