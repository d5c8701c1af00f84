package engineio_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestMain(m *testing.M) { hubtest.Main(m) }

// station is a server under test with what its application received.
type station struct {
	*hubtest.Server
	engine *engineio.Server
	t      *testing.T

	mu        sync.Mutex
	sessions  []*engineio.Session
	received  []string
	closes    chan engineio.Close
	onMessage func(*engineio.Session, string) // set before the first session; nil: nothing more
	panics    int
	refused   []int // Engine.IO codes
	denied    []int // HTTP statuses
	upgrades  []bool
	slow      []string // why browsers were too slow
	silent    bool     // nothing is echoed; set before the first session
	deflates  bool     // permessage-deflate is offered, so that a goroutine reads
}

// recorder is the handler of one session: it records everything and echoes messages.
type recorder struct {
	station *station
	session *engineio.Session
	silent  bool
}

func (e *recorder) HandleMessage(data []byte, binary bool) {
	e.station.mu.Lock()
	e.station.received = append(e.station.received, string(data))
	e.station.mu.Unlock()
	if f := e.station.onMessage; f != nil {
		f(e.session, string(data))
	}
	if e.silent {
		return
	}
	_ = e.session.Send(nil, []*engineio.Message{echo(data, binary)}, false)
}

func (e *recorder) HandleClose(c engineio.Close) { e.station.closes <- c }

func echo(data []byte, binary bool) *engineio.Message {
	if binary {
		return engineio.NewBinaryMessage(append([]byte(nil), data...), false)
	}
	return text(string(data))
}

func text(s string) *engineio.Message { return engineio.NewTextMessage([]byte("4"+s), false) }

// newStation returns an echo server. The config may be changed before it starts.
func newStation(t *testing.T, change func(*engineio.Config)) *station {
	t.Helper()
	st := prepare(t, change)
	st.Server = hubtest.Serve(t, st.engine, st.engine.ConfigureHTTP)
	return st
}

// newTLSStation is newTCPStation with TLS.
func newTLSStation(t *testing.T, change func(*engineio.Config)) *station {
	t.Helper()
	st := prepare(t, change)
	st.Server = hubtest.ServeTLS(t, st.engine, st.engine.ConfigureHTTP, st.engine.TLSListener)
	return st
}

// overBoth runs a test over both kinds of sockets that a poller watches.
func overBoth(t *testing.T, test func(t *testing.T, serve func(*testing.T, func(*engineio.Config)) *station)) {
	t.Helper()
	t.Run("plain", func(t *testing.T) { test(t, newTCPStation) })
	t.Run("TLS", func(t *testing.T) { test(t, newTLSStation) })
}

// tcp is the socket of a connection of either.
func tcp(c net.Conn) *net.TCPConn {
	if sealed, ok := c.(*tls.Conn); ok {
		c = sealed.NetConn()
	}
	return c.(*net.TCPConn)
}

// newTCPStation is the same on a loopback socket.
func newTCPStation(t *testing.T, change func(*engineio.Config)) *station {
	t.Helper()
	st := prepare(t, change)
	st.Server = hubtest.ServeTCP(t, st.engine, st.engine.ConfigureHTTP)
	return st
}

func prepare(t *testing.T, change func(*engineio.Config)) *station {
	t.Helper()
	st := &station{t: t, closes: make(chan engineio.Close, 4096)}
	config := engineio.Config{OnSession: st.onSession, Trace: st.trace(), Logger: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&config)
	}
	st.deflates = config.PerMessageDeflate.Enabled != nil && *config.PerMessageDeflate.Enabled
	engine := engineio.New(config)
	st.engine = engine
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := engine.Close(ctx); err != nil {
			t.Errorf("close: %v", err)
		}
		if n := engine.SessionCount(); n != 0 {
			t.Errorf("%d sessions left", n)
		}
		if st.panics != 0 {
			t.Errorf("%d panics", st.panics)
		}
	})
	return st
}

func (st *station) onSession(s *engineio.Session) engineio.Handler {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sessions = append(st.sessions, s)
	return &recorder{station: st, session: s, silent: st.silent}
}

func (st *station) trace() *engineio.Trace {
	note := func(f func()) {
		st.mu.Lock()
		defer st.mu.Unlock()
		f()
	}
	return &engineio.Trace{
		HandshakeRefused: func(code int) { note(func() { st.refused = append(st.refused, code) }) },
		RequestRefused:   func(status int) { note(func() { st.denied = append(st.denied, status) }) },
		Upgraded:         func(ok bool) { note(func() { st.upgrades = append(st.upgrades, ok) }) },
		OutboxOverflow:   func(why string) { note(func() { st.slow = append(st.slow, why) }) },
		Panic:            func(any) { note(func() { st.panics++ }) },
	}
}

// session is the n-th session of the server's side.
func (st *station) session(n int) *engineio.Session {
	st.t.Helper()
	st.mu.Lock()
	defer st.mu.Unlock()
	if n >= len(st.sessions) {
		st.t.Fatalf("%d sessions, want more than %d", len(st.sessions), n)
	}
	return st.sessions[n]
}

// lastSession is the latest one of the server's side.
func (st *station) lastSession() *engineio.Session {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.sessions[len(st.sessions)-1]
}

func (st *station) messages() []string {
	st.mu.Lock()
	defer st.mu.Unlock()
	return append([]string(nil), st.received...)
}

// wantClose waits for the application to hear of a session's end.
func (st *station) wantClose(reason engineio.Reason) engineio.Close {
	st.t.Helper()
	timer := time.NewTimer(st.Timeout)
	defer timer.Stop()
	select {
	case c := <-st.closes:
		if c.Reason != reason {
			st.t.Errorf("closed for %q (%+v), want %q", c.Reason, c, reason)
		}
		return c
	case <-timer.C:
		st.t.Fatal("the application received of no end")
		return engineio.Close{}
	}
}

// handshake opens a bare polling session and returns the query of its requests.
func (st *station) handshake() string {
	st.t.Helper()
	b := st.Get("EIO=4&transport=polling")
	if b.Status != http.StatusOK {
		st.t.Fatalf("handshake: %+v", b)
	}
	return "EIO=4&transport=polling&sid=" + sidOf(st.t, b.Body)
}

// wantPoll waits until the first session's browser has a poll waiting.
func (st *station) wantPoll() {
	st.t.Helper()
	s := st.session(0)
	for deadline := time.Now().Add(st.Timeout); !s.Writable(); runtime.Gosched() {
		if time.Now().After(deadline) {
			st.t.Fatal("no poll")
		}
	}
}
