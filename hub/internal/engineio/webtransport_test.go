package engineio_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
)

func TestWebTransport_CarriesASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.openStream()
		s := st.session(0)
		if s.TransportName() != "webtransport" || s.Handshake().Transport() != "webtransport" || s.Handshake().RemoteAddress() != "192.0.2.1" {
			t.Errorf("%q, %q, %q", s.TransportName(), s.Handshake().Transport(), s.Handshake().RemoteAddress())
		}
		large := strings.Repeat("☃", 300_000)
		for _, packet := range []string{"4hello", "4", "b\x00\x01\xff", "b4", "4" + strings.Repeat("x", 125), "4" + strings.Repeat("x", 70_000), "4" + large, "b" + large} {
			go b.try(packet)
			b.expect(packet)
		}
		b.send("4one", "btwo", "4three")
		b.expect("4one", "btwo", "4three")
		time.Sleep(26 * time.Second)
		b.expect("2")
		b.send("3")
		time.Sleep(25 * time.Second)
		b.expect("2")
		time.Sleep(21 * time.Second)
		st.wantClose(engineio.ReasonPingTimeout)
		if _, text := b.wantEnd(); text != "ping timeout" {
			t.Errorf("text %q", text)
		}
	})
}

func TestWebTransport_UpgradesAPollingSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		opened := st.Get("EIO=4&transport=polling")
		if !strings.Contains(opened.Body, `"upgrades":["websocket","webtransport"]`) {
			t.Fatalf("%+v", opened)
		}
		query := "EIO=4&transport=polling&sid=" + sidOf(t, opened.Body)
		st.Post(query, "4before")
		poll := st.pending(query)
		synctest.Wait()
		if a := st.await(poll); a.Body != "4before" {
			t.Fatalf("%+v", a)
		}
		poll = st.pending(query)
		synctest.Wait()
		b := st.connect(nil)
		b.send(`0{"sid":"`+sidOf(t, opened.Body)+`"}`, "2probe")
		b.expect("3probe")
		if a := st.await(poll); a.Body != "6" {
			t.Errorf("pending poll: %+v", a)
		}
		b.send("5", "4after")
		b.expect("4after")
		if s := st.session(0); s.TransportName() != "webtransport" || s.Handshake().Transport() != "polling" {
			t.Errorf("%q", s.TransportName())
		}
		if a := st.Get(query); a.Status != 400 {
			t.Errorf("poll after the upgrade: %+v", a)
		}
		if got := strings.Join(st.messages(), " "); got != "before after" {
			t.Errorf("messages %q", got)
		}
	})
}

func TestWebTransport_ProbesThatComeToNothing(t *testing.T) {
	for name, packets := range map[string][]string{
		"no probe": {"4hello"}, "binary": {"b2probe"}, "another ping": {"2"}, "no upgrade packet": {"2probe", "4hello"}, "nothing": nil,
		"a long packet": {"2probe", "5" + strings.Repeat("5", 300)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStation(t, withWebTransport)
				query := st.handshake()
				b := st.connect(nil)
				b.send(`0{"sid":"` + query[strings.LastIndex(query, "=")+1:] + `"}`)
				go b.try(packets...)
				b.wantEnd()
				st.Post(query, "4still here")
				if a := st.Get(query); a.Body != "4still here" {
					t.Errorf("poll: %+v", a)
				}
				st.noClose()
			})
		})
	}
}

// A second probe is told in no uncertain way, and the first one goes on.
func TestWebTransport_OneProbeAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		query := st.handshake()
		open := `0{"sid":"` + query[strings.LastIndex(query, "=")+1:] + `"}`
		first := st.connect(nil)
		first.send(open, "2probe")
		first.expect("3probe")
		second := st.connect(nil)
		second.send(open)
		second.wantEnd()
		f := st.Frames(probeQuery(query)) // by WebSocket
		if code := f.WaitClose(); code != 1000 {
			t.Errorf("code %d", code)
		}
		first.send("5", "4hello")
		first.expect("4hello")
		third := st.connect(nil)
		third.send(open)
		third.wantEnd()
		first.send("4again")
		first.expect("4again")
	})
}

