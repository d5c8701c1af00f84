package engineio

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/unfinished"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

const (
	// frameBuffer is gorilla's read buffer for each connection: as small as it takes, since conn has a
	// larger one while there is something to read.
	frameBuffer = 128
	// writeBuffer is gorilla's pooled buffer for building a frame.
	writeBuffer = 4 << 10
)

var writeBuffers sync.Pool

// upgrader is gorilla's side of the WebSocket handshake.
type upgrader = websocket.Upgrader

// newUpgrader returns a server's.
func newUpgrader(s *Server) *upgrader {
	return &upgrader{
		ReadBufferSize:    frameBuffer,
		WriteBufferSize:   writeBuffer,
		WriteBufferPool:   &writeBuffers,
		EnableCompression: *s.config.PerMessageDeflate.Enabled,
		// The origin has been checked before, by the rule for all transports.
		CheckOrigin: func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, r *http.Request, status int, _ error) {
			f := refusal{code: codeBadRequest}
			if r.Header.Get("Sec-Websocket-Version") != "13" {
				w.Header().Set("Sec-WebSocket-Version", "13")
				f.status = http.StatusUpgradeRequired
			}
			s.refuse(w, r, f)
		},
	}
}

// offersDeflate reports whether a browser may have been agreed with on permessage-deflate.
func offersDeflate(r *http.Request) bool {
	return slices.ContainsFunc(r.Header["Sec-Websocket-Extensions"], func(line string) bool {
		return strings.Contains(line, "permessage-deflate")
	})
}

// wantsWebSocket reports whether the request is an HTTP upgrade to WebSocket. Other upgrades, such as
// to h2c by clients that always try, are ignored as HTTP has it.
func wantsWebSocket(r *http.Request) bool {
	// Most requests have no such header.
	return r.Header["Upgrade"] != nil && websocket.IsWebSocketUpgrade(r)
}

// gorillaConn reads a WebSocket on a goroutine, with gorilla: under TLS, with compression, on a system without a
// poller, and as long as it is a probe. It stands under gorilla as its net.Conn. A WebSocket that a poller watches
// has none: it would be half of what an idle one weighs.
type gorillaConn struct {
	net.Conn // never set: gorilla calls what is written out below, and nothing else

	conn *websocket.Conn
	ws   *webSocket      // whose it is
	item unfinished.Item // the message that is coming in

	// Guarded by gorilla's write lock: the write that follows is a control frame of its own making. The
	// session sends its own, in order.
	automatic bool
}

// hijacker lends gorilla our connection in place of net/http's.
type hijacker struct {
	http.ResponseWriter
	g *gorillaConn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.g.ws.conn.init(c)
	return h.g, rw, nil
}

// upgrade performs the WebSocket handshake; w is a hijacker. On an error the request has been answered.
func (g *gorillaConn) upgrade(w http.ResponseWriter, r *http.Request, header http.Header) error {
	s := g.ws.session.server
	c, err := s.upgrader.Upgrade(w, r, header)
	if err != nil {
		return err
	}
	c.SetReadLimit(s.config.MaxPayload)
	// The close frame in return is the session's last one, behind what is queued.
	c.SetCloseHandler(func(int, string) error { return nil })
	c.SetPingHandler(g.pinged)
	g.conn = c
	return nil
}

// limit bounds the size of the next messages.
func (g *gorillaConn) limit(bytes int64) { g.conn.SetReadLimit(bytes) }

// next reads one packet. Its data refers to buf, which the caller gives back.
func (g *gorillaConn) next() (p eiopacket.Packet, buf *[]byte, err error) {
	kind, r, err := g.conn.NextReader()
	if err != nil {
		return p, nil, g.classify(err)
	}
	buf = buffers.get()
	if err := g.readMessage(r, kind == websocket.BinaryMessage, buf); err != nil {
		buffers.put(buf)
		return p, nil, g.classify(err)
	}
	if p, err = g.ws.session.decode(kind == websocket.BinaryMessage, *buf); err != nil {
		buffers.put(buf)
		return p, nil, err
	}
	return p, buf, nil
}

