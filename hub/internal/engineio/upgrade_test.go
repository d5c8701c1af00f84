package engineio_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
)

// pending starts a poll that is expected to be held.
func (st *station) pending(query string) <-chan hubtest.Answer {
	answers := make(chan hubtest.Answer, 1)
	go func() {
		a, _ := st.Try(context.Background(), http.MethodGet, query, "", nil)
		answers <- a
	}()
	return answers
}

func (st *station) await(answers <-chan hubtest.Answer) hubtest.Answer {
	st.t.Helper()
	timer := time.NewTimer(st.Timeout)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a
	case <-timer.C:
		st.t.Fatal("the request was not answered")
		return hubtest.Answer{}
	}
}

func probeQuery(query string) string { return strings.Replace(query, "polling", "websocket", 1) }

func TestUpgrade_PendingPollGetsANoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		poll := st.pending(query)
		synctest.Wait()
		f := st.Frames(probeQuery(query))
		st.probed(f)
		if a := st.await(poll); a.Status != 200 || a.Body != "6" {
			t.Errorf("pending poll: %+v", a)
		}
		for range 3 {
			if a := st.Get(query); a.Status != 200 || a.Body != "6" {
				t.Errorf("poll during the upgrade: %+v", a)
			}
		}
		_ = f.Write("5")
		synctest.Wait()
		if a := st.Get(query); a.Status != 400 || a.Body != `{"code":3,"message":"Bad request"}` {
			t.Errorf("poll after the upgrade: %+v", a)
		}
		if a := st.Post(query, "4hello"); a.Status != 400 || a.Body != `{"code":3,"message":"Bad request"}` {
			t.Errorf("post after the upgrade: %+v", a)
		}
		_ = f.Write("4hello")
		if p := f.Next(); p != "4hello" {
			t.Errorf("got %q", p)
		}
		if got := st.session(0).TransportName(); got != "websocket" {
			t.Errorf("transport %q", got)
		}
	})
}

// Some clients do not wait for the end of their poll. It came before the upgrade, and is no mistake.
func TestUpgrade_PendingPollOfAHastyBrowserGetsANoop(t *testing.T) {
	st := newTCPStation(t, nil)
	query := st.handshake()
	poll := st.pending(query)
	st.wantPoll()
	f := st.Frames(probeQuery(query))
	_, err := f.Conn.NetConn().Write(append(client(0x81, "2probe"), client(0x81, "5")...))
	if p := f.Next(); err != nil || p != "3probe" {
		t.Fatalf("got %q, %v", p, err)
	}
	if a := st.await(poll); a.Status != 200 || a.Body != "6" {
		t.Errorf("pending poll: %+v", a)
	}
	if a := st.Get(query); a.Status != 400 {
		t.Errorf("poll after the upgrade: %+v", a)
	}
}

// The upgrade packet and the browser's next poll travel on two connections: the poll may come first.
func TestUpgrade_PollThatOvertakesThePacket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		f := st.Frames(probeQuery(query))
		st.probed(f)
		start := time.Now()
		poll := st.pending(query)
		synctest.Wait()
		_ = f.Write("5")
		if a := st.await(poll); a.Status != 400 || a.Body != `{"code":3,"message":"Bad request"}` {
			t.Errorf("%+v", a)
		}
		if d := time.Since(start); d != 0 {
			t.Errorf("took %v", d)
		}
	})
}

func TestUpgrade_KeepsOrderInBothDirections(t *testing.T) {
	for _, serve := range []func(*testing.T, func(*engineio.Config)) *station{newStation, newTCPStation} {
		st := serve(t, nil)
		b := st.Open(hubtest.Options{})
		s := st.session(0)
		sent := make(chan struct{})
		const n = 400
		go func() {
			defer close(sent)
			for i := range n {
				_ = s.Send(nil, []*engineio.Message{text(fmt.Sprint("down", i))}, false)
			}
		}()
		for i := range 20 {
			b.Send(fmt.Sprint("4up", i))
		}
		b.Upgrade()
		for i := range 20 {
			b.Send(fmt.Sprint("4up", 20+i))
		}
		<-sent
		down, up := 0, 0
		for down < n || up < 40 {
			switch p := b.Next(); p {
			case fmt.Sprint("4down", down):
				down++
			case fmt.Sprint("4up", up):
				up++
			default:
				t.Fatalf("got %q after %d down and %d up", p, down, up)
			}
		}
		for i, m := range st.messages() {
			if m != fmt.Sprint("up", i) {
				t.Fatalf("message %d is %q", i, m)
			}
		}
	}
}