func TestWebTransport_RefusedByTheRequest(t *testing.T) {
	origin := func(o string) func(*http.Request) { return func(r *http.Request) { r.Header.Set("Origin", o) } }
	for name, c := range map[string]struct {
		config func(*engineio.Config)
		change func(*http.Request)
		status int
	}{
		"off":            {nil, nil, 400},
		"foreign origin": {withWebTransport, origin("https://evil.test"), 403},
		"own origin":     {withWebTransport, origin("https://hub.test"), 0},
		"bad origin":     {withWebTransport, origin("https://hub.test\x01"), 400},
		"another path":   {withWebTransport, func(r *http.Request) { r.URL.Path = "/other/" }, 404},
		"long query":     {withWebTransport, func(r *http.Request) { r.URL.RawQuery = strings.Repeat("x", 5000) }, 414},
		"revision 3":     {withWebTransport, func(r *http.Request) { r.URL.RawQuery = "EIO=3" }, 400},
		"revision 4":     {withWebTransport, func(r *http.Request) { r.URL.RawQuery = "EIO=4" }, 0},
		"headers":        {withWebTransport, func(r *http.Request) { r.Header["X"] = make([]string, 101) }, 431},
		"allowed origin": {func(c *engineio.Config) { withWebTransport(c); c.CORS.Origins = []string{"https://app.test"} }, origin("https://app.test"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			st := newStation(t, c.config)
			b := st.connect(c.change)
			if c.status == 0 {
				b.send("0")
				b.next()
				return
			}
			<-b.ended
			if b.answer.Code != c.status {
				t.Errorf("status %d, want %d", b.answer.Code, c.status)
			}
		})
	}
}

// transport=webtransport is of no HTTP request.
func TestWebTransport_IsNoTransportOfAQuery(t *testing.T) {
	st := newStation(t, withWebTransport)
	query := st.handshake()
	for _, q := range []string{"EIO=4&transport=webtransport", strings.Replace(query, "polling", "webtransport", 1)} {
		if a := st.Get(q); a.Status != 400 || a.Body != `{"code":0,"message":"Transport unknown"}` {
			t.Errorf("%s: %+v", q, a)
		}
	}
}

func TestWebTransport_RefusedOnceTheStreamIsThere(t *testing.T) {
	t.Run("unknown sid", func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.connect(nil)
		b.send(`0{"sid":"AAAAAAAAAAAAAAAAAAAA"}`)
		if code, text := b.wantEnd(); code != 400 || !strings.Contains(text, "Session ID unknown") {
			t.Errorf("%d %q", code, text)
		}
	})
	t.Run("too many sessions", func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { withWebTransport(c); c.Limits.MaxSessions = 1 })
		st.openStream()
		b := st.connect(nil)
		b.send("0")
		if code, _ := b.wantEnd(); code != 503 {
			t.Errorf("%d", code)
		}
	})
	t.Run("too many of an address", func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) {
			withWebTransport(c)
			c.Rates.Handshakes, c.Rates.HandshakeBurst = 1, 1
		})
		st.openStream()
		b := st.connect(nil)
		b.send("0")
		if code, _ := b.wantEnd(); code != 429 {
			t.Errorf("%d", code)
		}
	})
	t.Run("by the program around it", func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) {
			withWebTransport(c)
			c.Handshakes.AllowRequest = func(*http.Request) error { return errLost }
		})
		b := st.connect(nil)
		b.send("0")
		if code, text := b.wantEnd(); code != 403 || !strings.Contains(text, errLost.Error()) {
			t.Errorf("%d %q", code, text)
		}
	})
	t.Run("a session of revision 3", func(t *testing.T) {
		st := newStation3(t, withWebTransport)
		a := st.Get("EIO=3&transport=polling&b64=1")
		sid := sidOf(t, a.Body[strings.IndexByte(a.Body, ':')+1:])
		b := st.connect(nil)
		b.send(`0{"sid":"` + sid + `"}`)
		if code, text := b.wantEnd(); code != 400 || !strings.Contains(text, "Unsupported protocol version") {
			t.Errorf("%d %q", code, text)
		}
	})
}

