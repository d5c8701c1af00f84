package engineio_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
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

func (st *station) wantSlow() {
	st.t.Helper()
	if c := st.wantClose(engineio.ReasonForcedClose); !strings.Contains(c.Detail, "slow browser") {
		st.t.Errorf("%+v", c)
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.slow != 1 {
		st.t.Errorf("%d overflows counted", st.slow)
	}
}

func TestOutbox_BoundedInPackets(t *testing.T) {
	st := newStation(t, nil)
	query := st.handshake()
	if n := fill(t, st.session(0), text("x")); n != 1024 {
		t.Errorf("took %d", n)
	}
	st.wantSlow()
	if a := st.Get(query); a.Status != 400 {
		t.Errorf("%+v", a)
	}
	if err := st.session(0).Send(nil, []*engineio.Message{text("x")}, false); !errors.Is(err, engineio.ErrSessionClosed) {
		t.Errorf("%v", err)
	}
}

func TestOutbox_BoundedInBytes(t *testing.T) {
	st := newStation(t, nil)
	st.handshake()
	if n := fill(t, st.session(0), text(strings.Repeat("x", 100_000))); n != 11 {
		t.Errorf("took %d", n)
	}
	st.wantSlow()
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
	st.wantSlow()
	f.WaitClose()
}

// The on-demand writer must not wait for ever: nothing else would notice a browser that takes nothing
// and still answers, and a goroutine would be gone.
func TestOutbox_StalledConnectionIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStation(t, func(c *engineio.Config) { c.PingInterval = time.Hour })
		st.Timeout = time.Minute
		f := st.Frames("EIO=4&transport=websocket")
		f.Next()
		start := time.Now()
		_ = st.session(0).Send(nil, []*engineio.Message{text("nobody reads this")}, false)
		st.wantSlow()
		if d := time.Since(start); d != 20*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

func TestOutbox_SlowBrowserDelaysNobody(t *testing.T) {
	st := newTCPStation(t, func(c *engineio.Config) { c.Limits.OutboxBytes = 1 << 30; c.Limits.OutboxPackets = 1 << 20 })
	f := st.Frames("EIO=4&transport=websocket") // reads nothing behind the open packet; the kernel takes some 36 MB
	f.Next()
	b := st.Open(hubtest.Options{Transport: hubtest.WebSocket})
	slow, quick := st.session(0), st.session(1)
	big := engineio.NewTextMessage([]byte("4"+strings.Repeat("x", 200_000)), true)
	for i := range 300 {
		var batch engineio.Batch
		_ = slow.Send(&batch, []*engineio.Message{big}, false)
		_ = quick.Send(&batch, []*engineio.Message{text(fmt.Sprint(i))}, false)
		batch.Flush()
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

func TestBatch_GathersAndKeepsOrder(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		st := newTCPStation(t, nil)
		b := st.Open(hubtest.Options{Transport: road})
		b.Send("4settled")
		b.Expect("4settled")
		s := st.session(0)
		var one, two engineio.Batch
		for i := range 2000 { // more than the outbox holds: a batch writes before that
			batch := &one
			if i%3 == 0 {
				batch = &two
			}
			if road == hubtest.Polling && i%100 == 0 {
				one.Flush()
				st.wantPoll()
			}
			if err := s.Send(batch, []*engineio.Message{text(fmt.Sprint(i))}, false); err != nil {
				t.Fatalf("%d: %v", i, err)
			}
		}
		one.Flush()
		two.Flush()
		for i := range 2000 {
			b.Expect(fmt.Sprint("4", i))
		}
	})
}

func TestSend_UnitsStayTogether(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, road hubtest.Transport) {
		st := newTCPStation(t, func(c *engineio.Config) { c.Limits.OutboxPackets = 1 << 20 })
		b := st.Open(hubtest.Options{Transport: road})
		b.Send("4settled")
		b.Expect("4settled")
		s := st.session(0)
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 100 {
					head := text(fmt.Sprint(g, ".", i))
					tail := engineio.NewBinaryMessage([]byte{byte(g), byte(i)}, i%2 == 0)
					if err := s.Send(nil, []*engineio.Message{head, tail, tail}, false); err != nil {
						t.Error(err)
					}
				}
			})
		}
		next := map[string]int{}
		for range 800 {
			var g, i int
			if _, err := fmt.Sscanf(b.Next(), "4%d.%d", &g, &i); err != nil {
				t.Fatal(err)
			}
			key := fmt.Sprint(g)
			if next[key] != i {
				t.Fatalf("%d of %d came out of order", i, g)
			}
			next[key]++
			tail := hubtest.Binary([]byte{byte(g), byte(i)})
			b.Expect(tail, tail)
		}
		wg.Wait()
	})
}

