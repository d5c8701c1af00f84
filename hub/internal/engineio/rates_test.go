package engineio_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

// reached notes the limits that a station reaches.
type reached struct {
	mu   sync.Mutex
	keys []string
}

func (r *reached) note(c *engineio.Config) {
	c.Trace.LimitReached = func(key string) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.keys = append(r.keys, key)
	}
}

func (r *reached) want(t *testing.T, key string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.keys, key) {
		t.Errorf("reached %v, want %s", r.keys, key)
	}
}

// One address has its share of handshakes and of sessions without a namespace, and is told when to come again.
func TestRates_Handshakes(t *testing.T) {
	for _, transport := range []string{"polling", "websocket"} {
		t.Run(transport, func(t *testing.T) {
			var limits reached
			st := newTCPStation(t, func(c *engineio.Config) {
				c.Rates = engineio.Rates{Handshakes: 1, HandshakeBurst: 5, PrivateAddresses: true}
				limits.note(c)
			})
			header := http.Header{}
			if transport == "websocket" {
				header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}}
			}
			for range 4 {
				st.handshake()
			}
			st.rawSocket("EIO=4&transport=websocket", "").Close()
			a := st.Do("GET", "EIO=4&transport="+transport, "", header)
			if a.Status != 429 || a.Header.Get("Retry-After") != "1" {
				t.Errorf("%+v", a)
			}
			limits.want(t, "rates.handshakes")
		})
	}
}

func TestRates_Unjoined(t *testing.T) {
	var limits reached
	st := newTCPStation(t, func(c *engineio.Config) {
		c.Rates = engineio.Rates{Unjoined: 3, PrivateAddresses: true}
		limits.note(c)
	})
	for range 3 {
		st.handshake()
	}
	const query = "EIO=4&transport=polling"
	if a := st.Get(query); a.Status != 429 || a.Header.Get("Retry-After") == "" {
		t.Errorf("%+v", a)
	}
	limits.want(t, "rates.unjoined")
	st.session(0).Joined()
	st.session(0).Joined()
	if a := st.Get(query); a.Status != 200 {
		t.Errorf("%+v", a)
	}
	if a := st.Get(query); a.Status != 429 {
		t.Errorf("%+v", a)
	}
	st.session(1).Close(engineio.Close{Reason: engineio.ReasonForcedClose})
	st.Get("EIO=4&transport=polling&sid=" + st.session(1).ID())
	if a := st.Get(query); a.Status != 200 {
		t.Errorf("%+v", a)
	}
}

func TestRates_LoopbackIsFree(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) { c.Rates = engineio.Rates{Handshakes: 1, HandshakeBurst: 1, Unjoined: 1} })
	for range 10 {
		st.handshake()
	}
}

// Who sends more messages or bytes than allowed is read later, and each of them is received once and in order.
func TestRates_ReadLater(t *testing.T) {
	const messages = 300
	cases := map[string]struct {
		rates engineio.Rates
		size  int
	}{
		"rates.messages": {engineio.Rates{Messages: 100, Ahead: time.Second, Bytes: -1}, 10},
		"rates.bytes":    {engineio.Rates{Bytes: 100_000, Ahead: time.Second, Messages: -1}, 1000},
	}
	for key, c := range cases {
		for _, transport := range []string{"poller", "reader", "polling"} {
			t.Run(key+" "+transport, func(t *testing.T) {
				var limits reached
				deflate := transport == "reader"
				st := newTCPStation(t, func(config *engineio.Config) {
					config.Rates, config.PerMessageDeflate.Enabled = c.rates, &deflate
					limits.note(config)
				})
				start := time.Now()
				var want []string
				if transport == "polling" {
					query := st.handshake()
					for n := range messages / 10 {
						var packets []string
						for m := range 10 {
							text := fmt.Sprintf("%0*d", c.size, n*10+m)
							want, packets = append(want, text), append(packets, "4"+text)
						}
						if a := st.Post(query, strings.Join(packets, "\x1e")); a.Status != 200 {
							t.Errorf("%+v", a)
						}
					}
				} else {
					w := st.rawSocket("EIO=4&transport=websocket", "")
					defer w.Close()
					go drain(w)
					var all []byte // at once: a busy machine takes longer for many writes than the rate allows
					for n := range messages {
						text := fmt.Sprintf("%0*d", c.size, n)
						want, all = append(want, text), append(all, client(0x81, "4"+text)...)
					}
					_, _ = w.Write(all)
				}
				st.receivedAll(messages)
				if d := time.Since(start); d < time.Second {
					t.Errorf("took %v", d)
				}
				if got := st.messages(); !slices.Equal(got, want) {
					t.Errorf("received %d messages, not as sent", len(got))
				}
				limits.want(t, key)
			})
		}
	}
}

