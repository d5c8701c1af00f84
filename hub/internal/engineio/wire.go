package engineio

import (
	"net"
	"net/http"
	"time"
)

// wire is a gorilla connection. Between two messages it remembers nothing of the WebSocket that it
// serves, unless they are compressed, so that polled WebSockets own none: a turn
// of a poller borrows one. It is half of what a resting connection would weigh. It stands under gorilla as its net.Conn.
type wire struct {
	net.Conn // never set: gorilla calls what is written out below, and nothing else

	gorilla *gorillaConn
	ws      *webSocket // whom it serves

	// With fed, gorilla reads from feed alone. When that ends with control frames and no message, it
	// also gets lull, for NextReader returns only with a message.
	feed []byte
	fed  bool
	lull bool

	// Guarded by gorilla's write lock: the write that follows is a control frame of its own making. The
	// session sends its own, in order.
	automatic bool
}

// lullFrame is an empty binary message as a browser would send it.
var lullFrame = []byte{finalBit | opBinary, 0x80, 0, 0, 0, 0}

// Read implements net.Conn.
func (g *wire) Read(p []byte) (int, error) {
	if !g.fed {
		return g.ws.conn.Read(p)
	}
	if len(g.feed) == 0 {
		if !g.lull {
			return 0, errStarved
		}
		g.feed, g.lull = lullFrame, false
	}
	n := copy(p, g.feed)
	g.feed = g.feed[n:]
	return n, nil
}

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
func (g *wire) SetDeadline(t time.Time) error {
	if g.ws == nil {
		return nil
	}
	return g.ws.conn.stream.SetDeadline(t)
}

// Close implements net.Conn.
func (g *wire) Close() error {
	if g.ws != nil {
		g.ws.conn.close()
	}
	return nil
}

// newWire makes a wire that serves nobody yet. gorilla makes one only for a handshake, so there is a
// handshake with nobody.
func (s *Server) newWire() *wire {
	g := &wire{fed: true, automatic: true}
	r := &http.Request{Method: http.MethodGet, Header: http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key": {"AAAAAAAAAAAAAAAAAAAAAA=="},
	}}
	if err := s.equip(g, nobody{wire: g}, r, nil); err != nil {
		panic(err) // not from outside: every byte of that handshake stands above
	}
	return g
}
