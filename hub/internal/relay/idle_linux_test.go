package relay

import (
	"context"
	"log/slog"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
)

// nobody is Peers of a hub that is always there.
type nobody struct{}

func (nobody) Locate(string) (Peer, bool) { return Peer{Alive: true}, true }
func (nobody) All() []Peer                { return nil }

// socket is a TCP connection: one end of it, and the descriptor of the other.
func socket(t testing.TB, l net.Listener) (net.Conn, int) {
	t.Helper()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	fd, err := duplicate(far)
	if err != nil {
		t.Fatal(err)
	}
	return near, fd
}

func newIdle(t testing.TB) (*Relay, *link) {
	t.Helper()
	r := New(Config{
		Dialer: Dialer{HubID: "here", Secrets: func() [][]byte { return nil }}, Peers: nobody{},
		Requests: 1, WebSockets: 1 << 20, Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return r, newLink(r.links, Peer{ID: "there", Alive: true})
}

// A WebSocket that is relayed at rest has no goroutine and no buffer, and so few bytes; also after something has passed.
func TestPair_Idle(t *testing.T) {
	const pairs, most = 300, 1024
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r, there := newIdle(t)
	browsers, hubs := make([]net.Conn, pairs), make([]net.Conn, pairs)
	fds := make([][2]int, pairs)
	for i := range pairs {
		browsers[i], fds[i][atBrowser] = socket(t, l)
		hubs[i], fds[i][atHub] = socket(t, l)
		defer browsers[i].Close()
		defer hubs[i].Close()
	}
	pass := func(i int) {
		t.Helper()
		for _, way := range [][2]net.Conn{{browsers[i], hubs[i]}, {hubs[i], browsers[i]}} {
			if _, err := way[0].Write([]byte("some bytes")); err != nil {
				t.Fatal(err)
			}
			_ = way[1].SetReadDeadline(time.Now().Add(10 * time.Second))
			if _, err := way[1].Read(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.webSockets.count.Add(pairs)
	r.webSockets.watch(fds[0][atBrowser], fds[0][atHub], there, nil) // the pollers, with their buffers, come with the first one
	pass(0)
	heap, goroutines := hubtest.Heap(), runtime.NumGoroutine()
	for i := 1; i < pairs; i++ {
		r.webSockets.watch(fds[i][atBrowser], fds[i][atHub], there, nil)
		pass(i)
	}
	grown := hubtest.Heap() - heap
	if each := grown / (pairs - 1); each > most {
		t.Errorf("a relayed WebSocket holds %d bytes at rest, more than %d", each, most)
	} else {
		t.Logf("a relayed WebSocket holds %d bytes at rest", each)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines more", n-goroutines)
	}
	if n := r.webSockets.rest.Load(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

func TestPair_EchoAllocatesNothing(t *testing.T) {
	r, there := newIdle(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	browser, a := socket(t, l)
	hub, b := socket(t, l)
	defer browser.Close()
	defer hub.Close()
	r.webSockets.count.Add(1)
	r.webSockets.watch(a, b, there, nil)
	buffer := make([]byte, 64)
	if n := testing.AllocsPerRun(500, func() {
		_, _ = browser.Write(buffer)
		_, _ = hub.Read(buffer)
	}); n > 0 {
		t.Errorf("%v allocations for a message", n)
	}
}

func BenchmarkPair(b *testing.B) {
	r, there := newIdle(b)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	browser, one := socket(b, l)
	hub, other := socket(b, l)
	defer browser.Close()
	defer hub.Close()
	r.webSockets.count.Add(1)
	r.webSockets.watch(one, other, there, nil)
	buffer := make([]byte, 100)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = browser.Write(buffer)
		_, _ = hub.Read(buffer)
	}
}