// readMessage reads one message into buf. The limit holds for the bytes as they are after inflating:
// gorilla's own counts those of the connection. A message in tiny fragments is refused, because each
// of them costs far more than its byte.
func (g *gorillaConn) readMessage(r io.Reader, binary bool, buf *[]byte) error {
	s := g.ws.session
	limit := s.server.config.MaxPayload
	counted := false
	defer func() {
		if counted {
			s.server.unfinished.End(&g.item)
		}
	}()
	for reads := 0; ; reads++ {
		if int64(len(*buf)) > limit {
			return wsframe.ErrTooLarge
		}
		if wsframe.TooManyFragments(reads, int64(len(*buf))) {
			return wsframe.ErrFragments
		}
		if reads > 0 && cap(*buf) > readBuffer {
			counted = true
			if s.flow.count(&g.item, g.ws, int64(cap(*buf)), int64(len(*buf)), s.room(*buf, binary), pausedMessage) {
				if err := g.awaitResume(); err != nil {
					return err
				}
			}
		}
		if len(*buf) < pieceBytes {
			*buf = grow(*buf, limit+1)
		} else {
			s.server.turns.take(func() { *buf = grow(*buf, limit+1) })
		}
		n, err := r.Read((*buf)[len(*buf):min(cap(*buf), len(*buf)+pieceBytes)])
		*buf = (*buf)[:len(*buf)+n]
		if err == io.EOF {
			if int64(len(*buf)) > limit {
				return wsframe.ErrTooLarge
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// classify makes a *wsframe.Fault of what gorilla says about bytes that arrived, and a *wsframe.Closed of the
// browser's close frame; any other error is the connection's.
func (g *gorillaConn) classify(err error) error {
	var f *wsframe.Fault
	var closing *websocket.CloseError
	switch {
	case errors.As(err, &closing) && closing.Code != wsframe.CloseAbnormal:
		return &wsframe.Closed{Code: closing.Code, Text: closing.Text}
	case errors.As(err, &f), closing != nil, g.ws.conn.stream.readErr != nil:
		return err
	case errors.Is(err, websocket.ErrReadLimit):
		return wsframe.ErrTooLarge
	case strings.Contains(err.Error(), "utf8"):
		return wsframe.ErrText
	}
	return &wsframe.Fault{Code: wsframe.CloseProtocol, Err: err}
}

// pinged answers a ping frame. Pings count as messages do, and here it is the reader that waits for its turn.
func (g *gorillaConn) pinged(data string) error {
	s := g.ws.session
	debt := s.flow.charge(s.listener(), 1, int64(len(data)))
	time.Sleep(min(debt.Wait, time.Second))
	s.server.limits.paid(debt)
	return g.ws.writer.pongLater(data)
}

// prepared is the compressed WebSocket frame of a message that many sessions send.
type prepared struct {
	once sync.Once
	pm   *websocket.PreparedMessage
	err  error
}

// writeCompressed writes one frame that gorilla compresses, if the browser agreed to that. asItIs: the data are the
// message's own.
func (g *gorillaConn) writeCompressed(m *Message, opcode int, data []byte, asItIs bool) error {
	g.conn.EnableWriteCompression(true)
	f := m.shareable()
	if f == nil || !asItIs {
		return g.conn.WriteMessage(opcode, data)
	}
	f.frame.once.Do(func() { f.frame.pm, f.frame.err = websocket.NewPreparedMessage(opcode, data) })
	if f.frame.err != nil {
		return f.frame.err
	}
	return g.conn.WritePreparedMessage(f.frame.pm)
}

// Read implements net.Conn.
func (g *gorillaConn) Read(p []byte) (int, error) { return g.ws.conn.Read(p) }

// Write implements net.Conn. It takes all of p and never blocks.
func (g *gorillaConn) Write(p []byte) (int, error) {
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
func (g *gorillaConn) SetWriteDeadline(t time.Time) error {
	g.automatic = !t.IsZero()
	return nil
}

// SetDeadline is how gorilla clears those of net/http.
func (g *gorillaConn) SetDeadline(t time.Time) error { return g.ws.conn.stream.SetDeadline(t) }

// Close implements net.Conn.
func (g *gorillaConn) Close() error {
	g.ws.conn.close()
	return nil
}
