package quicserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quic-go/quic-go"
)

// A panic closes the connection in whose goroutine it occurs, is counted, and no other connection notices.
func TestServer_APanicEndsOneConnectionAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var panics atomic.Int64
		at := make(chan string, 1) // where the next one is
		b := newBench(t, func(o *Options) {
			o.Panicked = func(any) { panics.Add(1) }
			o.Enter = func(netip.Addr) (time.Duration, func(), bool) {
				select {
				case <-at:
					panic("on purpose")
				default:
					return 0, func() {}, true
				}
			}
		})
		_, _, stream, link := b.session()

		at <- "serve"
		if _, _, _, err := b.dial(); err == nil {
			t.Error("a session was opened")
		}

		at <- "arrives"
		ctx, gone := context.WithCancel(t.Context())
		info := &quic.ClientInfo{AddrVerified: true, RemoteAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}}
		if _, err := b.arrives(ctx, info); !errors.Is(err, errPanic) {
			t.Error(err)
		}
		gone() // as quic-go does with what it refuses

		conn, _, _, ending := b.session()
		ending.connect = nil
		ending.Close(0, "")
		within(t, "the connection goes on", conn.Context().Done())

		eventually(t, "panics are not counted", func() bool { return panics.Load() == 3 })
		if _, err := stream.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if n, err := link.Read(make([]byte, 1)); n != 1 || err != nil {
			t.Error(n, err)
		}
		eventually(t, "connections are counted that have ended", func() bool { return b.count.Load() == 1 })
	})
}

// Close waits for Links that are ending, and one that is closed later starts nothing.
func TestServer_CloseWaitsForLinksThatEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		_, _, _, link := b.session()
		begun, end := make(chan struct{}), make(chan struct{})
		link.connection.start(func() {
			close(begun)
			<-end
		})
		<-begun
		closed := make(chan error, 1)
		go func() { closed <- b.Close() }()
		eventually(t, "connections go on", func() bool { return b.count.Load() == 0 })
		over := func() bool {
			link.connection.mu.Lock()
			defer link.connection.mu.Unlock()
			return link.connection.over
		}
		eventually(t, "the connection is served", over)
		select {
		case err := <-closed:
			t.Fatalf("did not wait: %v", err)
		default:
		}
		close(end)
		if err := <-closed; err != nil {
			t.Error(err)
		}
		link.connection.start(func() { t.Error("started") })
		link.Close(0, "")
	})
}

// What the window of a connection has grown by is given back when that ends, also by one that grows at this moment.
func TestConnection_GrowsNoMoreWhenItHasGone(t *testing.T) {
	s := &Server{options: Options{AheadBytes: 1 << 30}}
	for range 1000 {
		c := &connection{server: s, shaken: func() {}}
		var both sync.WaitGroup
		both.Go(func() {
			for range 10 {
				c.grow(1000)
			}
		})
		both.Go(c.gone)
		both.Wait()
		if c.grow(1) {
			t.Fatal("a connection grows that has gone")
		}
	}
	if n := s.ahead.Load(); n != 0 {
		t.Errorf("%d bytes are counted for ever", n)
	}
}

// Whoever is writing when a Link is closed cannot put that off.
func TestLink_CloseEndsWhatIsBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		_, _, _, link := b.session()
		link.Close(0, "")
		if err := link.SetWriteDeadline(time.Now().Add(patience)); err == nil {
			t.Error("a deadline was set")
		}
		if n, err := link.Write(make([]byte, 4<<20)); err == nil || n > 0 {
			t.Errorf("%d bytes were taken, %v", n, err)
		}
	})
}