// What a browser has sent before its end is received, though it was to be read later.
func TestRates_NothingIsLostByTheEnd(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) { c.Rates = engineio.Rates{Messages: 1, Ahead: time.Millisecond} })
	w := st.rawSocket("EIO=4&transport=websocket", "")
	defer w.Close()
	go drain(w)
	for n := range 300 {
		_, _ = w.Write(client(0x81, fmt.Sprint("4", n)))
	}
	_ = tcp(w.Conn).CloseWrite()
	st.wantClose(engineio.ReasonTransportClose)
	if n := len(st.messages()); n != 300 {
		t.Errorf("received %d messages", n)
	}
}

// The heartbeat of a browser that is read later is not its fault.
func TestRates_HeartbeatGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { c.Rates = engineio.Rates{Messages: 1, Ahead: time.Second} })
		st.Timeout = time.Hour
		w := st.rawSocketIn("EIO=4&transport=websocket")
		go func() {
			for range 200 {
				if _, err := w.Write(client(0x81, "4x")); err != nil {
					return
				}
			}
		}()
		go drain(w)
		virtualtime.Pass(190 * time.Second)
		if n := len(st.closes); n > 0 {
			t.Errorf("%+v", <-st.closes)
		}
		_ = w.Close()
	})
}

// Behind a proxy that is trusted each browser has its own share, and is known by its own address.
func TestRates_BehindAProxy(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) {
		c.Rates = engineio.Rates{Handshakes: 1, HandshakeBurst: 1}
		c.Proxies.Trusted = []string{"127.0.0.1"}
	})
	const query = "EIO=4&transport=polling"
	from := func(address string) int {
		return st.Do("GET", query, "", http.Header{"X-Forwarded-For": {address}}).Status
	}
	if first, again, other := from("198.51.100.1"), from("198.51.100.1"), from("198.51.100.2"); first != 200 || again != 429 || other != 200 {
		t.Errorf("%d, %d, %d", first, again, other)
	}
	if got := st.session(0).Handshake().RemoteAddress(); got != "198.51.100.1" {
		t.Errorf("known as %s", got)
	}
}

// Pings count as messages: whoever sends them without end is read later, too, and is answered.
func TestRates_Pings(t *testing.T) {
	for transport, deflate := range map[string]bool{"poller": false, "reader": true} {
		t.Run(transport, func(t *testing.T) {
			var limits reached
			st := newTCPStation(t, func(c *engineio.Config) {
				c.Rates = engineio.Rates{Messages: 100, Ahead: time.Second, Bytes: -1}
				c.PerMessageDeflate.Enabled = &deflate
				limits.note(c)
			})
			w := st.rawSocket("EIO=4&transport=websocket", "")
			defer w.Close()
			start, pongs := time.Now(), 0
			for n := range 15 { // one after the other, as what is read at once is taken at once
				text := fmt.Sprint("4", n)
				_, _ = w.Write([]byte(strings.Repeat(string(client(0x89, "")), 20) + string(client(0x81, text))))
				for op, data := w.frame(); string(data) != text; op, data = w.frame() {
					if op == 10 {
						pongs++
					}
				}
			}
			if took := time.Since(start); took < time.Second || pongs < 15 {
				t.Errorf("300 pings at 100 a second took %v, %d answers", took, pongs)
			}
			limits.want(t, "rates.messages")
		})
	}
}
