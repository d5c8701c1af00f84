package engineio

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/internal/deflate"
	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/request"
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

// newUpgrader returns a server's. compressed is for browsers with which permessage-deflate has been agreed.
func newUpgrader(s *Server, compressed bool) *upgrader {
	return &upgrader{
		ReadBufferSize:    frameBuffer,
		WriteBufferSize:   writeBuffer,
		WriteBufferPool:   &writeBuffers,
		EnableCompression: compressed,
		// The origin has been checked before, by the rule for all transports.
		CheckOrigin: func(*http.Request) bool { return true },
		Error: func(w http.ResponseWriter, r *http.Request, status int, _ error) {
			f := refusal{code: codeBadRequest}
			if r.Header.Get("Sec-Websocket-Version") != "13" {
				w.Header().Set("Sec-WebSocket-Version", "13")
				f.status = http.StatusUpgradeRequired
			}
			s.refusals.of(request.ParseQuery(r.URL.RawQuery).SID).refuse(w, r, f)
		},
	}
}

// wantsWebSocket reports whether the request is an HTTP upgrade to WebSocket. Other upgrades, such as
// to h2c by clients that always try, are ignored as HTTP has it.
func wantsWebSocket(r *http.Request) bool {
	// Most requests have no such header.
	return r.Header["Upgrade"] != nil && websocket.IsWebSocketUpgrade(r)
}

// gorillaConn reads a WebSocket on a goroutine, with gorilla: with compression, on a system without a
// poller, and as long as it is a probe. It stands under gorilla as its net.Conn. A WebSocket that a poller watches
// has none: it would be half of what an idle one weighs.
type gorillaConn struct {
	net.Conn // never set: gorilla calls what is written out below, and nothing else

	conn *websocket.Conn
	ws   *webSocket      // whose it is
	item unfinished.Item // the message that is coming in
	// agreed is what permessage-deflate does here. gorilla inflates; frameWriter compresses.
	agreed deflate.Agreement

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
	c, err := s.upgraders[g.compressed()].Upgrade(w, g.request(r), header)
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

// compressed reports whether permessage-deflate has been agreed.
func (g *gorillaConn) compressed() bool { return g.agreed.WindowBits != 0 }

// gorillaAnswer is gorilla's whole idea of an answer to an offer of permessage-deflate, and gorillaOffer one that it
// takes: what was agreed is not its affair.
var (
	gorillaAnswer = []byte("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover")
	gorillaOffer  = []string{"permessage-deflate"}
)

// request is the handshake as gorilla is to see it.
func (g *gorillaConn) request(r *http.Request) *http.Request {
	if !g.compressed() {
		return r
	}
	seen := *r
	seen.Header = r.Header.Clone()
	seen.Header["Sec-Websocket-Extensions"] = gorillaOffer
	return &seen
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
	if p, err = decode(g.ws.session, kind == websocket.BinaryMessage, *buf); err != nil {
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
		if g.compressed() || reads > 0 { // what came with the frame's header may be all of it
			counted = true
			if s.flow.count(&g.item, g.ws, g.holds(*buf), int64(len(*buf)), s.room(*buf, binary), pausedMessage) {
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

// inflaterBytes is what gorilla's inflater holds from a message's first frame header to its end.
const inflaterBytes = 44 << 10

// holds is how many bytes a message that is coming in holds.
func (g *gorillaConn) holds(buf []byte) int64 {
	if g.compressed() {
		return int64(cap(buf)) + inflaterBytes
	}
	return int64(cap(buf))
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

// Read implements net.Conn.
func (g *gorillaConn) Read(p []byte) (int, error) { return g.ws.conn.Read(p) }

// Write implements net.Conn. It takes all of p and never blocks. The first one is the answer to the handshake.
func (g *gorillaConn) Write(p []byte) (int, error) {
	if g.automatic {
		return len(p), nil
	}
	if g.conn == nil && g.compressed() {
		answer := append([]byte("Sec-WebSocket-Extensions: "), g.agreed.Answer()...)
		if err := g.ws.conn.writeFrame(bytes.Replace(p, gorillaAnswer, answer, 1)); err != nil {
			return 0, err
		}
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
