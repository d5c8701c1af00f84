package engineio_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/internal/virtualtime"
)

// fill sends until the outbox is full and returns how many messages it took.
func fill(t *testing.T, s *engineio.Session, m *engineio.Message) int {
	t.Helper()
	for n := range 100_000 {
		err := s.Send(nil, []*engineio.Message{m}, false)
		if err == nil {
			continue
		}
		if !errors.Is(err, engineio.ErrOutboxFull) {
			t.Fatalf("after %d: %v", n, err)
		}
		return n
	}
	t.Fatal("no limit")
	return 0
}

func (st *station) wantSlow(why string) {
	st.t.Helper()
	if c := st.wantClose(engineio.ReasonForcedClose); !strings.Contains(c.Detail, "slow browser") {
		st.t.Errorf("%+v", c)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if !slices.Equal(st.slow, []string{why}) {
		st.t.Errorf("counted %q, want %q", st.slow, why)
	}
}

func TestOutbox_BoundedInBytes(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	s := st.session(0)
	if n := fill(t, s, text(strings.Repeat("x", 100_000))); n != 336 { // 32 MiB
		t.Errorf("took %d", n)
	}
	st.wantSlow("outbox_full")
	if a := st.Get(query); a.Status != 400 {
		t.Errorf("%+v", a)
	}
	if err := s.Send(nil, []*engineio.Message{text("x")}, false); !errors.Is(err, engineio.ErrSessionClosed) {
		t.Errorf("%v", err)
	}
}

// What one handler sends between two polls is no matter of the browser's speed.
func TestOutbox_ManyBetweenTwoPolls(t *testing.T) {
	for _, c := range []struct{ number, size int }{{2000, 10}, {20, 100_000}, {60, 100_000}} {
		synctest.Test(t, func(t *testing.T) {
			st := newStation(t, nil)
			query := st.handshake()
			for range c.number {
				if err := st.session(0).Send(nil, text(strings.Repeat("x", c.size)).Unit(), false); err != nil {
					t.Fatal(err)
				}
			}
			virtualtime.Pass(18 * time.Second)
			if a := st.Get(query); len(a.Body) != c.number*(c.size+2)-1 {
				t.Errorf("%d bytes", len(a.Body))
			}
			if _, ok := st.anyClose(); ok {
				t.Error("closed")
			}
		})
	}
}

func (st *station) anyClose() (engineio.Close, bool) {
	select {
	case c := <-st.closes:
		return c, true
	default:
		return engineio.Close{}, false
	}
}

// A browser that polls no more is too slow after 20 s, with a message waiting; what the server itself has to say is
// the heartbeat's matter.
func TestOutbox_NoPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		st.Timeout = time.Minute
		query := st.handshake()
		for range 30 { // it does poll, if rarely
			_ = st.session(0).Send(nil, text("x").Unit(), false)
			virtualtime.Pass(15 * time.Second)
			if a := st.Get(query); !strings.Contains(a.Body, "4x") {
				t.Fatalf("%+v", a)
			}
			st.Post(query, "3")
		}
		start := time.Now()
		_ = st.session(0).Send(nil, text("x").Unit(), false)
		st.wantSlow("no_progress")
		if d := time.Since(start); d < 20*time.Second || d > 22*time.Second {
			t.Errorf("after %v", d)
		}
		st.handshake()
		start = time.Now()
		st.wantClose(engineio.ReasonPingTimeout)
		if d := time.Since(start); d != 45*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// A browser that reads slowly gets everything as long as it goes on, and is too slow below 4 KiB/s with more than
// 1 MiB waiting.
func TestOutbox_Pace(t *testing.T) {
	for _, c := range []struct {
		size int // in messages of 100 KB
		pace int // bytes a second
		slow bool
	}{{60, 2_000_000, false}, {20, 8 << 10, false}, {20, 1 << 10, true}, {8, 1 << 10, false}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStation(t, func(c *engineio.Config) { c.Heartbeat.Interval = time.Hour })
				st.Timeout = time.Hour
				w := st.rawSocketIn("EIO=4&transport=websocket")
				_ = w.SetDeadline(time.Time{})
				for range c.size {
					_ = st.session(0).Send(nil, text(strings.Repeat("x", 100_000)).Unit(), false)
				}
				total := c.size * 100_000
				for got := 0; got < total; {
					n, err := io.ReadFull(w.r, make([]byte, min(c.pace, total-got)))
					if got += n; err != nil {
						break
					}
					time.Sleep(time.Second)
				}
				if c.slow {
					st.wantSlow("too_slow")
				} else if c, ok := st.anyClose(); ok {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

// What waits for all is bounded: who has taken nothing for longest goes first, and what a broadcast shares counts
// once.
func TestOutbox_InSum(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { c.Limits.OutboxTotalBytes = 4 << 20 })
		st.Timeout = time.Minute
		const browsers = 30
		for range browsers {
			st.handshake()
		}
		shared := engineio.NewTextMessage([]byte("4"+strings.Repeat("x", 1<<20)), true)
		for n := range browsers {
			for range 3 {
				_ = st.session(n).Send(nil, shared.Unit(), false)
			}
		}
		virtualtime.Pass(3 * time.Second)
		if c, ok := st.anyClose(); ok {
			t.Fatalf("a broadcast counts for each: %+v", c)
		}
		for n := range browsers {
			_ = st.session(n).Send(nil, text(strings.Repeat("x", 1<<20)).Unit(), false)
			virtualtime.Pass(10 * time.Millisecond)
		}
		virtualtime.Pass(2 * time.Second)
		closed := 0
		for {
			c, ok := st.anyClose()
			if !ok {
				break
			}
			if closed++; !strings.Contains(c.Detail, "node") {
				t.Errorf("%+v", c)
			}
		}
		if closed < browsers-4 || closed >= browsers {
			t.Errorf("%d closed", closed)
		}
	})
}

// A browser whose outbox is half full is not read further before it is below a quarter, and then answered
// everything, in order.
func TestOutbox_HalfFullIsNotReadFurther(t *testing.T) {
	const messages, size = 4000, 100
	inBubble(t, func(t *testing.T, transport hubtest.Transport) {
		st := newStation(t, func(c *engineio.Config) { c.Limits.OutboxBytes = 64 << 10 })
		b := st.Open(hubtest.Options{Transport: transport})
		b.Send("4settled")
		b.Expect("4settled")
		var all []string
		for n := range messages {
			all = append(all, fmt.Sprint("4", n, strings.Repeat("x", size)))
		}
		go func() {
			for part := range slices.Chunk(all, 2000) {
				_ = b.TrySend(part...)
			}
		}()
		for _, want := range all {
			b.Expect(want)
		}
		if c, ok := st.anyClose(); ok {
			t.Errorf("%+v", c)
		}
	})
}

// Nobody polls: the browser is read as far as half of its outbox.
func TestOutbox_ReadAsFarAsHalf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { c.Limits.OutboxBytes = 64 << 10 })
		st.Timeout = time.Minute
		query := st.handshake()
		answers := make(chan hubtest.Answer, 1)
		go func() { answers <- st.Post(query, strings.Repeat("4"+strings.Repeat("x", 935)+"\x1e", 99)+"4last") }()
		synctest.Wait()
		if n := len(st.messages()); n != 33 {
			t.Errorf("received %d", n)
		}
		if a := st.Get(query); !strings.HasPrefix(a.Body, "4x") {
			t.Errorf("%+v", a)
		}
		synctest.Wait()
		if n := len(st.messages()); n != 66 {
			t.Errorf("received %d", n)
		}
		st.session(0).Pause() // a reason of its own
		st.Get(query)
		synctest.Wait()
		if n := len(st.messages()); n != 66 {
			t.Errorf("received %d in a pause", n)
		}
		st.session(0).Resume()
		synctest.Wait()
		st.Get(query)
		st.await(answers)
		if n := len(st.messages()); n != 100 {
			t.Errorf("received %d", n)
		}
	})
}

