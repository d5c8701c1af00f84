package engineio_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

// pauseAt pauses a session from within its handler, at a message of this text.
func pauseAt(text string) func(*engineio.Session, string) {
	return func(s *engineio.Session, received string) {
		if received == text {
			s.Pause()
		}
	}
}

func (st *station) wantReceived(want ...string) {
	st.t.Helper()
	if got := st.messages(); !slices.Equal(got, want) {
		st.t.Errorf("received %q, want %q", got, want)
	}
}

// The message behind the one at which the handler pauses is held, though it came in the same payload.
func TestPause_PollingHoldsThePost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		st.onMessage = pauseAt("pause")
		query := st.handshake()
		answers := st.posting(query, "4one\x1e4pause\x1e4two\x1e3\x1e4three")
		st.wantReceived("one", "pause")
		if a := st.Get(query); a.Body != "4one\x1e4pause" { // writes go on
			t.Errorf("poll: %+v", a)
		}
		virtualtime.Pass(24 * time.Second)
		if len(answers) > 0 {
			t.Error("the post was answered")
		}
		st.session(0).Resume()
		if a := st.await(answers); a.Status != 200 || a.Body != "ok" {
			t.Errorf("post: %+v", a)
		}
		st.wantReceived("one", "pause", "two", "three")
		if a := st.Post(query, "4four"); a.Body != "ok" {
			t.Errorf("post after it: %+v", a)
		}
	})
}

// A post is held for 25 s and no longer. Its messages stay with the session, and the next one is held behind it.
func TestPause_PollingAnsweredInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, query, s := pausedPolling(t, nil)
		start := time.Now()
		if a := st.Post(query, "3"); a.Body != "ok" || time.Since(start) != 0 { // no message
			t.Errorf("post of a pong: %+v", a)
		}
		for n, body := range []string{"4one\x1e3\x1e4two", "4three", "4four\x1ebAQID"} {
			if a := st.Post(query, body); a.Status != 200 || a.Body != "ok" {
				t.Errorf("post: %+v", a)
			}
			if d := time.Since(start); d != time.Duration(n+1)*25*time.Second {
				t.Errorf("answered after %v", d)
			}
		}
		st.wantReceived()
		answers := st.posting(query, "4five")
		s.Resume()
		st.await(answers)
		want := []string{"one", "two", "three", "four", "\x01\x02\x03", "five"}
		st.wantReceived(want...)
		if a := st.Post(query, "4six"); a.Body != "ok" {
			t.Errorf("post: %+v", a)
		}
		st.wantReceived(append(want, "six")...)
	})
}

// What was left is handed up by Resume, though no post is there.
func TestPause_PollingPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		st.onMessage = pauseAt("two")
		query := st.handshake()
		s := st.session(0)
		s.Pause()
		st.Post(query, "4one\x1e4two\x1e4three\x1e1")
		s.Resume()
		synctest.Wait()
		st.wantReceived("one", "two")
		if n := len(st.closes); n > 0 {
			t.Error("closed before the last message")
		}
		s.Resume()
		st.wantClose(engineio.ReasonTransportClose)
		st.wantReceived("one", "two", "three")
	})
}

// What is left is bounded, and so is its number of packets.
func TestPause_PollingPendingIsBounded(t *testing.T) {
	cases := map[string]struct {
		body   string
		reason engineio.Reason
	}{
		"bytes":   {"4" + strings.Repeat("x", 60), engineio.ReasonForcedClose},
		"packets": {strings.Repeat("4\x1e", 20) + "4", engineio.ReasonParseError},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st, query, _ := pausedPolling(t, func(c *engineio.Config) { c.MaxPayload, c.Limits.PacketsPerPayload = 100, 20 })
				for len(st.closes) == 0 {
					st.Post(query, c.body)
					synctest.Wait()
				}
				st.wantClose(c.reason)
				st.wantReceived()
			})
		})
	}
}

// The number of packets is a limit of each post, not of what is left of several that were answered.
func TestPause_PollingPendingOfSeveralPosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, query, s := pausedPolling(t, func(c *engineio.Config) { c.Limits.PacketsPerPayload = 20 })
		body := "4x" + strings.Repeat("\x1e4x", 14)
		for range 2 {
			if a := st.Post(query, body); a.Status != 200 {
				t.Errorf("post: %+v", a)
			}
		}
		s.Resume()
		synctest.Wait()
		st.noClose()
		if n := len(st.messages()); n != 30 {
			t.Errorf("received %d messages", n)
		}
	})
}

// While a post is held the time for an upgrade stands still, and what was left goes before what comes by
// WebSocket.
func TestPause_UpgradeBehindAHeldPost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, query, s := pausedPolling(t, nil)
		f := st.Frames(probeQuery(query))
		virtualtime.Pass(5 * time.Second)
		answers := st.posting(query, "4one\x1e4two")
		st.probed(f)
		if a := st.await(answers); a.Body != "ok" {
			t.Errorf("post: %+v", a)
		}
		virtualtime.Pass(4 * time.Second)
		st.upgraded(f, s)
		go func() { _ = f.Write("4three") }()
		synctest.Wait()
		st.wantReceived()
		s.Resume()
		for _, want := range []string{"4one", "4two", "4three"} {
			for p := f.Next(); p != want; p = f.Next() {
				if p != "2" { // a ping
					t.Errorf("got %q, want %q", p, want)
				}
			}
		}
	})
}

