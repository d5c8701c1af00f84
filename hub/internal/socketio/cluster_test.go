package socketio

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/siohub/siohub/hub/adapter"
	"github.com/siohub/siohub/hub/hubtest"
)

// wire connects the adapters of several servers in memory: what one publishes every other applies.
type wire struct {
	mu    sync.Mutex // guards hosts
	hosts map[string]map[int]adapter.Host
}

// node is one server's end of the wire.
type node struct {
	adapter.Adapter
	wire      *wire
	number    int
	namespace string
}

func (w *wire) builder(number int) adapter.Builder {
	return func(namespace string, host adapter.Host) adapter.Adapter {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.hosts[namespace] == nil {
			w.hosts[namespace] = map[int]adapter.Host{}
		}
		w.hosts[namespace][number] = host
		return &node{adapter.NewMemory(namespace, host), w, number, namespace}
	}
}

func (n *node) Publish(c adapter.Command) error {
	n.wire.mu.Lock()
	defer n.wire.mu.Unlock()
	for number, host := range n.wire.hosts[n.namespace] {
		if number != n.number {
			host.Apply(c)
		}
	}
	return nil
}

// The port carries whatever has to reach the sockets of other nodes.
func TestAdapter_CommandsCrossNodes(t *testing.T) {
	w := &wire{hosts: map[string]map[int]adapter.Host{}}
	a, b := play(t, Config{Adapter: w.builder(1)}), play(t, Config{Adapter: w.builder(2)})
	here, there := a.join("/"), b.join("/")

	a.server.UpdateRooms("/", everybody, []string{"room"}, nil)
	m := adapter.Message{Event: "x", Args: []byte(`[{"_placeholder":true,"num":0}]`), Attachments: [][]byte{{7}}}
	if o := b.server.Emit(nil, "/", to("room"), m); o.Matched != 1 {
		t.Fatalf("%+v", o)
	}
	for _, browser := range []*hubtest.Browser{here, there} {
		browser.Expect(`451-["x",{"_placeholder":true,"num":0}]`, hubtest.Binary([]byte{7}))
	}
	// A node without sockets of its own reaches the others' too.
	a.server.Disconnect(nil, "/", to(a.socket("/").ID()), Eviction{})
	here.Expect("41")
	a.server.Emit(nil, "/", everybody, msg("still"))
	there.Expect(`42["still"]`)
	a.server.UpdateRooms("/", everybody, nil, []string{"room"})
	if rooms := b.socket("/").Rooms(); len(rooms) != 0 {
		t.Fatalf("rooms %q", rooms)
	}
	a.server.Disconnect(nil, "/", everybody, Eviction{CloseTransport: true})
	there.Expect("41")
	there.WaitEnd()
	b.heard("disconnected / " + ReasonServerNamespaceDisconnect)
}

// impatient is an adapter that is asked for a member while it is still being told of it.
type impatient struct {
	adapter.Adapter
	find   func(adapter.Member)
	adding atomic.Bool
	doubly atomic.Bool // two calls for one member at a time
}

func (a *impatient) Add(m adapter.Member) {
	a.adding.Store(true)
	a.Adapter.Add(m)
	a.find(m)
	for range 1000 { // the other call comes as far as it can: nobody could see that it waits for a lock
		runtime.Gosched()
	}
	a.adding.Store(false)
}

func (a *impatient) Remove(m adapter.Member) []string {
	if a.adding.Load() {
		a.doubly.Store(true)
	}
	return a.Adapter.Remove(m)
}

// A service knows the id of a socket before it accepts: its other stream may disconnect the socket in the
// very moment in which it joins.
func TestAdapter_HearsOfOneMemberOneCallAtATime(t *testing.T) {
	rooms := &impatient{Adapter: adapter.NewMemory("/", nil)}
	s := play(t, Config{Adapter: func(string, adapter.Host) adapter.Adapter { return rooms }})
	var other sync.WaitGroup
	rooms.find = func(m adapter.Member) {
		other.Go(func() { s.server.Disconnect(nil, "/", to(m.ID()), Eviction{}) })
	}
	b := s.open()
	b.Send("40")
	b.Next()
	b.Expect("41")
	s.heard("connect / ", "connected /", "disconnected / "+ReasonServerNamespaceDisconnect)
	other.Wait()
	if rooms.doubly.Load() {
		t.Error("removed while it was being added")
	}
}
