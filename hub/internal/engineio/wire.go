package engineio

import (
	"net"
	"time"

	"github.com/siohub/siohub/hub/internal/unfinished"
)

// wire is a gorilla connection, for a WebSocket that a goroutine reads. It stands under gorilla as its
// net.Conn. WebSockets that a poller watches own none: it would be half of what a resting one weighs.
type wire struct {
	net.Conn // never set: gorilla calls what is written out below, and nothing else

	gorilla *gorillaConn
	ws      *webSocket // whom it serves
	item    unfinished.Item

	// Guarded by gorilla's write lock: the write that follows is a control frame of its own making. The
	// session sends its own, in order.
	automatic bool
}

// pinged answers a ping frame. Pings count as messages do, and here it is the reader that waits for its turn.
func (g *wire) pinged(data string) error {
	if s := g.ws.session; s != nil {
		debt := s.charge(s.listener(), 1, int64(len(data)))
		time.Sleep(min(debt.Wait, time.Second))
		s.server.limits.paid(debt)
	}
	return g.ws.pinged(data)
}

// Read implements net.Conn.
func (g *wire) Read(p []byte) (int, error) { return g.ws.conn.Read(p) }

// Write implements net.Conn. It takes all of p and never blocks.
func (g *wire) Write(p []byte) (int, error) {
	if g.automatic {
		return len(p), nil
	}
	if err := g.ws.conn.writeFrame(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// SetWriteDeadline is how gorilla announces a control frame of its own making: those, and only those,
// have a deadline. The real deadline is drain's affair.
func (g *wire) SetWriteDeadline(t time.Time) error {
	g.automatic = !t.IsZero()
	return nil
}

// SetDeadline is how gorilla clears those of net/http.
func (g *wire) SetDeadline(t time.Time) error { return g.ws.conn.stream.SetDeadline(t) }

// Close implements net.Conn.
func (g *wire) Close() error {
	g.ws.conn.close()
	return nil
}
