package engineio_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

// inBubble runs a test in virtual time over every transport.
func inBubble(t *testing.T, f func(t *testing.T, transport hubtest.Transport)) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		synctest.Test(t, func(t *testing.T) { f(t, transport) })
	})
}

func TestHeartbeat_PingsAtExactTimes(t *testing.T) {
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		start := time.Now()
		b := st.Open(hubtest.Options{Transport: transport, Pings: true})
		b.Expect("2")
		if d := time.Since(start); d != 25*time.Second {
			t.Errorf("first ping after %v", d)
		}
		virtualtime.Pass(7 * time.Second) // the pong is late, but in time
		b.Send("3")
		b.Expect("2")
		if d := time.Since(start); d != 57*time.Second {
			t.Errorf("second ping after %v, want 25 s from the pong", d)
		}
	})
}

func TestHeartbeat_LivesAsLongAsTheBrowserAnswers(t *testing.T) {
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		b.Quiet(time.Hour)
		b.Send("4still here")
		b.Expect("4still here")
	})
}

func TestHeartbeat_NoPongEndsTheSession(t *testing.T) {
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		start := time.Now()
		b := st.Open(hubtest.Options{Transport: transport, Pings: true})
		c := st.wantClose(engineio.ReasonPingTimeout)
		if d := time.Since(start); d != 45*time.Second {
			t.Errorf("closed after %v (%+v)", d, c)
		}
		if end := b.WaitEnd(); !end.Told {
			t.Errorf("the browser was not told: %+v", end)
		}
		if d := time.Since(start); d != 45*time.Second {
			t.Errorf("the browser was told after %v", d)
		}
	})
}

// The public suite polls exactly then; whoever is scheduled first, the session is over.
func TestHeartbeat_PollAtTheVeryMomentFindsItOver(t *testing.T) {
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			st := newStation(t, nil)
			query := st.handshake()
			time.Sleep(45 * time.Second)
			if a := st.Get(query); a.Status != 400 {
				t.Fatalf("%+v", a)
			}
			st.wantClose(engineio.ReasonPingTimeout)
		})
	}
}

func TestHeartbeat_OtherPacketsDoNotCount(t *testing.T) {
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		start := time.Now()
		b := st.Open(hubtest.Options{Transport: transport, Pings: true})
		for range 4 {
			virtualtime.Pass(10 * time.Second)
			b.Send("4chatter", "6", "0", "5")
		}
		st.wantClose(engineio.ReasonPingTimeout)
		if d := time.Since(start); d != 45*time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

func TestHeartbeat_UnaskedPongsAreIgnored(t *testing.T) {
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		start := time.Now()
		b := st.Open(hubtest.Options{Transport: transport, Pings: true})
		virtualtime.Pass(10 * time.Second)
		b.Send("3", "3", "3probe")
		b.Expect("2")
		if d := time.Since(start); d != 25*time.Second {
			t.Errorf("ping after %v", d)
		}
	})
}

func TestHeartbeat_PingFromTheBrowserEndsTheSession(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		b.Send("2")
		st.wantClose(engineio.ReasonTransportError)
		b.WaitEnd()
	})
}

// The reference drops the pong timer when an upgrade completes between a ping and its pong; a pong
// that gets lost then leaves the session without heartbeat for ever.
func TestHeartbeat_KeepsItsTimeOverAnUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		start := time.Now()
		b := st.Open(hubtest.Options{Pings: true})
		b.Expect("2")
		virtualtime.Pass(time.Second)
		b.Upgrade()
		st.wantClose(engineio.ReasonPingTimeout)
		if d := time.Since(start); d != 45*time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

func TestHeartbeat_AbandonedPollingSessionIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		for range 100 {
			st.handshake()
		}
		virtualtime.Pass(45*time.Second - 1)
		if n := st.engine.SessionCount(); n != 100 {
			t.Errorf("%d sessions before the time-out", n)
		}
		virtualtime.Pass(2 * time.Nanosecond)
		if n := st.engine.SessionCount(); n != 0 {
			t.Errorf("%d sessions after it", n)
		}
	})
}

func TestHeartbeat_ManySessionsShareTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = 2 * time.Minute
		var dumb, live []*hubtest.Browser
		for i := range 20 {
			transport := []hubtest.Transport{hubtest.Polling, hubtest.WebSocket}[i%2]
			live = append(live, st.Open(hubtest.Options{Transport: transport}))
			virtualtime.Pass(300 * time.Millisecond)
			dumb = append(dumb, st.Open(hubtest.Options{Transport: transport, Pings: true}))
		}
		for range dumb {
			st.wantClose(engineio.ReasonPingTimeout)
		}
		for _, b := range live {
			b.Send("4alive")
			b.Expect("4alive")
		}
	})
}