func TestSend_ToManyAtOnce(t *testing.T) {
	st := newTCPStation(t, nil)
	var browsers []*hubtest.Browser
	for i := range 30 {
		road := []hubtest.Transport{hubtest.Polling, hubtest.WebSocket, hubtest.Upgraded}[i%3]
		browsers = append(browsers, st.Open(hubtest.Options{Transport: road}))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 50 {
				var b engineio.Batch
				m := engineio.NewBinaryMessage([]byte{1, 2, 3, 4}, true)
				for i := range browsers {
					_ = st.session(i).Send(&b, []*engineio.Message{m}, false)
				}
				b.Flush()
			}
		})
	}
	for _, b := range browsers {
		for range 200 {
			b.Expect("bAQIDBA==")
		}
	}
	wg.Wait()
}

func TestSend_BinaryAsTextWhereAsked(t *testing.T) {
	st := newStation(t, nil)
	f := st.Frames("EIO=4&transport=websocket&b64=1")
	f.Next()
	roomed := append(make([]byte, engineio.FrameRoom), 1, 2, 3, 4)
	for _, m := range []*engineio.Message{
		engineio.NewBinaryMessage([]byte{1, 2, 3, 4}, true), engineio.NewMessage(roomed, true, false),
	} {
		_ = st.session(0).Send(nil, m.Unit(), false)
		if kind, data, err := f.Conn.ReadMessage(); err != nil || kind != 1 || string(data) != "bAQIDBA==" {
			t.Errorf("%d %q %v", kind, data, err)
		}
	}
}

func TestSend_PerMessageDeflate(t *testing.T) {
	on := true
	st := newTCPStation(t, func(c *engineio.Config) { c.PerMessageDeflate.Enabled = &on })
	f := st.Frames("EIO=4&transport=websocket&deflate=1")
	f.Next()
	s := st.session(0)
	for _, shared := range []bool{true, false} {
		for _, size := range []int{10, 5000, 50_000} {
			for _, noCompress := range []bool{true, false} {
				data := "4" + strings.Repeat("x", size)
				for _, m := range []*engineio.Message{
					engineio.NewTextMessage([]byte(data), shared),
					engineio.NewMessage(append(make([]byte, engineio.FrameRoom), data...), false, shared),
				} {
					_ = s.Send(nil, m.Unit(), noCompress)
					if p := f.Next(); p != data {
						t.Errorf("%d bytes, want %d", len(p), size+1)
					}
				}
			}
		}
	}
}

// Close, Send, Flush, upgrade and the browser's leaving, all at once: the race detector's feast.
func TestSession_EverythingAtOnce(t *testing.T) {
	st := newTCPStation(t, nil)
	for i := range 40 {
		b := st.Open(hubtest.Options{})
		s := st.session(i)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				var batch engineio.Batch
				for range 50 {
					if s.Send(&batch, []*engineio.Message{text("x")}, false) != nil {
						break
					}
					batch.Flush()
				}
			})
		}
		wg.Go(func() {
			f, _, err := st.TryFrames(probeQuery(b.Query()), nil)
			if err == nil {
				_ = f.Write("2probe")
				_ = f.Write("5")
				_ = f.Write("4hello")
			}
		})
		wg.Go(func() {
			switch i % 4 {
			case 0:
				s.Close(engineio.Close{Reason: engineio.ReasonForcedClose})
			case 1:
				b.Abort()
			case 2:
				_ = b.TrySend("1")
			case 3:
				_ = b.TrySend("4a", "4b")
				s.Close(engineio.Close{Reason: engineio.ReasonForcedClose})
			}
		})
		wg.Wait()
		s.Close(engineio.Close{Reason: engineio.ReasonForcedClose})
	}
	for range 40 {
		select {
		case <-st.closes:
		case <-time.After(5 * time.Second):
			t.Fatal("an end was not heard of")
		}
	}
}
