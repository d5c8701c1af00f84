package engineio_test

import (
	"net/http"
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
		"a request's say": {func(c *engineio.Config) {
			withWebTransport(c)
			c.Handshakes.AllowRequest = func(*http.Request) error { return errLost }
		}, nil, 403},
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
