package relay_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// relays are the ways in which a WebSocket is relayed.
var relays = map[string]options{"poller": {}, "goroutines": {pipes: true}}

// relayed opens a session at the second hub, and moves it to a WebSocket through the first.
func relayed(t testing.TB, c *cluster) *hubtest.Frames {
	t.Helper()
	query := atOther(t, c)
	f := c.nodes[0].Frames(strings.Replace(query, "polling", "websocket", 1))
	write(t, f, "2probe")
	if got := f.Next(); got != "3probe" {
		t.Fatalf("got %q", got)
	}
	write(t, f, "5")
	eventually(t, "the upgrade", func() bool { return c.nodes[1].session().TransportName() == "websocket" })
	return f
}

func write(t testing.TB, f *hubtest.Frames, packet string) {
	t.Helper()
	if err := f.Write(packet); err != nil {
		t.Fatal(err)
	}
}

func TestWebSocket_Echo(t *testing.T) {
	for name, o := range relays {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, o)
			f := relayed(t, c)
			for _, size := range []int{0, 1, 1000, 16 << 10, 200_000, 900_000} {
				text := strings.Repeat("x", size)
				write(t, f, "4"+text)
				if got := f.Next(); got != "4"+text {
					t.Errorf("%d bytes came back as %d", size, len(got))
				}
			}
			for i := range 500 {
				write(t, f, fmt.Sprintf("4%d", i))
			}
			for i := range 500 {
				if got := f.Next(); got != fmt.Sprintf("4%d", i) {
					t.Fatalf("%q is number %d", got, i)
				}
			}
			if n := c.nodes[0].relayed.Load(); n != 1 {
				t.Errorf("%d are relayed", n)
			}
		})
	}
}

// What the other hub says of a WebSocket is said to the browser: a refusal, and that there is nothing to upgrade.
func TestWebSocket_RefusedThere(t *testing.T) {
	c := newCluster(t, 2, options{})
	query := strings.Replace(atOther(t, c), "polling", "websocket", 1)
	header := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	a := c.nodes[0].Do(http.MethodGet, query, "", header)
	if a.Status != http.StatusUpgradeRequired || a.Header.Get("Sec-Websocket-Version") != "13" {
		t.Errorf("%+v", a)
	}
	header["Sec-Websocket-Version"] = []string{"13"}
	if a := c.nodes[0].Do(http.MethodGet, query+"x", "", header); a.Status != http.StatusBadRequest || a.Body != "Session ID unknown" {
		t.Errorf("%+v", a)
	}
	eventually(t, "nothing is relayed", func() bool { return c.nodes[0].relay.WebSockets() == 0 })
}

// The end of either side is the end of the other, as it was: in order, or by a reset.
func TestWebSocket_Ends(t *testing.T) {
	for name, o := range relays {
		t.Run(name, func(t *testing.T) {
			for end, row := range map[string]struct {
				by     func(*hubtest.Frames, *engineio.Session)
				reason []engineio.Reason
			}{
				"the browser's FIN": {func(f *hubtest.Frames, _ *engineio.Session) { f.Cut() }, []engineio.Reason{engineio.ReasonTransportClose}},
				"a close frame": {func(f *hubtest.Frames, _ *engineio.Session) {
					_ = f.Conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1001, ""))
				}, []engineio.Reason{engineio.ReasonTransportClose}},
				"the browser's RST": {func(f *hubtest.Frames, _ *engineio.Session) {
					if tcp, ok := f.Conn.NetConn().(*net.TCPConn); ok {
						_ = tcp.SetLinger(0)
					}
					f.Cut()
				}, []engineio.Reason{engineio.ReasonTransportError, engineio.ReasonTransportClose}},
				"the session's": {func(_ *hubtest.Frames, s *engineio.Session) {
					s.Close(engineio.Close{Reason: engineio.ReasonForcedClose, Code: 1000})
				}, []engineio.Reason{engineio.ReasonForcedClose}},
			} {
				t.Run(end, func(t *testing.T) {
					c := newCluster(t, 2, o)
					f := relayed(t, c)
					row.by(f, c.nodes[1].session())
					eventually(t, "the session has ended", func() bool { return len(c.nodes[1].closed()) == 1 })
					if got := c.nodes[1].closed()[0]; !slices.Contains(row.reason, got.Reason) {
						t.Errorf("%+v", got)
					}
					if end == "the session's" {
						if code := f.WaitClose(); code != 1000 {
							t.Errorf("the browser reads code %d", code)
						}
					}
					f.Cut()
					eventually(t, "nothing is relayed", func() bool { return c.nodes[0].relay.WebSockets() == 0 && c.nodes[0].relayed.Load() == 0 })
				})
			}
		})
	}
}

