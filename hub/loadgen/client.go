package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// client is one browser: a WebSocket session that has joined `/`.
type client struct {
	conn *websocket.Conn
	// take is called for each Socket.IO packet, from the reader; the bytes are valid
	// during the call. Set before the reader starts.
	take func(c *client, packet []byte)
	// buffer is what the reader reads into.
	buffer []byte

	mu sync.Mutex // held while writing to conn
}

// errClosed is the end that the generator itself brings about.
var errClosed = errors.New("loadgen: closed")

// patience is how long a server may take for each step of a connection's opening and
// end.
const patience = 30 * time.Second

// dialer makes connections to one server.
type dialer struct {
	url string
	ws  websocket.Dialer
}

func newDialer(server string) *dialer {
	u, _ := url.Parse(server) // validate has looked at it
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	if u.Path == "" || u.Path == "/" {
		u.Path = "/socket.io/"
	}
	u.RawQuery = "EIO=4&transport=websocket"
	return &dialer{url: u.String(), ws: websocket.Dialer{
		HandshakeTimeout: patience, ReadBufferSize: 1024, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{},
	}}
}

// dial opens a session and joins `/`.
func (d *dialer) dial(ctx context.Context) (*client, error) {
	conn, _, err := d.ws.DialContext(ctx, d.url, nil)
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn}
	_ = conn.SetReadDeadline(time.Now().Add(patience)) // lifted when the reader starts
	if err := c.join(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// join walks through the open packet and CONNECT.
func (c *client) join() error {
	packet, err := c.next()
	if err != nil {
		return err
	}
	if _, err := eiopacket.DecodeOpen(packet); err != nil {
		return err
	}
	if err := c.send([]byte("40")); err != nil {
		return err
	}
	packet, err = c.next()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(packet), "40{") {
		return fmt.Errorf("loadgen: the server answered CONNECT with %q", packet)
	}
	return nil
}

// next reads a message and answers heartbeats by itself. The bytes are valid until
// the next call.
func (c *client) next() ([]byte, error) {
	for {
		_, r, err := c.conn.NextReader()
		if err != nil {
			return nil, err
		}
		c.buffer, err = readAll(r, c.buffer[:0])
		if err != nil {
			return nil, err
		}
		if len(c.buffer) != 1 || c.buffer[0] != '2' {
			return c.buffer, nil
		}
		if err := c.send([]byte{'3'}); err != nil {
			return nil, err
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

// read hands out packets until the connection ends.
func (c *client) read() error {
	_ = c.conn.SetReadDeadline(time.Time{})
	for {
		packet, err := c.next()
		if err != nil {
			return err
		}
		if len(packet) < 2 || packet[0] != '4' {
			return fmt.Errorf("loadgen: unexpected packet %q", packet)
		}
		c.take(c, packet[1:])
	}
}

// send writes a message; it may be called at the same time.
func (c *client) send(message []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.WriteMessage(websocket.TextMessage, message)
}

// call writes an event that wants an ack, and reads up to it. Only before the
// reader has started.
func (c *client) call(name, args string) error {
	if err := c.send(event(1, name, args)); err != nil {
		return err
	}
	for {
		packet, err := c.next()
		if err != nil {
			return err
		}
		if strings.HasPrefix(string(packet), "431[") {
			return nil
		}
	}
}

// leave ends the session as a closed tab does: it waits for the server's close
// frame, so that the server's side of the socket lingers and no port is used up.
func (c *client) leave() error {
	c.mu.Lock()
	err := c.conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""))
	c.mu.Unlock()
	if err != nil {
		return err
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	for err == nil {
		_, err = c.next()
	}
	c.conn.Close()
	if websocket.IsCloseError(err, websocket.CloseGoingAway, websocket.CloseNormalClosure, websocket.CloseNoStatusReceived) {
		return nil
	}
	return err
}

// event is a message with an EVENT in it. An id of zero asks for no ack; args are
// JSON without the brackets.
func event(id uint64, name, args string) []byte {
	p := siopacket.Packet{Type: siopacket.Event, Namespace: "/", Name: name, Payload: []byte("[" + args + "]")}
	if id != 0 {
		p.ID = siopacket.NewID(id)
	}
	return siopacket.Append([]byte{byte(eiopacket.Message)}, p)
}