// What is asked of handshakes is not asked of upgrades: AllowRequest, and the rules.
func TestWebTransport_UpgradesAreNoHandshakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		st := newStation(t, func(c *engineio.Config) {
			withWebTransport(c)
			c.Handshakes.AllowRequest = func(r *http.Request) error {
				if asked++; r.URL.Query().Get("key") != "right" { // browsers send no query with an upgrade
					return errLost
				}
				return nil
			}
		})
		opened := st.Get("EIO=4&transport=polling&key=right")
		b := st.connect(nil)
		b.send(`0{"sid":"`+sidOf(t, opened.Body)+`"}`, "2probe")
		b.expect("3probe")
		b.send("5", "4hello")
		b.expect("4hello")
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// The program around it is told of every handshake that is refused, whatever the request's query says, and of no upgrade.
func TestWebTransport_ReportsHandshakesThatAreRefused(t *testing.T) {
	st := newStation(t, withWebTransport)
	var told []engineio.Refusal
	for name, c := range map[string]struct {
		query, first string
		code         int // -2: not told
	}{
		"a handshake":                          {"", "0", 4},
		"a handshake that says it is none":     {"sid=AAAAAAAAAAAAAAAAAAAA", "0", 4},
		"an upgrade":                           {"", `0{"sid":"AAAAAAAAAAAAAAAAAAAA"}`, -2},
		"a request that is refused at once":    {"EIO=3&sid=AAAAAAAAAAAAAAAAAAAA", "", 5},
		"a packet that is refused, as a fault": {"", "4", -2},
	} {
		t.Run(name, func(t *testing.T) {
			told = nil
			st = newStation(t, func(c *engineio.Config) {
				withWebTransport(c)
				c.Handshakes.AllowRequest = func(*http.Request) error { return errLost }
				c.Handshakes.OnRefused = func(r engineio.Refusal) { told = append(told, r) }
			})
			b := st.connect(func(r *http.Request) { r.URL.RawQuery = c.query })
			if c.first != "" {
				b.send(c.first)
				b.wantEnd()
			}
			<-b.ended
			if len(told) > 1 || len(told) == 0 && c.code != -2 || len(told) == 1 && told[0].Code != c.code {
				t.Errorf("%+v", told)
			}
		})
	}
}

// Where the application panics the browser is not left with a session that nobody reads.
func TestSession_PanicOfTheApplicationInAHandshake(t *testing.T) {
	for _, transport := range []string{"websocket", "webtransport"} {
		t.Run(transport, func(t *testing.T) {
			st := newTCPStation(t, func(c *engineio.Config) {
				withWebTransport(c)
				c.OnSession = func(*engineio.Session) engineio.Handler { panic("on purpose") }
			})
			if transport == "webtransport" {
				b := st.connect(nil)
				b.send("0")
				b.wantEnd()
			} else {
				c := st.Dial()
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(time.Minute))
				_, _ = io.WriteString(c, "GET "+st.Path+"?EIO=4&transport=websocket HTTP/1.1\r\nHost: hub.test\r\nConnection: Upgrade\r\n"+
					"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
				if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error("the connection goes on")
				}
			}
			eventually(t, "the session is there still", func() bool { return st.engine.SessionCount() == 0 })
			st.mu.Lock()
			defer st.mu.Unlock()
			if st.panics != 1 {
				t.Errorf("%d panics", st.panics)
			}
			st.panics = 0
		})
	}
}