// A hub that is not read further by its application holds the browser back, and not the hub between them.
func TestWebSocket_BackPressureFromTheHub(t *testing.T) {
	for name, o := range relays {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, o)
			f := relayed(t, c)
			s := c.nodes[1].session()
			s.Pause()
			const messages = 640
			text := "4" + strings.Repeat("x", 100_000)
			var sent atomic.Int64
			var stop atomic.Bool
			var writing sync.WaitGroup
			writing.Go(func() {
				for sent.Load() < messages && !stop.Load() {
					_ = f.Conn.SetWriteDeadline(time.Now().Add(3 * patience))
					if err := f.Conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
						t.Error(err)
						return
					}
					sent.Add(1)
				}
			})
			before, still := int64(0), 0
			eventually(t, "the browser has to wait", func() bool {
				if now := sent.Load(); now != before {
					before, still = now, 0
				}
				still++
				return still > 200
			})
			if before == 0 && name == "poller" || before == messages {
				t.Errorf("%d messages were taken", before)
			}
			if held := c.nodes[0].relay.Rest(); held > 32<<10 {
				t.Errorf("%d bytes are held", held)
			}
			stop.Store(true)
			go func() { // the echo
				for {
					if _, err := f.Read(); err != nil {
						return
					}
				}
			}()
			s.Resume()
			writing.Wait()
			eventually(t, "all messages", func() bool {
				c.nodes[1].mu.Lock()
				defer c.nodes[1].mu.Unlock()
				return int64(len(c.nodes[1].messages)) == sent.Load()
			})
		})
	}
}

// A browser that does not read holds back the hub that has its session, which then sees that it is too slow, and others go on.
func TestWebSocket_BackPressureFromTheBrowser(t *testing.T) {
	c := newCluster(t, 2, options{})
	slow := relayed(t, c)
	s := c.nodes[1].session()
	other := relayed(t, c)
	message := engineio.NewTextMessage(append([]byte("4"), bytes.Repeat([]byte("x"), 100_000)...), false)
	for range 50 {
		if err := s.Send(nil, []*engineio.Message{message}, false); err != nil {
			t.Fatal(err)
		}
	}
	write(t, other, "4hi")
	if got := other.Next(); got != "4hi" {
		t.Errorf("%q", got)
	}
	if held := c.nodes[0].relay.Rest(); held > 32<<10 {
		t.Errorf("%d bytes are held", held)
	}
	for range 50 {
		if got := slow.Next(); len(got) != 100_001 {
			t.Fatalf("%d bytes", len(got))
		}
	}
	eventually(t, "nothing is held", func() bool { return c.nodes[0].relay.Rest() == 0 })
}

// At the bound a WebSocket is refused, and the session stays where it is.
func TestWebSocket_Bound(t *testing.T) {
	c := newCluster(t, 2, options{relay: func(r *relayConfig) { r.WebSockets, r.Requests = 1, 1 }})
	f := relayed(t, c)
	query := atOther(t, c)
	header := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	if a := c.nodes[0].Do(http.MethodGet, strings.Replace(query, "polling", "websocket", 1), "", header); a.Status != http.StatusServiceUnavailable {
		t.Errorf("%+v", a)
	}
	f.Cut()
	eventually(t, "the other one has ended", func() bool { return c.nodes[0].relay.WebSockets() == 0 })
	go func() { _, _ = c.nodes[0].Try(t.Context(), http.MethodGet, query, "", nil) }()
	eventually(t, "the poll is held", func() bool { return c.nodes[0].relay.Requests() == 1 && c.nodes[1].session().Writable() })
	if a := c.nodes[0].Post(query, "4hi"); a.Status != http.StatusServiceUnavailable || c.nodes[0].result("post busy") != 1 {
		t.Errorf("%+v", a)
	}
}

// A WebSocket whose hub is gone without a word is cut when it is known.
func TestWebSocket_HubIsGone(t *testing.T) {
	c := newCluster(t, 2, options{})
	f := relayed(t, c)
	p, _ := c.table.Locate(keyOf(c.nodes[1].id))
	p.Alive = false
	c.table.set(p)
	c.nodes[0].relay.Sweep()
	f.WaitClose()
}

func TestRelay_DrainCutsWebSockets(t *testing.T) {
	for name, o := range relays {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, o)
			frames := []*hubtest.Frames{relayed(t, c), relayed(t, c), relayed(t, c)}
			if err := c.nodes[0].relay.Drain(t.Context(), time.Second); err != nil {
				t.Fatal(err)
			}
			for _, f := range frames {
				f.WaitClose()
			}
			eventually(t, "nothing is relayed", func() bool { return c.nodes[0].relay.WebSockets() == 0 })
		})
	}
}

// Whoever ends first, and in whatever way, in the middle of what passes: nothing stays behind.
func TestWebSocket_AllEndAtOnce(t *testing.T) {
	for name, o := range relays {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, 2, o)
			var all sync.WaitGroup
			for i := range 40 {
				f, s := relayed(t, c), c.nodes[1].session()
				all.Go(func() {
					text := "4" + strings.Repeat("x", 1<<(i%17))
					for range 20 + i {
						if f.Write(text) != nil {
							return
						}
						if _, err := f.Read(); err != nil {
							return
						}
					}
					switch i % 4 {
					case 0:
						f.Cut()
					case 1:
						if tcp, ok := f.Conn.NetConn().(*net.TCPConn); ok {
							_ = tcp.SetLinger(0)
						}
						_ = f.Write(text)
						f.Cut()
					case 2:
						s.Close(engineio.Close{Reason: engineio.ReasonForcedClose})
						_ = f.Write(text)
					}
				})
			}
			if err := c.nodes[0].relay.Drain(t.Context(), 200*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			all.Wait()
			eventually(t, "nothing is relayed", func() bool {
				return c.nodes[0].relay.WebSockets() == 0 && c.nodes[0].relayed.Load() == 0 && c.nodes[0].relay.Rest() == 0
			})
		})
	}
}
