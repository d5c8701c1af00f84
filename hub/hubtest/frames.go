package hubtest

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// Frames is a WebSocket and nothing more: it knows no session. Write may be called while another
// goroutine reads.
type Frames struct {
	// Conn is gorilla's side, for control frames and deadlines.
	Conn *websocket.Conn

	server  *Server
	writing sync.Mutex
}

// Frames opens a WebSocket with this query. It is cut when the test ends.
func (s *Server) Frames(query string) *Frames {
	s.t.Helper()
	f, answer, err := s.TryFrames(query, nil)
	if err != nil {
		s.t.Fatalf("hubtest: WebSocket ?%s: %v %+v", query, err, answer)
	}
	return f
}

// TryFrames is Frames for requests that may be refused: then it returns what was answered.
func (s *Server) TryFrames(query string, header http.Header) (*Frames, Answer, error) {
	d := websocket.Dialer{
		NetDialContext:    func(ctx context.Context, _, _ string) (net.Conn, error) { return s.dial(ctx) },
		HandshakeTimeout:  s.Timeout,
		EnableCompression: strings.Contains(query, "deflate=1"),
	}
	c, r, err := d.Dial("ws"+strings.TrimPrefix(s.URL(query), "http"), header)
	var a Answer
	if r != nil {
		defer r.Body.Close()
		body := make([]byte, 1024)
		n, _ := r.Body.Read(body)
		a = Answer{r.StatusCode, string(body[:n]), r.Header}
	}
	if err != nil {
		return nil, a, err
	}
	f := &Frames{Conn: c, server: s}
	s.t.Cleanup(f.Cut)
	return f, a, nil
}

// Write sends a packet in text form; one that starts with b goes as a binary frame.
func (f *Frames) Write(packet string) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	if err := f.Conn.SetWriteDeadline(time.Now().Add(f.server.Timeout)); err != nil {
		return err
	}
	if text, ok := strings.CutPrefix(packet, "b"); ok {
		if data, err := base64.StdEncoding.DecodeString(text); err == nil {
			return f.Conn.WriteMessage(websocket.BinaryMessage, data)
		}
	}
	return f.Conn.WriteMessage(websocket.TextMessage, []byte(packet))
}

// Read waits for a packet; a binary frame is returned as b and its base64.
func (f *Frames) Read() (string, error) {
	kind, data, err := f.Conn.ReadMessage()
	if err == nil && kind == websocket.BinaryMessage {
		return Binary(data), nil
	}
	return string(data), err
}

// Next is Read that fails the test, for one that has no goroutine reading.
func (f *Frames) Next() string {
	f.server.t.Helper()
	_ = f.Conn.SetReadDeadline(time.Now().Add(f.server.Timeout))
	p, err := f.Read()
	if err != nil {
		f.server.t.Fatalf("hubtest: WebSocket: %v", err)
	}
	return p
}

// WaitClose reads until the connection ends and returns the close code, 1006 for none.
func (f *Frames) WaitClose() int {
	f.server.t.Helper()
	_ = f.Conn.SetReadDeadline(time.Now().Add(f.server.Timeout))
	for {
		if _, err := f.Read(); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				f.server.t.Fatalf("hubtest: the WebSocket stays open: %v", err)
			}
			return closeCode(err)
		}
	}
}

// Cut closes the connection without a close frame.
func (f *Frames) Cut() { _ = f.Conn.Close() }

func closeCode(err error) int {
	var e *websocket.CloseError
	if errors.As(err, &e) {
		return e.Code
	}
	return websocket.CloseAbnormalClosure
}

func (b *Browser) openWebSocket() {
	b.t.Helper()
	f, a, err := b.server.TryFrames(b.query(WebSocket, ""), b.options.Header)
	if err != nil {
		b.t.Fatalf("hubtest: handshake: %v %+v", err, a)
	}
	b.frames = f
	b.opened([]string{f.Next()})
	_ = f.Conn.SetReadDeadline(time.Time{})
	go b.readFrames(f)
}

// readFrames is the reader once the session is a WebSocket.
func (b *Browser) readFrames(f *Frames) {
	defer close(b.done)
	for {
		p, err := f.Read()
		if err != nil {
			b.end.Code = closeCode(err)
			b.end.Told = b.end.Code != websocket.CloseAbnormalClosure
			return
		}
		if b.options.Revision == eiopacket.Revision3 {
			p = withoutType(b.t, p)
		}
		if !b.take(p) {
			return
		}
	}
}

// Upgrade moves the session from polling to a WebSocket, as a browser does.
func (b *Browser) Upgrade() {
	b.t.Helper()
	f, a, err := b.server.TryFrames(b.query(WebSocket, b.SID()), b.options.Header)
	if err != nil {
		b.t.Fatalf("hubtest: upgrade: %v %+v", err, a)
	}
	if err := f.Write("2probe"); err != nil {
		b.t.Fatalf("hubtest: probe: %v", err)
	}
	if p := f.Next(); p != "3probe" {
		b.t.Fatalf("hubtest: the probe was answered by %q", p)
	}
	b.mu.Lock()
	b.paused = true
	b.mu.Unlock()
	timer := time.NewTimer(b.server.Timeout)
	defer timer.Stop()
	select {
	case <-b.parked:
	case <-timer.C:
		b.t.Fatal("hubtest: the poll was not let go during the upgrade")
	}
	if err := f.Write("5"); err != nil {
		b.t.Fatalf("hubtest: upgrade: %v", err)
	}
	_ = f.Conn.SetReadDeadline(time.Time{})
	b.mu.Lock()
	b.frames = f
	b.mu.Unlock()
	go b.readFrames(f)
}

// CloseFrame sends a close frame with this code, as a browser does when its tab is closed (1001).
func (b *Browser) CloseFrame(code int) {
	b.t.Helper()
	b.mu.Lock()
	f := b.frames
	b.mu.Unlock()
	if f == nil {
		b.t.Fatal("hubtest: no WebSocket to close")
	}
	message := websocket.FormatCloseMessage(code, "")
	if err := f.Conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(b.server.Timeout)); err != nil {
		b.t.Fatalf("hubtest: close frame: %v", err)
	}
}