// The CONNECT packet in front of a large first event, or anything small between two polls, must not make a
// browser slow.
func TestOutbox_LargeBehindSmallFits(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	large := strings.Repeat("x", 2<<20)
	for _, m := range []string{"small", large} {
		if err := st.session(0).Send(nil, []*engineio.Message{text(m)}, false); err != nil {
			t.Fatal(err)
		}
	}
	if a := st.Get(query); a.Body != "4small\x1e4"+large {
		t.Errorf("%d bytes", len(a.Body))
	}
}

func TestOutbox_OneUnitAlwaysFits(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	var unit []*engineio.Message
	for range 3000 {
		unit = append(unit, text(strings.Repeat("x", 1000)))
	}
	if err := st.session(0).Send(nil, unit, false); err != nil {
		t.Fatal(err)
	}
	if a := st.Get(query); len(a.Body) != 3000*1002-1 {
		t.Errorf("%d bytes", len(a.Body))
	}
}

func TestOutbox_WebSocketThatDoesNotRead(t *testing.T) {
	st := newTCPStation(t, nil)
	f := st.Frames("EIO=4&transport=websocket")
	f.Next()
	fill(t, st.session(0), text(strings.Repeat("x", 50_000)))
	st.wantSlow("outbox_full")
	f.WaitClose()
}

