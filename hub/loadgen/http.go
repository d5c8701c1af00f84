package loadgen

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"sync"
	"time"
)

// httpConn is one HTTP/1.1 connection that is kept alive: one request at a time, one
// answer for each. net/http would take two goroutines and a dozen allocations more
// for an exchange than the server under test should be measured beside.
//
// It belongs to one goroutine at a time; close alone may be called from others.
type httpConn struct {
	dial func() (net.Conn, error)
	// request is the one under way. Answered is set once a request has had an answer:
	// from then on the server may end the connection whenever nothing is under way.
	request  []byte
	answered bool
	read     *bufio.Reader
	body     []byte

	mu     sync.Mutex // guards the fields below
	conn   net.Conn   // nil before the first request, and when the server has ended it
	limit  time.Time
	closed bool
}

// dialHTTP gives the function that connects to a server.
func dialHTTP(ctx context.Context, at endpoint) func() (net.Conn, error) {
	server := at.url
	address, port := server.Host, "80"
	if server.Scheme == "https" {
		port = "443"
	}
	if server.Port() == "" {
		address = net.JoinHostPort(server.Hostname(), port)
	}
	return func() (net.Conn, error) {
		conn, err := at.dial(ctx, "tcp", address)
		if err != nil || server.Scheme != "https" {
			return conn, err
		}
		secure := tls.Client(conn, &tls.Config{ServerName: server.Hostname(), NextProtos: []string{"http/1.1"}})
		if err := secure.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return secure, nil
	}
}

// send writes a request, whose bytes have to stay until its answer was read.
func (h *httpConn) send(request []byte) error {
	h.request = request
	conn, err := h.connection()
	if err != nil {
		return err
	}
	if _, err := conn.Write(request); err != nil && !h.answered {
		return err
	}
	return nil // a connection that the server has ended shows in receive
}

// connection is the present one, or a new one.
func (h *httpConn) connection() (net.Conn, error) {
	h.mu.Lock()
	conn, closed := h.conn, h.closed
	h.mu.Unlock()
	if conn != nil || closed {
		return conn, closedError(closed)
	}
	conn, err := h.dial()
	if err != nil {
		return nil, err
	}
	h.answered = false
	if h.read == nil {
		h.read = bufio.NewReader(conn)
	}
	h.read.Reset(conn)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		conn.Close()
		return nil, net.ErrClosed
	}
	h.conn = conn
	_ = conn.SetReadDeadline(h.limit)
	return conn, nil
}

func closedError(closed bool) error {
	if closed {
		return net.ErrClosed
	}
	return nil
}

// receive reads the answer to the request under way; the bytes are valid until the
// next call. A connection that was used before and ends without an answer was
// stale: the request goes out once more on a new one.
func (h *httpConn) receive() ([]byte, error) {
	if _, err := h.read.Peek(1); err != nil && h.answered && !isTimeout(err) {
		h.drop()
		if err := h.send(h.request); err != nil {
			return nil, err
		}
	}
	status, last, err := h.receiveBody()
	if err != nil {
		return nil, unexpectedEnd(err)
	}
	h.answered = true
	if last {
		h.drop()
	}
	if status != 200 {
		return nil, fmt.Errorf("HTTP status %d %q", status, short(h.body))
	}
	return h.body, nil
}

func unexpectedEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// maxBody bounds what a server may answer: many broadcasts gather in one payload.
const maxBody = 256 << 20

// receiveBody reads status, headers and body. last means that the connection ends
// with this answer.
func (h *httpConn) receiveBody() (status int, last bool, err error) {
	length, chunked := -1, false
	for first := true; ; first = false {
		line, err := h.read.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if first {
			if status, err = statusOf(line); err != nil {
				return 0, false, err
			}
			continue
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte{':'})
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 || length > maxBody {
				return 0, false, fmt.Errorf("the server announced a body of %q bytes", short(value))
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		}
	}
	switch {
	case chunked:
		return status, last, h.readChunks()
	case length < 0:
		return status, true, h.readTo(io.LimitReader(h.read, maxBody))
	}
	if cap(h.body) < length {
		h.body = make([]byte, length)
	}
	h.body = h.body[:length]
	_, err = io.ReadFull(h.read, h.body)
	return status, last, err
}

// statusOf reads `HTTP/1.1 200 OK`.
func statusOf(line []byte) (int, error) {
	if len(line) >= 12 && bytes.HasPrefix(line, []byte("HTTP/1.")) {
		if status, err := strconv.Atoi(string(line[9:12])); err == nil {
			return status, nil
		}
	}
	return 0, fmt.Errorf("the server answered %q, which is not HTTP/1.1", short(line))
}

// readChunks reads a chunked body and its trailer.
func (h *httpConn) readChunks() error {
	if err := h.readTo(io.LimitReader(httputil.NewChunkedReader(h.read), maxBody)); err != nil {
		return err
	}
	for {
		line, err := h.read.ReadSlice('\n')
		if err != nil || len(bytes.TrimSpace(line)) == 0 {
			return err
		}
	}
}

func (h *httpConn) readTo(r io.Reader) (err error) {
	h.body, err = readAll(r, h.body[:0])
	return err
}

// deadline bounds reading; zero lifts it.
func (h *httpConn) deadline(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.limit = t
	if h.conn != nil {
		_ = h.conn.SetReadDeadline(t)
	}
}

// drop ends the connection; the next request makes another one.
func (h *httpConn) drop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil {
		h.conn.Close()
		h.conn = nil
	}
}

// close ends it for good.
func (h *httpConn) close() {
	h.drop()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
}
