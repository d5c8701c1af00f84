package engineio

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

const (
	// frameBuffer is gorilla's read buffer for each connection: as small as it takes, since conn has a
	// larger one while there is something to read.
	frameBuffer = 128
	// writeBuffer is gorilla's pooled buffer for building a frame.
	writeBuffer = 4 << 10
)

// Close codes that other files speak of: a server that stops, a connection that ended without a close
// frame, a close frame without a code, and what RFC 6455 does not allow.
const (
	closeGoingAway = websocket.CloseGoingAway
	closeAbnormal  = websocket.CloseAbnormalClosure
	closeNoStatus  = websocket.CloseNoStatusReceived
	closeProtocol  = websocket.CloseProtocolError
)

// gorilla's names for the files beside this one.
type (
	upgrader    = websocket.Upgrader // its side of the WebSocket handshake
	gorillaConn = websocket.Conn
)

var writeBuffers sync.Pool

// webSocket is a WebSocket that carries a session, or that wants to (a probe).
//
// At rest a poller watches it, or its reader, a goroutine of the crew, waits on it (run). Either way it
// counts as one of the crew until its connection ends. Writes are pump's.
type webSocket struct {
	server  *Server
	session *Session
	wire    *wire // nil once a poller has it: then the poller lends its own for each read
	conn    conn

	// Owned by the reader.
	lingering bool    // what arrives is thrown away
	waits     bool    // a message in left or conn.held is held back by a poller, see Session.Pause
	left      *parcel // of POSTs before the upgrade; nil when all of it is taken

	// Guarded by session.mu.
	said  bool   // the close frame is written
	heard bool   // the browser's close frame has come
	code  int32  // for the close frame; 0 means 1000
	pong  []byte // the latest ping's data while its pong is queued
}

// hijacker lends gorilla our connection in place of the server's.
type hijacker struct {
	http.ResponseWriter
	wire *wire
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.wire.ws.conn.init(c)
	return h.wire, rw, nil
}

// equip gives a wire its gorilla connection.
func (s *Server) equip(g *wire, w http.ResponseWriter, r *http.Request, header http.Header) error {
	c, err := s.accepts.Upgrade(w, r, header)
	if err != nil {
		return err
	}
	c.SetReadLimit(s.config.MaxPayload)
	// The close frame in return is the session's last word, behind what is queued.
	c.SetCloseHandler(func(int, string) error { return nil })
	c.SetPingHandler(g.pinged)
	g.gorilla = c
	return nil
}

