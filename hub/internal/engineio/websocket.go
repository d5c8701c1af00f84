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
	"time"
	"unicode/utf8"

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

// Close codes that other files speak of: a server that stops, and a connection that ended without a
// close frame.
const (
	closeGoingAway = websocket.CloseGoingAway
	closeAbnormal  = websocket.CloseAbnormalClosure
)

// upgrader is gorilla's side of the WebSocket handshake.
type upgrader = websocket.Upgrader

var writeBuffers sync.Pool

// webSocket is a WebSocket that carries a session, or that wants to (a probe).
//
// Its reader is the one goroutine of an idle session. It ends when the connection does; the crew
// waits for it. Writes are pump's.
type webSocket struct {
	server  *Server
	session *Session
	conn    *conn
	gorilla *websocket.Conn

	// Guarded by session.mu.
	code  int    // for the close frame; 0 means 1000
	pong  []byte // the latest ping's data while its pong is queued
	said  bool   // the close frame is written
	heard bool   // the browser's close frame has come
}

// hijacker lends gorilla our connection in place of the server's.
type hijacker struct {
	http.ResponseWriter
	conn *conn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn = newConn(c)
	return h.conn, rw, nil
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
	h := &hijacker{ResponseWriter: w}
	g, err := s.accepts.Upgrade(h, r, header)
	if err != nil {
		return nil
	}
	ws := &webSocket{server: s, conn: h.conn, gorilla: g}
	g.SetReadLimit(s.config.MaxPayload)
	if *s.config.PerMessageDeflate.Enabled {
		h.conn.watch = new(reservedWatch)
	}
	// The close frame in return is the session's last word, behind what is queued.
	g.SetCloseHandler(func(int, string) error { return nil })
	g.SetPingHandler(ws.pinged)
	return ws
}

// pinged queues the pong for a ping frame. While one is queued a further ping only replaces its data,
// as RFC 6455, 5.5.3 allows: a flood of pings costs no memory. A probe, which has no queue yet, answers
// by itself.
func (w *webSocket) pinged(data string) error {
	s := w.session
	if s == nil {
		return nil
	}
	s.mu.Lock()
	if s.ws != w {
		s.mu.Unlock()
		if err := w.conn.writeFrame(pongFrame([]byte(data))); err != nil {
			return err
		}
		return w.conn.drain()
	}
	queued := w.pong != nil
	w.pong = append(make([]byte, 0, len(data)), data...)
	s.mu.Unlock()
	if !queued {
		s.control(pongReply)
	}
	return nil
}

// read reads packets until the connection ends or the session takes no more, and says why.
func (w *webSocket) read(s *Session) error {
	h := s.listener()
	for {
		// The buffer is held only while a message comes in.
		packet, buf, err := w.next()
		if err != nil {
			return err
		}
		more := s.receive(h, packet)
		buffers.put(buf)
		if !more && !w.awaitsClose() {
			return nil
		}
	}
}