// The on-demand writer must not wait for ever: nothing else would notice a browser that takes nothing
// and still answers, and a goroutine would be gone.
func TestOutbox_StalledConnectionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { c.Heartbeat.Interval = time.Hour })
		st.Timeout = time.Minute
		f := st.Frames("EIO=4&transport=websocket")
		f.Next()
		start := time.Now()
		_ = st.session(0).Send(nil, []*engineio.Message{text("nobody reads this")}, false)
		st.wantSlow("no_progress")
		if d := time.Since(start); d != 20*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

func TestOutbox_SlowBrowserDelaysNobody(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) { c.Limits.OutboxBytes = 1 << 30 })
	f := st.Frames("EIO=4&transport=websocket") // reads nothing behind the open packet; the kernel takes some 36 MB
	f.Next()
	b := st.Open(hubtest.Options{Transport: hubtest.WebSocket})
	slow, quick := st.session(0), st.session(1)
	big := engineio.NewTextMessage([]byte("4"+strings.Repeat("x", 200_000)), true)
	for i := range 300 {
		var batch engineio.Batch
		_ = slow.Send(&batch, []*engineio.Message{big}, false)
		_ = quick.Send(&batch, []*engineio.Message{text(fmt.Sprint(i))}, false)
		if n := batch.Flush(); n != 2 {
			t.Fatalf("written to were %d browsers", n)
		}
		b.Expect(fmt.Sprint("4", i))
	}
	// A writer that is just at it may not have noticed yet.
	for deadline := time.Now().Add(st.Timeout); slow.Writable(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("the slow one is writable")
		}
	}
	for range 300 { // and then it reads everything
		if p := f.Next(); len(p) != 200_001 {
			t.Fatalf("%d bytes", len(p))
		}
	}
}

func TestSession_Writable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, nil)
		query := st.handshake()
		s := st.session(0)
		if s.Writable() {
			t.Error("without a poll")
		}
		poll := st.pending(query)
		synctest.Wait()
		if !s.Writable() {
			t.Error("with a poll")
		}
		_ = s.Send(nil, []*engineio.Message{text("x")}, false)
		if s.Writable() {
			t.Error("after the poll's answer")
		}
		st.await(poll)
		st.Open(hubtest.Options{Transport: hubtest.WebSocket})
		ws := st.session(1)
		synctest.Wait()
		if !ws.Writable() {
			t.Error("websocket")
		}
		ws.Close(engineio.Close{})
		if ws.Writable() {
			t.Error("after its end")
		}
	})
}
