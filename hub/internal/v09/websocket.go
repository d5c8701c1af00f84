package v09

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
)

const (
	// socketBuffer is what a WebSocket reads and writes with.
	socketBuffer = 1 << 10
	// writePace is how many bytes of a packet give it a second more than engineio.WriteTimeout to be written.
	writePace = 4 << 10
	// closeTime is how long the client's close frame is waited for, and what is being written when a session ends may take.
	closeTime = 5 * time.Second
	// wsTooLarge is the code for a message over the limit.
	wsTooLarge = websocket.CloseMessageTooBig
)

var writeBuffers sync.Pool

// upgrader makes WebSockets.
type upgrader = websocket.Upgrader

func newUpgrader() *upgrader {
	return &upgrader{
		HandshakeTimeout: engineio.WriteTimeout, ReadBufferSize: socketBuffer, WriteBufferSize: socketBuffer, WriteBufferPool: &writeBuffers,
		CheckOrigin: func(*http.Request) bool { return true }, // Engine.Serve has
	}
}

// serveWebSocket opens a WebSocket that carries a link from then on. The request ends, so that net/http lets go of its buffers.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request, l *link) {
	if !websocket.IsWebSocketUpgrade(r) {
		s.engine.Deny(w, r, http.StatusBadRequest)
		return
	}
	conn, err := s.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has been answered
	}
	cutter := &cutter{conn: conn}
	displaced, ok := l.attach(request.WebSocket, cutter.cut)
	if !ok {
		_ = conn.Close()
		return
	}
	s.engine.Start(func() {
		defer cutter.stop()
		s.carry(conn, l, displaced)
	})
}

// cutter closes a WebSocket that carries nothing any more: its writer may be in a write that its client does not take, its reader waits
// for what the client sends.
type cutter struct {
	conn *websocket.Conn

	mu    sync.Mutex // guards the fields below; a leaf
	timer *time.Timer
	over  bool
}

// cut leaves the client closeTime to take what is being written, and to close.
func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over && c.timer == nil {
		c.timer = time.AfterFunc(closeTime, func() { _ = c.conn.Close() })
	}
}

// stop says that the connection has been closed.
func (c *cutter) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over = true; c.timer != nil {
		c.timer.Stop()
	}
}

// carry reads a WebSocket, until it or the session ends or another transport takes over. A panic is the end of its session alone.
func (s *Server) carry(conn *websocket.Conn, l *link, displaced <-chan struct{}) {
	defer func() { _ = conn.Close() }()
	written := make(chan struct{})
	s.engine.Start(func() {
		defer close(written)
		s.untilLost(l, displaced, func() error { return s.write(conn, l, displaced) })
	})
	defer func() { <-written }() // it ends with the link, which untilLost ends, or with its turn
	s.untilLost(l, displaced, func() error { return s.receive(conn, l, displaced) })
}

// untilLost does something with a WebSocket, and ends the link with what that ends with, nil being no end: also with a panic, and
// unless another transport has taken over.
func (s *Server) untilLost(l *link, displaced <-chan struct{}, do func() error) {
	err := errInternal
	defer func() {
		if err != nil && !displacedBy(displaced) {
			s.fail(l, err)
		}
	}()
	err = do()
}

// receive reads messages until the connection ends, or what carries the link is another one, and says why.
func (s *Server) receive(conn *websocket.Conn, l *link, displaced <-chan struct{}) error {
	conn.SetReadLimit(s.config.MaxPayload)
	s.chargeControls(conn, l, displaced)
	for {
		kind, message, err := conn.NextReader()
		if err != nil {
			return endOf(err)
		}
		if kind != websocket.TextMessage {
			return malformed{ErrBinary}
		}
		taken, err := s.takeMessage(conn, message, l, displaced)
		if err != nil {
			return endOf(err)
		}
		if !taken || displacedBy(displaced) {
			return errLeft
		}
	}
}

// chargeControls has a client's pings and pongs count against the rates, as a noop does, before more is read. Where they stand within a
// message, the wait is a part of its time: no client is known that sends such.
func (s *Server) chargeControls(conn *websocket.Conn, l *link, displaced <-chan struct{}) {
	charge := func(string) error {
		if taken, err := l.push([]byte(noop), 1, until{displaced: displaced}); err != nil || taken {
			return err
		}
		return errEnded
	}
	answer := conn.PingHandler()
	conn.SetPongHandler(charge)
	conn.SetPingHandler(func(data string) error {
		if err := charge(data); err != nil {
			return err
		}
		return answer(data)
	})
}

// takeMessage reads a message and hands it up. False without an error: the session has ended, or another transport has taken over.
func (s *Server) takeMessage(conn *websocket.Conn, message io.Reader, l *link, displaced <-chan struct{}) (taken bool, err error) {
	text, release, err := s.read(source{message, conn.SetReadDeadline, l.done})
	defer release()
	switch {
	case err != nil:
		return false, err
	case !utf8.Valid(text):
		return false, malformed{ErrUTF8}
	}
	_ = conn.SetReadDeadline(time.Time{})
	return l.push(text, s.config.PacketsPerPayload, until{displaced: displaced})
}

// endOf is what a session ends for whose connection has ended so. Close frames are an end in order.
func endOf(err error) error {
	var closed *websocket.CloseError
	switch {
	case errors.Is(err, websocket.ErrReadLimit):
		return errTooLarge
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return fmt.Errorf("%w: close frame %d", io.EOF, closed.Code)
	}
	return err
}

// write writes packets, and in the end the close frame. An error is the end of the connection.
func (s *Server) write(conn *websocket.Conn, l *link, displaced <-chan struct{}) error {
	defer func() {
		// The reader goes on until the client has closed.
		_ = conn.NetConn().SetReadDeadline(time.Now().Add(closeTime))
	}()
	for last := false; !last; {
		b, ok := l.take(until{displaced: displaced})
		if !ok {
			break
		}
		if err := writeBatch(conn, l, b); err != nil {
			return err
		}
		if last = b.last; last {
			s.fail(l, errLeft)
		}
	}
	code, _ := l.state()
	if code == 0 {
		code = websocket.CloseNormalClosure
	}
	_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(closeTime))
	return nil
}

// writeBatch writes packets, each as a message, until the link has ended.
func writeBatch(conn *websocket.Conn, l *link, b batch) error {
	defer l.written(b)
	for _, p := range b.packets {
		select {
		case <-l.done:
			return nil
		default:
		}
		_ = conn.SetWriteDeadline(time.Now().Add(engineio.WriteTimeout + time.Duration(len(p)/writePace)*time.Second))
		if err := conn.WriteMessage(websocket.TextMessage, p); err != nil {
			return err
		}
	}
	return nil
}
