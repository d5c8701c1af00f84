package engineio_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

// packets is a payload of so many messages.
func packets(n int) string { return strings.TrimSuffix(strings.Repeat("4x\x1e", n), "\x1e") }

// withoutEcho lets the sessions of a station answer nothing.
func withoutEcho(c *engineio.Config) {
	station := c.OnSession
	c.OnSession = func(s *engineio.Session) engineio.Handler {
		station(s)
		return &owned{user: func() string { return "" }}
	}
}

// A browser whose POST is answered late for its rate cannot send its pong, which is not missed.
func TestDelay_PongsAreNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) {
			c.Rates = engineio.Rates{Messages: 10, Ahead: time.Second}
			withoutEcho(c)
		})
		st.Timeout = time.Hour
		query := st.handshake()
		polled := make(chan string, 1)
		go func() { polled <- st.Get(query).Body }()
		virtualtime.Pass(24 * time.Second)
		if a := st.Post(query, packets(401)); a.Body != "ok" { // for 25 s; the ping comes after one
			t.Errorf("%+v", a)
		}
		if body := <-polled; body != "2" {
			t.Errorf("polled %q", body)
		}
		if a := st.Post(query, "3"); a.Body != "ok" {
			t.Errorf("pong: %+v", a)
		}
		st.noClose()
	})
}

// Nor can it send its upgrade packet, and its probe is cut as much later.
func TestDelay_UpgradeTimeoutStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) {
			c.Rates = engineio.Rates{Messages: 10, Ahead: time.Second}
			withoutEcho(c)
		})
		st.Timeout = time.Hour
		query := st.handshake()
		f := st.Frames(probeQuery(query))
		st.probed(f)
		if a := st.Post(query, packets(200)); a.Body != "ok" { // for 19 s
			t.Errorf("%+v", a)
		}
		virtualtime.Pass(9 * time.Second)
		st.upgraded(f, st.session(0))

		query = st.handshake()
		f = st.Frames(probeQuery(query))
		start := time.Now()
		st.Post(query, packets(200))
		f.WaitClose()
		if d := time.Since(start); d != 29*time.Second {
			t.Errorf("one that does not go on is cut after %v", d)
		}
	})
}

// A POST that was held is not delayed for 25 s more.
func TestDelay_HeldAndDelayedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, query, s := pausedPolling(t, func(c *engineio.Config) { c.Rates = engineio.Rates{Messages: 10, Ahead: time.Second} })
		for _, resumed := range []bool{false, true} {
			start := time.Now()
			answers := st.posting(query, packets(401))
			if resumed {
				virtualtime.Pass(20 * time.Second)
				s.Resume()
			}
			if a := st.await(answers); a.Body != "ok" || time.Since(start) != 25*time.Second {
				t.Errorf("resumed %v: %+v after %v", resumed, a, time.Since(start))
			}
		}
		if a := st.Post(query, "3"); a.Body != "ok" {
			t.Errorf("%+v", a)
		}
	})
}

// What a POST leaves of the wait for the rate of its user is waited for by the next ones, with and without a rate of
// the browser.
func TestDelay_TheNextOnesWaitForTheRest(t *testing.T) {
	for _, own := range []int64{0, -1} { // the default; none
		synctest.Test(t, func(t *testing.T) {
			st := newStation(t, func(c *engineio.Config) {
				c.Rates = engineio.Rates{UserMessages: 10, UserBytes: -1, Ahead: time.Second, Messages: own, Bytes: own}
				owners(c, "ann")
			})
			st.Timeout = time.Hour
			query := st.handshake()
			start := time.Now()
			st.Post(query, packets(601)) // 60.1 s, of which 1 s may be ahead
			st.Post(query, "4x")
			if d := time.Since(start); d != 50*time.Second {
				t.Errorf("own rate %d: the second was answered after %v", own, d)
			}
			st.Post(query, "4x")
			if d := time.Since(start); d < 59*time.Second || d > 60*time.Second {
				t.Errorf("own rate %d: the third was answered after %v", own, d)
			}
		})
	}
}