// A probe that does not go on is still cut, by as much later as the post was held.
func TestPause_UpgradeTimeoutStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, query, _ := pausedPolling(t, nil)
		f := st.Frames(probeQuery(query))
		start := time.Now()
		virtualtime.Pass(5 * time.Second)
		st.Post(query, "4one")
		f.WaitClose()
		if d := time.Since(start); d != 35*time.Second {
			t.Errorf("cut after %v", d)
		}
	})
}

// What ends a session also ends its post.
func TestPause_PollingCloseReleasesThePost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, query, s := pausedPolling(t, nil)
		answers := st.posting(query, "4one")
		s.Close(engineio.Close{Reason: "over"})
		st.await(answers)
		st.wantReceived()
		if a := st.Get(query); a.Body != "6\x1e1" {
			t.Errorf("last poll: %+v", a)
		}
		st.wantClose("over")
	})
}

// A WebSocket that a goroutine reads holds the message as well, and receives the browser's pings and
// pongs that stand before it.
func TestPause_ReaderHoldsTheNextMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.onMessage = pauseAt("pause")
		w := st.rawSocketIn("EIO=4&transport=websocket")
		_, _ = w.Write(slices.Concat(client(0x81, "4pause"), client(0x89, "ping"), client(0x81, "3")))
		w.frame() // the echo
		if op, data := w.frame(); op != 10 || string(data) != "ping" {
			t.Errorf("answer to a ping: %d %q", op, data)
		}
		go func() { _, _ = w.Write(slices.Concat(client(0x81, "4two"), client(0x81, "4three"))) }()
		synctest.Wait()
		st.wantReceived("pause")
		_ = st.session(0).Send(nil, []*engineio.Message{text("down")}, false)
		if _, data := w.frame(); string(data) != "4down" {
			t.Errorf("got %q", data)
		}
		st.session(0).Resume()
		for _, want := range []string{"4two", "4three"} {
			if _, data := w.frame(); string(data) != want {
				t.Errorf("got %q", data)
			}
		}
		_ = w.Close()
		st.wantClose(engineio.ReasonTransportClose)
	})
}

// The pongs of a paused browser cannot be read, so none is missed; after Resume they are.
func TestPause_PongsAreNotMissed(t *testing.T) {
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		st.Timeout = time.Hour
		b := st.Open(hubtest.Options{Transport: transport, Pings: true})
		st.session(0).Pause()
		if transport != hubtest.Polling {
			b.Send("4held")
		}
		b.Expect("2")
		start := time.Now()
		for n := range 10 {
			b.Expect("2") // asked for again
			if d := time.Since(start); d != time.Duration(n+1)*20*time.Second {
				t.Errorf("ping %d after %v", n, d)
			}
		}
		start = time.Now()
		virtualtime.Pass(19 * time.Second)
		st.session(0).Resume()
		st.wantClose(engineio.ReasonPingTimeout)
		if d := time.Since(start); d != 39*time.Second {
			t.Errorf("closed after %v", d)
		}
	})
}

// A session that moves while it is paused stays paused.
func TestPause_Upgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st, query, s := pausedPolling(t, nil)
		f := st.Frames(probeQuery(query))
		st.probed(f)
		st.upgraded(f, s)
		go func() { _ = f.Write("4one"); _ = f.Write("4two") }()
		synctest.Wait()
		st.wantReceived()
		s.Pause() // again
		s.Resume()
		for _, want := range []string{"4one", "4two"} {
			if p := f.Next(); p != want {
				t.Errorf("got %q", p)
			}
		}
		s.Resume()
	})
}

// Pause and Resume are no more than that on a session that has ended, or is about to.
func TestPause_ClosedInOrder(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		s := st.session(0)
		s.Pause()
		_ = s.Send(nil, []*engineio.Message{text("last")}, false)
		s.Close(engineio.Close{Reason: "over"})
		b.Expect("4last")
		b.WaitEnd()
		st.wantClose("over")
		s.Resume()
		s.Pause()
	})
}

// A polling browser that goes while its post is held, or what it sent is left, has sent that.
func TestPause_PollBreaksBehindWhatIsHeld(t *testing.T) {
	for _, answered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			st, query, s := pausedPolling(t, nil)
			posted := st.posting(query, "4one\x1e4two")
			if answered {
				st.await(posted)
			}
			poll, leave := context.WithCancel(t.Context())
			go func() {
				for poll.Err() == nil { // the first may be answered with a ping
					_, _ = st.Try(poll, "GET", query, "", nil)
				}
			}()
			synctest.Wait()
			leave()
			synctest.Wait()
			virtualtime.Pass(time.Second)
			st.noClose()
			if err := s.Send(nil, text("lost").Unit(), false); !errors.Is(err, engineio.ErrSessionClosed) {
				t.Error(err)
			}
			s.Resume()
			st.wantClose(engineio.ReasonTransportError)
			st.wantReceived("one", "two")
			if !answered {
				st.await(posted)
			}
		})
	}
}

// The end of a pipe is found by a ping, and what had been read before it is handed up.
func TestPause_PipeEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		w := st.rawSocketIn("EIO=4&transport=websocket")
		s := st.session(0)
		s.Pause()
		_, _ = w.Write(client(0x81, "4one"))
		_ = w.Close()
		virtualtime.Pass(time.Minute)
		st.noClose()
		s.Resume()
		st.wantClose(engineio.ReasonTransportClose)
		st.wantReceived("one")
	})
}
