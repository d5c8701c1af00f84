package redis

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
)

// narrow is a way to Redis that takes so many bytes a second of each connection.
func narrow(t *testing.T, to string, pace int) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	var mu sync.Mutex // guards conns
	var conns []net.Conn
	running.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", to)
			if err != nil {
				from.Close()
				continue
			}
			_ = from.(*net.TCPConn).SetReadBuffer(16 << 10)
			mu.Lock()
			conns = append(conns, from, server)
			mu.Unlock()
			running.Go(func() {
				defer server.Close()
				const each = 5 * time.Millisecond
				part := make([]byte, pace*int(each)/int(time.Second))
				tick := time.NewTicker(each)
				defer tick.Stop()
				for {
					n, err := from.Read(part)
					if err != nil {
						return
					}
					<-tick.C
					if _, err := server.Write(part[:n]); err != nil {
						return
					}
				}
			})
			running.Go(func() { _, _ = io.Copy(from, server); from.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return l.Addr().String()
}

// TestBehind_WhoWaitsLosesNothing has a way to Redis that takes less than is published, while little may wait.
func TestBehind_WhoWaitsLosesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, engine string) {
		s := newServer(t)
		// What may wait is one batch at most, and a busy machine makes the narrow way far narrower: a batch is not to take replyTimeout.
		settings := cluster.Settings{MaxMessage: 64 << 10, QueueBytes: 64 << 10}
		one := newHost(t, Config{Engine: engine, URL: "redis://" + narrow(t, s.address, 2<<20), Settings: settings}).connected()
		two := newHost(t, Config{Engine: engine, URL: s.url()}, cluster.Socket{ID: "two", Rooms: []string{"a"}}).connected()
		one.meets(1)
		two.meets(1)
		const n = 1000
		filler, waited := strings.Repeat("x", 2000), 0
		for i := range n {
			for b := one.cluster.Behind(); b != nil; b = one.cluster.Behind() {
				select {
				case <-b:
					waited++
				case <-time.After(patience):
					t.Fatal("it is behind for ever")
				}
			}
			mustPublish(t, one, &cluster.Command{Namespace: "/", Target: all(), Message: message("n", fmt.Sprintf(`[%d,%q]`, i, filler))})
		}
		if waited == 0 {
			t.Error("it was never behind")
		}
		for i := range n {
			if got := string(two.event("n").Message.Args); !strings.HasPrefix(got, fmt.Sprintf("[%d,", i)) {
				t.Fatalf("%.20s in place of %d", got, i)
			}
		}
		if b := one.cluster.Behind(); b != nil {
			t.Error("it is behind, and nothing waits")
		}
	})
}

// TestBehind_RedisThatIsAwayHoldsNobodyUp: what waits for it to come back is no reason to wait.
func TestBehind_RedisThatIsAwayHoldsNobodyUp(t *testing.T) {
	s := newServer(t)
	c := Config{Engine: Streams, URL: s.url(), Settings: cluster.Settings{MaxMessage: 64 << 10, QueueBytes: 64 << 10}}
	h := newHost(t, c).connected()
	s.kill()
	eventually(t, "it is noticed", func() bool { return !h.cluster.Status().Connected })
	for i := range 60 {
		mustPublish(t, h, &cluster.Command{Namespace: "/", Target: all(), Message: message("x", fmt.Sprintf(`[%d,%q]`, i, strings.Repeat("x", 400)))})
	}
	if got := h.cluster.Status().QueuedBytes; got <= 32<<10 || h.cluster.Behind() != nil {
		t.Errorf("%d bytes wait, behind: %v", got, h.cluster.Behind() != nil)
	}
	s.start()
	h.connected()
	eventually(t, "they are appended", func() bool { return h.cluster.Status().QueuedBytes == 0 })
}
