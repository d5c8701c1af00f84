package socketio

import (
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/siohub/siohub/hub/cluster"
)

// The benchmarks of this file run with -cpu 1,2,4 in `make bench-micro`: what an
// operation costs must not grow with the number of cores that do it at the same time.
// They share a namespace and nothing else.

// places gives each goroutine of a parallel benchmark a number of its own.
type places struct{ taken atomic.Int64 }

func (s *places) take() int { return int(s.taken.Add(1)) - 1 }

// atOnce is more goroutines than any benchmark here has.
const atOnce = 8

// BenchmarkParallel_Event is an event above the session, without an answer.
func BenchmarkParallel_Event(b *testing.B) {
	s, _, _ := readers(b, atOnce)
	sockets := s.Select("/", everybody)
	s.app = silent{}
	text := []byte(`2["echo",` + string(payload[1:]))
	var seat places
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		c := sockets[seat.take()].client
		buf := make([]byte, len(text))
		for p.Next() {
			copy(buf, text)
			c.HandleMessage(buf, false)
		}
	})
}

// BenchmarkParallel_Join is a socket that joins and leaves a room that all share.
func BenchmarkParallel_Join(b *testing.B) {
	s, _, _ := readers(b, atOnce)
	sockets := s.Select("/", everybody)
	var seat places
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		one := to(sockets[seat.take()].ID())
		room := []string{"room"}
		for p.Next() {
			s.UpdateRooms("/", one, room, nil)
			s.UpdateRooms("/", one, nil, room)
		}
	})
}

// BenchmarkParallel_Broadcast is an emit to a room of ten, from one goroutine for
// each room. The browsers read in the background.
func BenchmarkParallel_Broadcast(b *testing.B) {
	s, _, _ := readers(b, atOnce*10)
	for i, socket := range s.Select("/", everybody) {
		s.UpdateRooms("/", to(socket.ID()), []string{fmt.Sprint("room", i%atOnce)}, nil)
	}
	m := cluster.Message{Event: "broadcast", Args: payload}
	var seat places
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		room := to(fmt.Sprint("room", seat.take()))
		for p.Next() {
			s.Emit(nil, "/", room, m)
		}
	})
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*10), "ns/delivery")
}

// frame is a text message as a browser sends it, with a mask of zeros.
func frame(text string) []byte {
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

// BenchmarkParallel_Echo is an echo with transport, one browser for each goroutine.
func BenchmarkParallel_Echo(b *testing.B) {
	_, browsers := joined(b, atOnce)
	out := frame(`421["echo",` + string(payload[1:]))
	var seat places
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		conn := browsers[seat.take()].Conn.NetConn()
		back := make([]byte, 2+len(`431`)+len(payload))
		for p.Next() {
			_, _ = conn.Write(out)
			if _, err := io.ReadFull(conn, back); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
