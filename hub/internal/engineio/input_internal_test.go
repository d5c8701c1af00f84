package engineio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

// someFrames makes a stream of frames, most of them as they should be.
func someFrames(r *rand.Rand) []byte {
	var b []byte
	within := false
	for range 1 + r.IntN(12) {
		size := []int{0, 1, 20, 125, 126, 300, 5000}[r.IntN(7)]
		opcode, final := byte(1+r.IntN(2)), r.IntN(3) > 0
		switch {
		case r.IntN(40) == 0:
			opcode, final, size = wsframe.OpcodeClose, true, []int{0, 1, 2, 9}[r.IntN(4)]
		case r.IntN(4) == 0:
			opcode, final, size = byte(9+r.IntN(2)), true, min(size, 125)
		case within:
			opcode = wsframe.OpcodeContinuation
		case size == 0:
			size = 1 // not even a packet's type
		}
		if opcode < wsframe.OpcodeClose {
			within = !final
		}
		first := opcode
		if final {
			first |= wsframe.FinalBit
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
		key := [4]byte{}
		if r.IntN(3) > 0 {
			binary.LittleEndian.PutUint32(key[:], r.Uint32())
		}
		payload := bytes.Repeat([]byte{'4'}, size)
		switch {
		case opcode == wsframe.OpcodeClose && size >= 2:
			copy(payload, []byte{byte(r.IntN(20)), byte(r.Uint32())})
		case size > 1 && r.IntN(8) == 0:
			payload[r.IntN(size)] = byte(r.Uint32())
		}
		b = append(b, key[:]...)
		for i, c := range payload {
			b = append(b, c^key[i&3])
		}
	}
	return b
}

// outcome is what one way of reading makes of a stream.
func outcome(next func() (data []byte, isBinary bool, err error)) (list []string) {
	for {
		data, isBinary, err := next()
		var f *wsframe.Fault
		var p *parseError
		switch {
		case err == nil:
			list = append(list, fmt.Sprint(len(data), isBinary, crc32.ChecksumIEEE(data)))
			continue
		case errors.As(err, &f):
			return append(list, fmt.Sprint("fault ", f.Code))
		case errors.As(err, &p):
			return append(list, "parse error")
		}
		var closing *wsframe.Closed
		if errors.As(err, &closing) {
			return append(list, fmt.Sprint("close ", closing.Code, closing.Text))
		}
		return append(list, "end")
	}
}

// The poller's reader and gorilla agree on every stream, however it is cut: the one ends where and as the
// other one does.
func TestInputBuffer_AgreeWithGorilla(t *testing.T) {
	server := New(Config{MaxPayload: 6000})
	defer func() { _ = server.Close(t.Context()) }()
	for seed := range uint64(10_000) {
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

// nobody lends gorilla a connection for a handshake.
type nobody struct {
	http.ResponseWriter
	conn *gorillaConn
}

func (n nobody) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return n.conn, bufio.NewReadWriter(bufio.NewReaderSize(n.conn, 16), bufio.NewWriterSize(n.conn, 256)), nil
}

func (finished) SetDeadline(time.Time) error { return nil }

// unread is a WebSocket whose session takes nothing, so that pings are not answered.
func (s *Server) unread() *webSocket {
	w := newWebSocket(newSession(s))
	w.session.transport, w.session.state = w, closed
	return w
}

// streamed reads as a goroutine does, by gorilla, which waits for what it wants.
func (s *Server) streamed(frames []byte) func() ([]byte, bool, error) {
	w := s.unread()
	w.conn.stream = &stream{Conn: finished{}}
	g := &gorillaConn{ws: w, automatic: true}
	r := &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}}
	if err := g.upgrade(nobody{conn: g}, r, nil); err != nil {
		panic(err)
	}
	w.conn.in = wsframe.NewInputFrom(frames)
	return func() ([]byte, bool, error) { return keep(g.next()) }
}

// fed reads as a poller does, by next.
func (s *Server) fed(frames []byte, r *rand.Rand) func() ([]byte, bool, error) {
	w := s.unread()
	frames = slices.Clone(frames) // next writes to what it reads
	a := wsframe.NewInput()
	return func() ([]byte, bool, error) {
		for {
			packet, found, err := w.next(a, false)
			switch {
			case err != nil:
				return nil, false, err
			case found == wsframe.Complete:
				return packet.Data, packet.Binary, nil
			case found == wsframe.ControlFrames:
			case len(frames) == 0:
				return nil, false, io.ErrUnexpectedEOF
			default:
				n := min(1+r.IntN(400), len(frames))
				n = copy(a.Free(), frames[:n])
				a.Extend(n)
				frames = frames[n:]
			}
		}
	}
}