// newUpgrader returns gorilla's side of the WebSocket handshake.
func (s *Server) newUpgrader() *upgrader {
	return &upgrader{
		ReadBufferSize:    frameBuffer,
		WriteBufferSize:   writeBuffer,
		WriteBufferPool:   &writeBuffers,
		EnableCompression: *s.config.PerMessageDeflate.Enabled,
		// The origin has been looked at before, by the rule for all transports.
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

// wantsWebSocket reports whether the request is an HTTP upgrade to WebSocket. Other upgrades, such as
// to h2c by clients that always try, are ignored as HTTP has it.
func wantsWebSocket(r *http.Request) bool {
	// Most requests say nothing of an upgrade.
	return r.Header["Upgrade"] != nil && websocket.IsWebSocketUpgrade(r)
}

// accept performs the WebSocket handshake. Nil means that it failed and has been answered. What is
// written next leaves together with the answer, at the first uncork.
func (s *Server) accept(w http.ResponseWriter, r *http.Request, header http.Header) *webSocket {
	header, ok := s.withProtocol(w, r, header)
	if !ok {
		return nil
	}
	ws := &webSocket{server: s}
	ws.wire = &wire{ws: ws}
	if s.equip(ws.wire, &hijacker{ResponseWriter: w, wire: ws.wire}, r, header) != nil {
		return nil
	}
	if *s.config.PerMessageDeflate.Enabled {
		ws.conn.stream.watch = new(reservedWatch)
	}
	return ws
}

// fault is something that the browser may not send; code is for the close frame.
type fault struct {
	code   int
	reason Reason
	err    error
}

// Error implements error.
func (f *fault) Error() string { return f.err.Error() }

// Unwrap returns what was wrong.
func (f *fault) Unwrap() error { return f.err }

var (
	errTooLarge  = &fault{websocket.CloseMessageTooBig, ReasonTransportError, errors.New("message over the limit")}
	errFragments = &fault{websocket.ClosePolicyViolation, ReasonTransportError, errors.New("message in too many pieces")}
	errReserved  = &fault{websocket.CloseProtocolError, ReasonTransportError, errors.New("RSV1 set on a control or continuation frame")}
	errWSText    = &fault{websocket.CloseInvalidFramePayloadData, ReasonTransportError, errNotUTF8}
)

// next reads one packet. Its data refers to buf, which the caller gives back.
func (g *wire) next() (p eiopacket.Packet, buf *[]byte, err error) {
	kind, r, err := g.gorilla.NextReader()
	if err != nil {
		return p, nil, g.classify(err)
	}
	buf = buffers.get()
	if err := g.readMessage(r, buf); err != nil {
		buffers.put(buf)
		return p, nil, g.classify(err)
	}
	if p, err = decode(kind == websocket.BinaryMessage, *buf); err != nil {
		buffers.put(buf)
		return p, nil, err
	}
	return p, buf, nil
}

// readMessage reads one message into buf. The limit holds for the bytes as they are after inflating:
// gorilla's own counts those of the wire. A message that comes in crumbs is refused, because each
// crumb costs far more than its byte.
func (g *wire) readMessage(r io.Reader, buf *[]byte) error {
	limit := g.ws.server.config.MaxPayload
	counted := false
	defer func() {
		if counted {
			g.ws.server.unfinished.End(&g.item)
		}
	}()
	for reads := 0; ; reads++ {
		if int64(len(*buf)) > limit {
			return errTooLarge
		}
		if tooManyPieces(reads, int64(len(*buf))) {
			return errFragments
		}
		if reads > 0 && cap(*buf) > readBuffer {
			counted = true
			if err := g.count(int64(cap(*buf))); err != nil {
				return err
			}
		}
		*buf = grow(*buf, limit+1)
		n, err := r.Read((*buf)[len(*buf):cap(*buf)])
		*buf = (*buf)[:len(*buf)+n]
		if err == io.EOF {
			if int64(len(*buf)) > limit {
				return errTooLarge
			}
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// count counts a message of which a part has come, and waits while there is no room for more.
func (g *wire) count(bytes int64) error {
	w := g.ws
	if w.session == nil || !w.session.grow(&g.item, w, bytes, heldUnfinished) {
		return nil
	}
	return w.awaitResume()
}

// classify makes a fault of what gorilla says about bytes that arrived, and a *farewellError of the
// browser's close frame; any other error is the connection's.
func (g *wire) classify(err error) error {
	var f *fault
	var closing *websocket.CloseError
	switch {
	case errors.As(err, &closing) && closing.Code != closeAbnormal:
		return &farewellError{closing.Code, closing.Text}
	case errors.As(err, &f), closing != nil, g.ws.conn.stream.readErr != nil:
		return err
	case errors.Is(err, websocket.ErrReadLimit):
		return errTooLarge
	case strings.Contains(err.Error(), "utf8"):
		return errWSText
	}
	return &fault{websocket.CloseProtocolError, ReasonTransportError, err}
}

// write hands packets to the connection, several of them in one piece. last says that the farewell was
// among them.
func (w *webSocket) write(list []entry) (last bool, err error) {
	if len(list) > 1 || w.inPieces(list[0]) {
		w.conn.cork()
	}
	for _, e := range list {
		switch e.message {
		case farewell:
			last = true
			err = w.writeClose()
		case pongReply:
			err = w.writePong()
		default:
			err = w.writeMessage(e)
		}
		if err != nil {
			return last, err
		}
	}
	return last, w.conn.uncork()
}

// inPieces reports whether a packet may take more than one write.
func (w *webSocket) inPieces(e entry) bool {
	m := e.message
	return m.head == 0 || m.binary && w.session.Handshake().b64 || *w.server.config.PerMessageDeflate.Enabled
}

// writeMessage writes one frame. One that is not compressed is the same for every session, and nearly
// always ready: it goes past gorilla, which would build it anew in a buffer of 4 KiB.
func (w *webSocket) writeMessage(e entry) error {
	m := e.message
	w.server.trace.sent(m.len())
	opcode, data := m.opcode(), m.framed[m.head:]
	if m.binary && w.session.Handshake().b64 {
		opcode, data = opText, m.text()
	}
	if w.compresses(e) {
		return w.writeCompressed(m, int(opcode), data)
	}
	if m.head > 0 && opcode == m.opcode() {
		return w.conn.writeFrame(m.framed)
	}
	header := make([]byte, headerLen(len(data)))
	putHeader(header, opcode, len(data))
	if err := w.conn.writeFrame(header); err != nil {
		return err
	}
	return w.conn.writeFrame(data)
}

// compresses reports whether a packet is to be compressed. Where it may be, no poller has the connection,
// and it has a gorilla of its own.
func (w *webSocket) compresses(e entry) bool {
	deflate := w.server.config.PerMessageDeflate
	return *deflate.Enabled && w.wire != nil && !e.noCompress && e.message.len() >= deflate.Threshold
}

// prepared is the compressed WebSocket frame of a message that many sessions send.
type prepared struct {
	once sync.Once
	pm   *websocket.PreparedMessage
	err  error
}

// writeCompressed writes one frame that gorilla compresses, if the browser agreed to that.
func (w *webSocket) writeCompressed(m *Message, opcode int, data []byte) error {
	g := w.wire.gorilla
	g.EnableWriteCompression(true)
	f := m.kept()
	if f == nil || opcode != int(m.opcode()) {
		return g.WriteMessage(opcode, data)
	}
	f.frame.once.Do(func() { f.frame.pm, f.frame.err = websocket.NewPreparedMessage(opcode, data) })
	if f.frame.err != nil {
		return f.frame.err
	}
	return g.WritePreparedMessage(f.frame.pm)
}

// writeClose writes the close frame. It goes past gorilla, which would refuse it after an automatic
// one of its own that conn has dropped.
func (w *webSocket) writeClose() error {
	w.session.mu.Lock()
	code := int(w.code)
	w.session.mu.Unlock()
	return w.conn.writeFrame(closeFrame(code))
}

// writePong answers the latest ping frame.
func (w *webSocket) writePong() error {
	w.session.mu.Lock()
	data := w.pong
	w.pong = nil
	w.session.mu.Unlock()
	return w.conn.writeFrame(pongFrame(data))
}

// pongFrame is a pong with the ping's data, which gorilla has found to be 125 bytes at most.
func pongFrame(data []byte) []byte {
	return append([]byte{finalBit | websocket.PongMessage, byte(len(data))}, data...)
}

// closeFrame is a close frame: with this code, 1000 for 0, none for 1005.
func closeFrame(code int) []byte {
	switch code {
	case websocket.CloseNoStatusReceived:
		return []byte{finalBit | websocket.CloseMessage, 0}
	case 0, websocket.CloseAbnormalClosure:
		code = websocket.CloseNormalClosure
	}
	return binary.BigEndian.AppendUint16([]byte{finalBit | websocket.CloseMessage, 2}, uint16(code))
}
