package engineio

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sink is a WebSocket's connection that takes everything: writes go to /dev/null by the same system
// call as on a socket, so that thousands of sessions need one descriptor.
type sink struct {
	net.Conn
	fd   uintptr
	done chan struct{}
}

func (s sink) Read([]byte) (int, error) {
	<-s.done
	return 0, io.EOF
}

func (s sink) Close() error { return nil }

// sinkRaw is the sink's syscall.RawConn.
type sinkRaw struct{ sink }

func (r sinkRaw) Control(func(uintptr)) error         { return nil }
func (r sinkRaw) Write(f func(fd uintptr) bool) error { f(r.fd); return nil }
func (r sinkRaw) Read(func(uintptr) bool) error {
	<-r.done
	return io.EOF
}

var _ syscall.RawConn = sinkRaw{}

// hijackable is a ResponseWriter whose connection is a sink.
type hijackable struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijackable) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(strings.NewReader("")), bufio.NewWriter(io.Discard)), nil
}

// benchSessions opens n WebSocket sessions that take everything.
func benchSessions(b *testing.B, n int) []*Session {
	b.Helper()
	var sessions []*Session
	server := New(Config{
		Logger:    slog.New(slog.DiscardHandler),
		OnSession: func(s *Session) Handler { sessions = append(sessions, s); return nil },
	})
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	b.Cleanup(func() {
		close(done)
		_ = server.Close(context.Background())
		_ = null.Close()
	})
	for range n {
		r := httptest.NewRequest(http.MethodGet, "/engine.io/?EIO=4&transport=websocket", nil)
		for key, value := range map[string]string{
			"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13",
			"Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		} {
			r.Header.Set(key, value)
		}
		// The open packet is left to the on-demand writer; once it is written the connection is made raw.
		c := sink{Conn: deadConn{}, fd: null.Fd(), done: done}
		server.ServeHTTP(hijackable{httptest.NewRecorder(), c}, r)
	}
	for _, s := range sessions {
		for {
			s.mu.Lock()
			idle := !s.out.writing
			if idle {
				t := s.transport.(*webSocket).conn.stream
				t.raw, t.onWritable = sinkRaw{t.Conn.(sink)}, t.writable
			}
			s.mu.Unlock()
			if idle {
				break
			}
		}
	}
	return sessions
}

// deadConn is what a sink leaves out.
type deadConn struct{ net.Conn }

func (deadConn) Write(p []byte) (int, error) { return len(p), nil }

func (deadConn) SetDeadline(time.Time) error      { return nil }
func (deadConn) SetReadDeadline(time.Time) error  { return nil }
func (deadConn) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkSend_Broadcast is one message to many sessions: one system call each.
func BenchmarkSend_Broadcast(b *testing.B) {
	for _, n := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			sessions := benchSessions(b, n)
			data := []byte(`42["message",{"text":"hello"}]`)
			var batch Batch
			b.ReportAllocs()
			for b.Loop() {
				unit := []*Message{NewTextMessage(data, n > 1)}
				for _, s := range sessions {
					if err := s.Send(&batch, unit, false); err != nil {
						b.Fatal(err)
					}
				}
				batch.Flush()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/delivery")
		})
	}
}

// BenchmarkSend_Burst is eight messages to one session, gathered into one system call.
func BenchmarkSend_Burst(b *testing.B) {
	s := benchSessions(b, 1)[0]
	unit := []*Message{NewTextMessage([]byte(`42["message",{"text":"hello"}]`), true)}
	var batch Batch
	b.ReportAllocs()
	for b.Loop() {
		for range 8 {
			_ = s.Send(&batch, unit, false)
		}
		batch.Flush()
	}
}

func BenchmarkTake_Payload(b *testing.B) {
	server := New(Config{Logger: slog.New(slog.DiscardHandler), Rates: Rates{Messages: -1, Bytes: -1}})
	session := newSession(server)
	session.handler = discardHandler{}
	p := &post{polling: &polling{session: session}}
	session.transport = p.polling
	body := bytes.TrimSuffix(bytes.Repeat([]byte("42[\"message\",\"hello\"]\x1e"), 100), []byte{'\x1e'})
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.take(b.Context(), posted{payload: body, packets: 100}); err != nil {
			b.Fatal(err)
		}
	}
}
