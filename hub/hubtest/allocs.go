package hubtest

import (
	"io"
	"testing"
)

// EchoAllocs is what an echo over a WebSocket allocates from end to end. The handler is a Socket.IO server that acknowledges an event
// with its arguments.
func (s *Server) EchoAllocs() float64 {
	s.t.Helper()
	f := s.Frames("EIO=4&transport=websocket")
	_ = f.Write("40")
	f.Next() // the open packet
	f.Next() // CONNECT
	const args = `["0123456789abcdef0123456789abcdef"]`
	out := append([]byte{0x81, 0x80 | byte(len(`421["echo",`)+len(args)-1), 0, 0, 0, 0}, `421["echo",`+args[1:]...)
	in := make([]byte, 2+len(`431`)+len(args))
	conn := f.Conn.NetConn()
	return testing.AllocsPerRun(500, func() {
		_, _ = conn.Write(out)
		if _, err := io.ReadFull(conn, in); err != nil {
			s.t.Error(err)
		}
	})
}
