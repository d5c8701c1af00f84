package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const webSocketName = "websocket"

// webSocket is a session on a WebSocket. Frames are built here and go past gorilla,
// which would take a buffer and mask anew each time; one Write is one frame, so no
// lock is needed. What is read goes through gorilla.
type webSocket struct {
	conn *websocket.Conn
	// buffer is what next reads into.
	buffer []byte
}

// openWebSockets makes sessions on a server.
func openWebSockets(server endpoint) func(context.Context) (transport, error) {
	server.url.Scheme = strings.Replace(server.url.Scheme, "http", "ws", 1)
	address := server.url.String()
	d := websocket.Dialer{
		HandshakeTimeout: stepTimeout, ReadBufferSize: 1024, WriteBufferSize: 256, WriteBufferPool: &sync.Pool{},
		NetDialContext: server.dial, EnableCompression: server.deflate,
	}
	return func(ctx context.Context) (transport, error) {
		conn, res, err := d.DialContext(ctx, address, nil)
		if errors.Is(err, websocket.ErrBadHandshake) {
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			return nil, fmt.Errorf("the server answered the WebSocket handshake with %s %q", res.Status, short(body))
		}
		if err != nil {
			return nil, err
		}
		return &webSocket{conn: conn}, conn.SetReadDeadline(time.Now().Add(stepTimeout)) // opened lifts it
	}
}

var pongFrame = frame([]byte{'3'})

// frame is a text message as a client sends it. The mask is zero, which leaves the
// bytes as they are: masks guard proxies against pages, and here is neither.
func frame(message []byte) []byte {
	const text, masked = 0x81, 0x80
	f := []byte{text}
	switch n := len(message); {
	case n < 126:
		f = append(f, masked|byte(n))
	case n < 1<<16:
		f = append(f, masked|126, byte(n>>8), byte(n))
	default:
		f = append(f, masked|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	return append(append(f, 0, 0, 0, 0), message...)
}

func (*webSocket) prepare(message []byte) []byte { return frame(message) }

func (w *webSocket) send(frame []byte) error {
	_, err := w.conn.NetConn().Write(frame)
	return err
}

func (w *webSocket) next() ([]byte, error) {
	for {
		_, r, err := w.conn.NextReader()
		if err != nil {
			return nil, err
		}
		w.buffer, err = readAll(r, w.buffer[:0])
		if err != nil {
			return nil, err
		}
		if len(w.buffer) != 1 {
			return w.buffer, nil
		}
		switch w.buffer[0] {
		case '1':
			return nil, errClosePacket
		case '2':
			if err := w.send(pongFrame); err != nil {
				return nil, err
			}
		}
	}
}

// readAll is io.ReadAll into a buffer that is used again.
func readAll(r io.Reader, buf []byte) ([]byte, error) {
	if cap(buf) == 0 {
		buf = make([]byte, 0, 128)
	}
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}

func (w *webSocket) opened() { _ = w.conn.SetReadDeadline(time.Time{}) }

// leave waits for the server's close frame.
func (w *webSocket) leave() error {
	err := w.conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""))
	if err != nil {
		return err
	}
	_ = w.conn.SetReadDeadline(time.Now().Add(stepTimeout))
	for err == nil {
		_, err = w.next()
	}
	w.close()
	if websocket.IsCloseError(err, websocket.CloseGoingAway, websocket.CloseNormalClosure, websocket.CloseNoStatusReceived) {
		return nil
	}
	return err
}

func (w *webSocket) close() { w.conn.Close() }