// A stream that takes the handshake down is closed all the same.
func TestWebTransport_PanicBeforeTheFirstPacket(t *testing.T) {
	st := newStation(t, withWebTransport)
	near, far := net.Pipe()
	defer near.Close()
	l := &link{Conn: panickyConn{far}, done: make(chan struct{})}
	func() {
		defer func() { _ = recover() }()
		st.engine.ServeWebTransport(httptest.NewRecorder(), connectRequest(), func(time.Duration) (engineio.WebTransport, error) { return l, nil })
	}()
	select {
	case <-l.done:
	default:
		t.Error("the link is open")
	}
	if st.panics != 1 {
		t.Errorf("%d panics", st.panics)
	}
	st.panics = 0
}

type panickyConn struct{ net.Conn }

func (panickyConn) Read([]byte) (int, error) { panic("on purpose") }

// What a browser was sent before its session is closed in order reaches it: the end waits for the pong to a last ping.
func TestWebTransport_ClosesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.openStream()
		s := st.session(0)
		large := strings.Repeat("x", 500_000)
		_ = s.Send(nil, []*engineio.Message{text(large), text("last")}, false)
		s.Close(engineio.Close{Reason: engineio.ReasonForcedClose})
		b.expect("4"+large, "4last", "2")
		synctest.Wait()
		select {
		case <-b.link.done:
			t.Fatal("ended before the browser had read it")
		default:
		}
		b.send("4too late", "3")
		if code, _ := b.wantEnd(); code != 0 {
			t.Errorf("code %d", code)
		}
		st.wantClose(engineio.ReasonForcedClose)
		if len(st.messages()) > 0 {
			t.Errorf("messages %q", st.messages())
		}
	})
}

// A pong to an earlier ping is not taken for the one to the last.
func TestWebTransport_ClosesInOrderBehindAPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.openStream()
		time.Sleep(25 * time.Second)
		b.expect("2")
		st.session(0).Close(engineio.Close{Reason: engineio.ReasonForcedClose})
		b.send("3")
		b.expect("2")
		select {
		case <-b.link.done:
			t.Fatal("ended before the browser had read all")
		default:
		}
		b.send("3")
		b.wantEnd()
	})
}

// One that does not answer is cut.
func TestWebTransport_CloseDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.openStream()
		start := time.Now()
		st.session(0).Close(engineio.Close{Reason: engineio.ReasonForcedClose})
		b.wantEnd()
		if d := time.Since(start); d != 30*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

func TestWebTransport_EndsAsTheBrowserDoes(t *testing.T) {
	for name, c := range map[string]struct {
		do     func(b *streamBrowser)
		reason engineio.Reason
		code   int
	}{
		"close packet": {func(b *streamBrowser) { b.send("1") }, engineio.ReasonTransportClose, 0},
		"end":          {func(b *streamBrowser) { _ = b.Close() }, engineio.ReasonTransportClose, 0},
		"half a packet": {func(b *streamBrowser) {
			_, _ = b.Write([]byte("\x7e\x01\x004half"))
			_ = b.Close()
		}, engineio.ReasonTransportClose, 1006},
		"half a header": {func(b *streamBrowser) {
			_, _ = b.Write([]byte("\x7f\x00\x00"))
			_ = b.Close()
		}, engineio.ReasonTransportClose, 1006},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStation(t, withWebTransport)
				b := st.openStream()
				synctest.Wait()
				c.do(b)
				if got := st.wantClose(c.reason); got.Code != c.code {
					t.Errorf("%+v", got)
				}
				b.wantEnd()
			})
		})
	}
}

func TestWebTransport_DrainsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, withWebTransport)
		b := st.openStream()
		go func() {
			for p, err := b.tryNext(); err == nil; p, err = b.tryNext() {
				if p == "2" {
					_, _ = b.Write(frame("3"))
				}
			}
		}()
		start := time.Now()
		if err := st.engine.Drain(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 100*time.Millisecond {
			t.Errorf("took %v", d)
		}
		st.wantClose(engineio.ReasonServerShuttingDown)
		late := st.connect(nil)
		<-late.ended
		if late.answer.Code != 503 {
			t.Errorf("status %d", late.answer.Code)
		}
	})
}