func TestUpgrade_QueuedPacketsFollow(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	f := st.Frames(probeQuery(query))
	st.probed(f)
	for i := range 3 {
		_ = st.session(0).Send(nil, []*engineio.Message{text(fmt.Sprint(i))}, false)
	}
	_ = f.Write("5")
	for i := range 3 {
		if p := f.Next(); p != fmt.Sprint("4", i) {
			t.Errorf("got %q", p)
		}
	}
}

// Whatever a probe does wrong ends the probe alone.
func TestUpgrade_WrongProbesLeaveTheSessionAlone(t *testing.T) {
	for _, lines := range [][]string{
		{"2"}, {"2probe2"}, {"3probe"}, {"4hello"}, {"5"}, {""}, {"junk"}, {"b4Q=="}, {"bAQID"}, {"1"}, {"\xff"},
		{"2probe", "2probe"}, {"2probe", "4hello"}, {"2probe", "1"}, {"2probe", "junk"},
	} {
		t.Run(strings.Join(lines, ","), func(t *testing.T) {
			st := newStation(t, nil)
			b := st.Open(hubtest.Options{})
			f := st.Frames(probeQuery(b.Query()))
			for i, line := range lines {
				if i > 0 {
					f.Next()
				}
				_ = f.Write(line)
			}
			if code := f.WaitClose(); code == 1006 {
				t.Errorf("closed without a close frame")
			}
			b.Send("4hello")
			b.Expect("4hello")
			b.Upgrade() // and it may try again
			b.Send("4again")
			b.Expect("4again")
		})
	}
}

func TestUpgrade_ProbeThatBreaksOff(t *testing.T) {
	for _, lines := range []int{0, 1} {
		st := newTCPStation(t, nil)
		b := st.Open(hubtest.Options{})
		f := st.Frames(probeQuery(b.Query()))
		for range lines {
			_ = f.Write("2probe")
			f.Next()
		}
		f.Cut()
		b.Send("4hello")
		b.Expect("4hello")
		if st.session(0).TransportName() != "polling" {
			t.Error("moved")
		}
	}
}

