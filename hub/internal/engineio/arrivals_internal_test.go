package engineio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"testing"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// someFrames makes a stream of frames, most of them as they should be.
func someFrames(r *rand.Rand) []byte {
	var b []byte
	within := false
	for range 1 + r.IntN(12) {
		size := []int{0, 1, 20, 125, 126, 300, 5000}[r.IntN(7)]
		opcode, final := byte(1+r.IntN(2)), r.IntN(3) > 0
		switch {
		case r.IntN(4) == 0:
			opcode, final, size = byte(9+r.IntN(2)), true, min(size, 125)
		case within:
			opcode = opContinuation
		case size == 0:
			size = 1 // not even a packet's type
		}
		if opcode < opClose {
			within = !final
		}
		first := opcode
		if final {
			first |= finalBit
		}
		if r.IntN(30) == 0 {
			first ^= 1 << r.IntN(8) // whatever that is now
		}
		b = append(b, first)
		mask := byte(0x80)
		if r.IntN(60) == 0 {
			mask = 0
		}
		switch {
		case size < 126:
			b = append(b, mask|byte(size))
		case r.IntN(5) == 0:
			b = append(b, mask|127, 0, 0, 0, 0, 0, 0, byte(size>>8), byte(size))
		default:
			b = append(b, mask|126, byte(size>>8), byte(size))
		}
		b = append(b, 0, 0, 0, 0)
		b = append(b, bytes.Repeat([]byte{'4'}, size)...)
	}
	return b
}

// outcome is what one way of reading makes of a stream.
func outcome(next func() (data []byte, binary bool, err error)) (list []string) {
	for {
		data, binary, err := next()
		var f *fault
		switch {
		case err == nil:
			list = append(list, fmt.Sprint(len(data), binary))
			continue
		case errors.As(err, &f):
			return append(list, fmt.Sprint("fault ", f.code))
		}
		if code, _, ok := goodbye(err); ok {
			return append(list, fmt.Sprint("close ", code))
		}
		return append(list, "end")
	}
}

// The look at the headers and gorilla agree on every stream, however it is cut: the fed way ends where
// and as the other one does, and never leaves gorilla wanting.
func TestArrivals_AgreeWithGorilla(t *testing.T) {
	server, err := New(Config{MaxPayload: 6000})
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(4000) {
		r := rand.New(rand.NewPCG(seed, 1))
		frames := someFrames(r)
		streamed := outcome(server.streamed(frames))
		fed := outcome(server.fed(frames, r))
		if !slices.Equal(streamed, fed) {
			t.Fatalf("seed %d:\nstreamed %q\nfed      %q", seed, streamed, fed)
		}
	}
}

// finished is a connection that has ended.
type finished struct{ net.Conn }

func (finished) Read([]byte) (int, error) { return 0, io.EOF }

// keep makes a packet outlive its buffer.
func keep(p eiopacket.Packet, _ *[]byte, err error) ([]byte, bool, error) {
	return p.Data, p.Binary, err
}

// streamed reads as a goroutine does, which waits for what it wants.
func (s *Server) streamed(frames []byte) func() ([]byte, bool, error) {
	w := &webSocket{server: s}
	w.conn.stream = &stream{Conn: finished{}}
	g := s.newWire()
	g.ws, g.fed = w, false
	w.conn.held = copyOf(frames)
	return func() ([]byte, bool, error) { return keep(g.next()) }
}

// fed reads as a poller does.
func (s *Server) fed(frames []byte, r *rand.Rand) func() ([]byte, bool, error) {
	w := &webSocket{server: s}
	g := s.newWire()
	g.ws = w
	a := newArrivals()
	return func() ([]byte, bool, error) {
		for {
			found, n := a.message(s.config.MaxPayload, false)
			switch found {
			case nothing:
				if len(frames) == 0 {
					return nil, false, io.ErrUnexpectedEOF
				}
				n := min(1+r.IntN(400), len(frames))
				n = copy(a.room(), frames[:n])
				a.extend(n)
				frames = frames[n:]
			case controls:
				if _, _, err := g.nextFed(a, found, n); err != nil {
					return nil, false, err
				}
			default:
				packet, buf, err := g.nextFed(a, found, n)
				return keep(packet, buf, err)
			}
		}
	}
}
