package controlplane

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/controlplanetest"
	"github.com/siohub/siohub/controlplane/internal/turns"
	"github.com/siohub/siohub/controlplane/trace"
)

// Who is held back is counted with how long, and the log says who it is and what helps.
func TestPaced_IsTold(t *testing.T) {
	twoProcessors(t)
	for customer, want := range map[string]string{
		"group shop\x00chat": " identity=shop group=chat", "peer 10.0.0.1:7": ` customer="peer 10.0.0.1:7"`,
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			var times int
			var rests time.Duration
			srv, err := New(Config{
				LeastPercent: 10, Logger: slog.New(slog.NewTextHandler(&log, nil)),
				Trace: &trace.Hooks{Slowed: func(why trace.Slowed, d time.Duration) {
					if why == trace.SlowedPaced {
						times++
						rests += d
					}
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			heavy, light := srv.turns.Seat(customer, nil), srv.turns.Seat("light", nil)
			defer heavy.Leave()
			defer light.Leave()
			strain := turns.Strain{Wait: time.Second}
			for range 100 {
				for _, seat := range []*turns.Seat{heavy, light} {
					seat.Begin(0)
					time.Sleep(50 * time.Millisecond)
					if seat == light {
						seat.Answered(50)
					}
					seat.End()
				}
				srv.pace(strain)
			}
			if times == 0 || rests < time.Second || rests > time.Since(srv.started) {
				t.Errorf("told were %d rests of %v", times, rests)
			}
			if line := log.String(); strings.Count(line, "\n") != 1 || !strings.Contains(line, "why=paced") ||
				!strings.Contains(line, "control.least_percent") || !strings.Contains(line, want) {
				t.Errorf("the log has\n%s", line)
			}
		})
	}
}

// twoProcessors makes a server of the test believe that there are two, whatever the machine has: of more processors the
// least part may be all that somebody wants.
func twoProcessors(t *testing.T) {
	before := runtime.GOMAXPROCS(2)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// Work that browsers have asked for, or that reaches them, holds nobody back; the same work for nobody does.
func TestPaced_BrowsersPayForWhatTheyGet(t *testing.T) {
	twoProcessors(t)
	const members = 10
	emitTo := func(room string) func(*world, *controlplanetest.Service, []*browser) {
		return func(_ *world, chat *controlplanetest.Service, _ []*browser) {
			c := emit(&hubv1.Target{Namespace: "/chat", Rooms: []string{room}}, "news", "[]")
			chat.Send(&hubv1.Action{Kind: &hubv1.Action_Command{Command: c}})
		}
	}
	for name, c := range map[string]struct {
		work func(*world, *controlplanetest.Service, []*browser)
		held bool
	}{
		"answers": {work: func(_ *world, chat *controlplanetest.Service, browsers []*browser) {
			browsers[0].emit(-1, "said", "")
			chat.Done(chat.Event("said"))
		}},
		"emits to browsers": {work: emitTo("lobby")},
		"emits to nobody":   {work: emitTo("empty"), held: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var working atomic.Bool
				var held atomic.Int64
				w := newWorld(t, Config{LeastPercent: 1, Trace: &trace.Hooks{
					Stream: trace.StreamHooks{Received: func(int) {
						if working.Load() {
							time.Sleep(members * 20 * time.Microsecond) // what reaching so many pays for
						}
					}},
					Slowed: func(why trace.Slowed, d time.Duration) {
						if why == trace.SlowedPaced {
							held.Add(int64(d))
						}
					},
				}})
				chat := w.chat("1")
				var browsers []*browser
				for range members {
					browsers = append(browsers, w.joinAs(chat, "ann", "lobby"))
				}
				light := w.srv.turns.Seat("light", nil)
				defer light.Leave()
				working.Store(true)
				for range 20 {
					for range 25 {
						c.work(w, chat, browsers)
						w.pass(4 * time.Millisecond)
					}
					light.Begin(0)
					time.Sleep(time.Millisecond)
					light.Answered(1)
					light.End()
					w.srv.pace(turns.Strain{Wait: time.Second})
				}
				working.Store(false)
				if d := time.Duration(held.Load()); d > 0 != c.held {
					t.Errorf("it was held back for %v", d)
				}
			})
		})
	}
}

// readyConn is a connection that takes its buffer when something has come.
type readyConn struct{ net.Conn }

func (c readyConn) ReadOnReady(size int, pool mem.BufferPool) (*[]byte, int, error) {
	b := pool.Get(size)
	n, err := c.Read(*b)
	return b, n, err
}

// Connections read as those below, also where these hold no buffer at rest, and may be closed more than once.
func TestCredentials_ConnectionsAreThoseBelow(t *testing.T) {
	srv := newQuiet(t, nil)
	creds := srv.Credentials(insecure.NewCredentials()).Clone()
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"plain": func(c net.Conn) net.Conn { return c }, "ready": func(c net.Conn) net.Conn { return readyConn{c} },
	} {
		client, server := net.Pipe()
		conn, _, err := creds.ServerHandshake(wrap(server))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = client.Write([]byte("hello")) }() // is read below
		var b [5]byte
		if _, err := io.ReadFull(conn, b[:2]); err != nil {
			t.Fatal(err)
		}
		ready, ok := conn.(readyReader)
		if ok != (name == "ready") {
			t.Errorf("%s: reads on readiness: %v", name, ok)
		}
		if ok {
			buf, n, err := ready.ReadOnReady(3, mem.DefaultBufferPool())
			if err != nil || n != 3 {
				t.Fatal(n, err)
			}
			copy(b[2:], *buf)
		} else if _, err := io.ReadFull(conn, b[2:]); err != nil {
			t.Fatal(err)
		}
		if string(b[:]) != "hello" {
			t.Errorf("%s: read %q", name, b)
		}
		_ = conn.Close()
		_ = conn.Close()
		_ = client.Close()
	}
}