func TestUpgrade_UnfinishedIsDroppedInTime(t *testing.T) {
	for _, lines := range []int{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			st := newStation(t, nil)
			st.Timeout = time.Minute
			query := st.handshake()
			f := st.Frames(probeQuery(query))
			start := time.Now()
			for range lines {
				_ = f.Write("2probe")
				f.Next()
			}
			f.WaitClose()
			if d := time.Since(start); d != 10*time.Second {
				t.Errorf("dropped after %v", d)
			}
			poll := st.pending(query)
			synctest.Wait()
			if len(poll) != 0 {
				t.Error("polls are not held again")
			}
			st.Post(query, "4hello")
			if a := st.await(poll); a.Body != "4hello" {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestUpgrade_SecondWebSocketIsClosed(t *testing.T) {
	for _, row := range []struct {
		name string
		open func(st *station) (b *hubtest.Browser)
	}{
		{"after an upgrade", func(st *station) *hubtest.Browser { return st.Open(hubtest.Options{Transport: hubtest.Upgraded}) }},
		{"of a WebSocket session", func(st *station) *hubtest.Browser { return st.Open(hubtest.Options{Transport: hubtest.WebSocket}) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			st := newStation(t, nil)
			b := row.open(st)
			f := st.Frames(probeQuery(b.Query()))
			if code := f.WaitClose(); code != 1000 {
				t.Errorf("code %d", code)
			}
			b.Send("4hello")
			b.Expect("4hello")
		})
	}
	t.Run("beside a probe", func(t *testing.T) {
		st := newStation(t, nil)
		b := st.Open(hubtest.Options{})
		first := st.Frames(probeQuery(b.Query()))
		if code := st.Frames(probeQuery(b.Query())).WaitClose(); code != 1000 {
			t.Errorf("code %d", code)
		}
		st.probed(first)
	})
	t.Run("upgrades disabled", func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { c.Upgrade.Disabled = true })
		b := st.Open(hubtest.Options{})
		if code := st.Frames(probeQuery(b.Query())).WaitClose(); code != 1000 {
			t.Errorf("code %d", code)
		}
	})
}

func TestUpgrade_SessionThatEndsTakesItsProbeAlong(t *testing.T) {
	for _, lines := range []int{0, 1} {
		st := newStation(t, nil)
		query := st.handshake()
		f := st.Frames(probeQuery(query))
		for range lines {
			_ = f.Write("2probe")
			f.Next()
		}
		st.Post(query, "1")
		st.wantClose(engineio.ReasonTransportClose)
		f.WaitClose()
	}
}

// The browser has stopped to poll when the server closes the session: its last messages have to come by
// the WebSocket.
func TestUpgrade_FinishesForASessionThatCloses(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	f := st.Frames(probeQuery(query))
	st.probed(f)
	s := st.session(0)
	_ = s.Send(nil, []*engineio.Message{text("last")}, false)
	s.Close(engineio.Close{Reason: engineio.ReasonForcedClose})
	st.wantClose(engineio.ReasonForcedClose)
	_ = f.Write("5")
	if p := f.Next(); p != "4last" {
		t.Errorf("got %q", p)
	}
	if code := f.WaitClose(); code != 1000 {
		t.Errorf("code %d", code)
	}
}

func TestUpgrade_IsTraced(t *testing.T) {
	st := newStation(t, nil)
	b := st.Open(hubtest.Options{})
	f := st.Frames(probeQuery(b.Query()))
	_ = f.Write("5")
	f.WaitClose()
	b.Upgrade()
	b.Send("4x")
	b.Expect("4x")
	st.mu.Lock()
	defer st.mu.Unlock()
	if fmt.Sprint(st.upgrades) != "[false true]" {
		t.Errorf("%v", st.upgrades)
	}
}

// A ping frame is answered at every stage, and one before the upgrade does not silence the pongs behind it.
func TestUpgrade_PingFramesAreAnswered(t *testing.T) {
	st := newTCPStation(t, nil)
	f := st.Frames(probeQuery(st.handshake()))
	var pongs []string
	f.Conn.SetPongHandler(func(data string) error {
		pongs = append(pongs, data)
		return nil
	})
	for _, stage := range []struct{ send, answer string }{{"2probe", "3probe"}, {"5", ""}, {"4hello", "4hello"}} {
		if err := f.Conn.WriteControl(websocket.PingMessage, []byte(stage.send), time.Time{}); err != nil {
			t.Fatal(err)
		}
		_ = f.Write(stage.send)
		if stage.answer == "" {
			continue
		}
		if p := f.Next(); p != stage.answer {
			t.Fatalf("got %q", p)
		}
	}
	if want := []string{"2probe", "5", "4hello"}; !slices.Equal(pongs, want) {
		t.Errorf("pongs %q, want %q", pongs, want)
	}
}

// A ping between the fragments of a message is answered with its own data, though the message is put together over it.
func TestWebSocket_PingWithinAMessage(t *testing.T) {
	st := newTCPStation(t, nil)
	w := st.rawSocket("EIO=4&transport=websocket", "")
	defer w.Close()
	piece := strings.Repeat("x", 60)
	_, _ = w.Write(slices.Concat(client(0x01, "4"), client(0x89, "first"), client(0x00, piece), client(0x89, "last"), client(0x80, piece)))
	var got []string
	for range 2 {
		_, data := w.frame()
		got = append(got, string(data))
	}
	if slices.Sort(got); !slices.Equal(got, []string{"4" + piece + piece, "last"}) {
		t.Errorf("%q", got)
	}
}