// awaitsClose reports whether the reader goes on without anybody listening: a session that closes in
// order waits for the browser's close frame.
func (w *webSocket) awaitsClose() bool {
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	return w.session.state == closing
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
func (w *webSocket) next() (p eiopacket.Packet, buf *[]byte, err error) {
	kind, r, err := w.gorilla.NextReader()
	if err != nil {
		return p, nil, w.classify(err)
	}
	buf = buffers.get()
	if err := w.readMessage(r, buf); err != nil {
		buffers.put(buf)
		return p, nil, w.classify(err)
	}
	if kind == websocket.BinaryMessage {
		return eiopacket.Packet{Type: eiopacket.Message, Binary: true, Data: *buf}, buf, nil
	}
	// gorilla does not look at the text.
	if !utf8.Valid(*buf) {
		buffers.put(buf)
		return p, nil, errWSText
	}
	p, err = eiopacket.Decode(*buf)
	if err != nil {
		buffers.put(buf)
		return p, nil, &fault{0, ReasonParseError, err}
	}
	return p, buf, nil
}

// readMessage reads one message into buf. The limit holds for the bytes as they are after inflating:
// gorilla's own counts those of the wire. A message that comes in crumbs is refused, because each
// crumb costs far more than its byte.
func (w *webSocket) readMessage(r io.Reader, buf *[]byte) error {
	limit := w.server.config.MaxPayload
	for reads := 0; ; reads++ {
		if int64(len(*buf)) > limit {
			return errTooLarge
		}
		if reads > 1024+len(*buf)/16 {
			return errFragments
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

// classify makes a fault of what gorilla says about bytes that arrived. A *websocket.CloseError is the
// browser's close frame (or code 1006: no such frame came before the end); any other error is the
// connection's.
func (w *webSocket) classify(err error) error {
	var f *fault
	var closing *websocket.CloseError
	switch {
	case errors.As(err, &f), errors.As(err, &closing), w.conn.readErr != nil:
		return err
	case errors.Is(err, websocket.ErrReadLimit):
		return errTooLarge
	case strings.Contains(err.Error(), "utf8"):
		return errWSText
	}
	return &fault{websocket.CloseProtocolError, ReasonTransportError, err}
}

// run is the reader: it carries the session until the connection ends.
func (w *webSocket) run() {
	s := w.session
	defer w.leave()
	defer s.guard()
	w.finish(s, w.read(s))
}

// finish ends the session for what ended the connection, and waits for the peer where that is polite.
func (w *webSocket) finish(s *Session, err error) {
	var f *fault
	var bye *websocket.CloseError
	switch {
	case err == nil: // the session has ended already
	case errors.As(err, &f):
		s.end(Close{Reason: f.reason, Code: f.code, Detail: f.Error()}, sayAtOnce)
	case errors.As(err, &bye) && bye.Code != websocket.CloseAbnormalClosure:
		said := w.hear()
		s.end(Close{Reason: ReasonTransportClose, Code: bye.Code, Detail: validText(bye.Text)}, sayGoodbye)
		if said {
			return
		}
	default:
		s.end(Close{Reason: ReasonTransportClose, Code: websocket.CloseAbnormalClosure, Detail: err.Error()}, sayNothing)
		return
	}
	w.giveUpAfter(lingerTimeout)
	w.conn.linger()
}

// hear notes the browser's close frame and reports whether ours is written. Whoever comes second
// closes the connection: that is the server's part.
func (w *webSocket) hear() (said bool) {
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	w.heard = true
	return w.said
}

// leave is the end of the reader and of the connection.
func (w *webSocket) leave() {
	w.cut()
	w.conn.releaseIn()
	w.session.forget()
}

// giveUpAfter bounds how long the reader goes on.
func (w *webSocket) giveUpAfter(d time.Duration) {
	_ = w.conn.SetReadDeadline(time.Now().Add(d))
}

// cut closes the connection, whoever is reading or writing.
func (w *webSocket) cut() { _ = w.conn.Close() }

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

// inPieces reports whether gorilla will need more than one write for a packet.
func (w *webSocket) inPieces(e entry) bool {
	return *w.server.config.PerMessageDeflate.Enabled || e.message.forms == nil && len(e.message.data) > writeBuffer
}

// prepared is the WebSocket frame of a message that many sessions send.
type prepared struct {
	once sync.Once
	pm   *websocket.PreparedMessage
	err  error
}

// writeMessage writes one frame.
func (w *webSocket) writeMessage(e entry) error {
	m := e.message
	w.server.trace.sent(len(m.data))
	if deflate := w.server.config.PerMessageDeflate; *deflate.Enabled {
		w.gorilla.EnableWriteCompression(!e.noCompress && len(m.data) >= deflate.Threshold)
	}
	kind, data := websocket.TextMessage, m.data
	if m.binary {
		if w.session.handshake.b64 {
			return w.gorilla.WriteMessage(kind, m.text())
		}
		kind = websocket.BinaryMessage
	}
	if m.forms == nil {
		return w.gorilla.WriteMessage(kind, data)
	}
	f := &m.forms.frame
	f.once.Do(func() { f.pm, f.err = websocket.NewPreparedMessage(kind, data) })
	if f.err != nil {
		return f.err
	}
	return w.gorilla.WritePreparedMessage(f.pm)
}

// writeClose writes the close frame. It goes past gorilla, which would refuse it after an automatic
// one of its own that conn has dropped.
func (w *webSocket) writeClose() error {
	w.session.mu.Lock()
	code := w.code
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

// finalBit marks the only or last frame of a message.
const finalBit = 0x80

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

// say writes a packet on a connection that carries no session yet, and waits until it is written;
// without a packet it writes the answer to the handshake.
func (w *webSocket) say(packet []byte) error {
	if packet != nil {
		w.conn.cork()
		if err := w.writeMessage(entry{NewTextMessage(packet, false), true}); err != nil {
			return err
		}
	}
	if err := w.conn.uncork(); err != nil {
		return err
	}
	return w.conn.drain()
}

// turnAway closes a connection that carries no session: with a close frame, after the answer to the
// handshake.
func (w *webSocket) turnAway() {
	defer w.conn.releaseIn()
	defer w.cut()
	w.giveUpAfter(lingerTimeout)
	_ = w.conn.writeFrame(closeFrame(0))
	if w.say(nil) != nil {
		return
	}
	w.conn.closeWrite()
	w.conn.linger()
}
