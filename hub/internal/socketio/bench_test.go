package socketio

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// echo is an Application that lets everybody in and acknowledges what it hears.
type echo struct{}

func (echo) Knows(string) bool                { return true }
func (echo) Connect(a *Attempt)               { _ = a.Accept(Acceptance{}) }
func (echo) Connected(*Socket)                {}
func (echo) Disconnected(*Socket, Disconnect) {}
func (echo) Event(s *Socket, e Event)         { _ = s.Reply(nil, e.ID, e.Args, e.Attachments) }

// joined joins n browsers over TCP.
func joined(b testing.TB, n int) (s *Server, browsers []*hubtest.Frames) {
	b.Helper()
	s = New(Config{Application: echo{}})
	engine := engineio.New(engineio.Config{Path: "/socket.io/", OnSession: s.Open})
	http := hubtest.ServeTCP(b, engine, engine.ConfigureHTTP)
	http.Path = "/socket.io/"
	b.Cleanup(func() { _ = engine.Close(b.Context()) })
	for range n {
		f := http.Frames("EIO=4&transport=websocket")
		_ = f.Write("40")
		f.Next() // the open packet
		f.Next() // CONNECT
		browsers = append(browsers, f)
	}
	return s, browsers
}

// readers joins n browsers that count the bytes they get.
func readers(b testing.TB, n int) (s *Server, browsers []*hubtest.Frames, got *counter) {
	b.Helper()
	s, browsers = joined(b, n)
	got = &counter{reached: make(chan struct{}, 1)}
	for _, f := range browsers {
		go got.read(f)
	}
	return s, browsers, got
}

// counter counts bytes and says when a mark is reached.
type counter struct {
	bytes, mark atomic.Int64
	reached     chan struct{}
}

func (c *counter) read(f *hubtest.Frames) {
	conn, buf := f.Conn.NetConn(), make([]byte, 4096)
	_ = conn.SetReadDeadline(time.Time{}) // Next has set one
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return
		}
		bytes, mark := c.bytes.Add(int64(n)), c.mark.Load()
		// More than was expected is a ping.
		if mark > 0 && bytes >= mark && c.mark.CompareAndSwap(mark, 0) {
			c.reached <- struct{}{}
		}
	}
}

// expect waits until so many more bytes have come.
func (c *counter) expect(n int, act func()) {
	c.mark.Store(c.bytes.Load() + int64(n))
	act()
	<-c.reached
}

var payload = []byte(`["0123456789abcdef0123456789abcdef"]`)

func BenchmarkBroadcast(b *testing.B) {
	for _, n := range []int{1, 100, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _, got := readers(b, n)
			frame := 2 + len(`42["broadcast",`) + len(payload) - 1
			m := cluster.Message{Event: "broadcast", Args: payload}
			b.ReportAllocs()
			for b.Loop() {
				got.expect(n*frame, func() { s.Emit(nil, "/", everybody, m) })
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/delivery")
		})
	}
}

func BenchmarkEcho(b *testing.B) {
	_, browsers, got := readers(b, 1)
	frame := 2 + len(`431`) + len(payload)
	b.ReportAllocs()
	for b.Loop() {
		got.expect(frame, func() { _ = browsers[0].Write(`421["echo",` + string(payload[1:])) })
	}
}

// BenchmarkHandleMessage is what one event costs above the session: the gate, the packet, the call and
// no answer.
func BenchmarkHandleMessage(b *testing.B) {
	s, _, _ := readers(b, 1)
	c := s.Select("/", everybody)[0].client
	text := []byte(`2["echo",` + string(payload[1:]))
	s.app = silent{}
	buf := make([]byte, len(text))
	b.ReportAllocs()
	for b.Loop() {
		copy(buf, text)
		c.HandleMessage(buf, false)
	}
}

// silent hears events and does nothing.
type silent struct{ echo }

func (silent) Event(*Socket, Event) {}

// BenchmarkJoin is a socket that joins and leaves one room, in so many others.
func BenchmarkJoin(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _, _ := readers(b, 1)
			one := to(s.Select("/", everybody)[0].ID())
			for i := range n {
				s.UpdateRooms("/", one, []string{fmt.Sprint("other", i)}, nil)
			}
			room := []string{"room"}
			b.ReportAllocs()
			for b.Loop() {
				s.UpdateRooms("/", one, room, nil)
				s.UpdateRooms("/", one, nil, room)
			}
		})
	}
}
