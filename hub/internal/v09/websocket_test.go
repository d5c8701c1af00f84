package v09

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// hijacked is a request's answer whose connection is a pipe.
type hijacked struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// openSocket lets a WebSocket over a pipe, which takes what its client reads and no more, carry a link.
func openSocket(t *testing.T, s *Server, l *link) *websocket.Conn {
	t.Helper()
	server, client := net.Pipe()
	served := make(chan struct{})
	go func() {
		defer close(served)
		r, err := http.ReadRequest(bufio.NewReader(server))
		if err != nil {
			t.Error(err)
			return
		}
		s.serveWebSocket(hijacked{httptest.NewRecorder(), server}, r, l)
	}()
	d := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return client, nil }}
	c, answer, err := d.Dial("ws://hub.test", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	<-served
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (b *budget) inUse() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// A session takes along the connection that carries it, and each one before, though their clients read nothing. Until then what is being written
// counts.
func TestCarry_EndsSoonAfterTheSession(t *testing.T) {
	for name, end := range map[string]func(l *link){
		"its end":           func(l *link) { l.Close(0, "") },
		"another transport": func(l *link) { l.attach("polling", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, _ := newTestServer(t, func(c *Config) { c.OutboxBytes = 16 << 20 })
				l := newTestLink()
				l.going.of, l.coming.of = &s.going, &s.coming
				openSocket(t, s, l)
				packet := `42["x","` + strings.Repeat("y", 1<<20) + `"]`
				_, _ = l.Write(stream("40", packet, packet)) // in one batch
				synctest.Wait()
				held, begun := s.going.inUse(), time.Now()
				if held < 2<<20 {
					t.Fatalf("%d bytes held", held)
				}
				end(l)
				synctest.Wait()
				if now := s.going.inUse(); now < 2<<20 {
					t.Errorf("%d bytes held, while they are being written", now)
				}
				s.engine.(*engine).running.Wait()
				if took := time.Since(begun); took > closeTime {
					t.Errorf("the connection has gone on for %v", took)
				}
				l.Close(0, "")
				if left := s.going.inUse() + s.coming.inUse(); left != 0 {
					t.Errorf("%d bytes left", left)
				}
			})
		})
	}
}

// What is not being written when the session ends is not begun.
func TestCarry_WritesNoMoreThanItIsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newTestServer(t, nil)
		l := newTestLink()
		c := openSocket(t, s, l)
		_, _ = l.Write(stream("40", `42["x"]`, `42["y"]`))
		synctest.Wait()
		l.Close(1001, "")
		if _, got, err := c.ReadMessage(); string(got) != "1::" {
			t.Errorf("%q, %v", got, err)
		}
		if _, got, err := c.ReadMessage(); !websocket.IsCloseError(err, 1001) {
			t.Errorf("%q, %v", got, err)
		}
	})
}

// What engineio has not read when the client ends the session counts until engineio has, or has ended it as well.
func TestLink_WhatIsNotReadCounts(t *testing.T) {
	l := newTestLink()
	l.attach("polling", nil)
	_, _ = l.Write(stream("40"))
	if taken, err := l.push([]byte("3:::x"), 10, until{}); !taken || err != nil {
		t.Fatal(taken, err)
	}
	l.finish(errLeft, 0)
	if l.coming.of.inUse() == 0 {
		t.Error("it does not count")
	}
	l.Close(0, "")
	if n, err := l.Read(make([]byte, 10)); n != 0 || err == nil || l.coming.of.inUse() != 0 {
		t.Error(n, err, l.coming.of.inUse())
	}
}

// Pings and pongs of the client count, and are not read on while what came before is not taken.
func TestCarry_ChargesForControlFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := newTestServer(t, nil)
		l := newTestLink()
		c := openSocket(t, s, l)
		_, _ = l.Write(stream("40"))
		up := func() int {
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			return len(l.up)
		}
		pongs := 0
		c.SetPongHandler(func(string) error { pongs++; return nil })
		go func() {
			for {
				if _, _, err := c.ReadMessage(); err != nil {
					return
				}
			}
		}()
		say := func(kind int) {
			if err := c.WriteControl(kind, []byte("x"), time.Now().Add(time.Second)); err != nil {
				t.Error(err)
			}
		}
		before := up()
		say(websocket.PingMessage)
		say(websocket.PongMessage)
		if now := up(); now != before+2*len(stream("6::")) || pongs != 1 {
			t.Errorf("%d bytes more, %d pongs", now-before, pongs)
		}
		if taken, err := l.push([]byte("3::/never:"+strings.Repeat("x", highWater)), 10, until{}); !taken || err != nil {
			t.Fatal(taken, err)
		}
		full := up()
		say(websocket.PingMessage)
		if now := up(); now != full || pongs != 1 {
			t.Errorf("%d bytes more, %d pongs", now-full, pongs)
		}
		_, _ = l.Read(make([]byte, full))
		if now := up(); now != len(stream("6::")) || pongs != 2 {
			t.Errorf("%d bytes, %d pongs", now, pongs)
		}
		l.Close(0, "")
		_ = c.Close()
		s.engine.(*engine).running.Wait()
	})
}
