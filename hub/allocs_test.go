//go:build !race

package hub_test

import (
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
	if n := server.EchoAllocs(); n > echoAllocs {
		t.Errorf("%v allocations for an echo, bound %v", n, echoAllocs)
	}
}

// An event is what the hub allocates for each message: it fits the allocator's class of 128 bytes.
func TestAllocs_EventSize(t *testing.T) {
	if size := unsafe.Sizeof(hub.Event{}); size > 128 {
		t.Errorf("an event has %d bytes", size)
	}
}
