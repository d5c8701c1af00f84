package engineio_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/siohub/siohub/hub/hubtest"
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/wsframe"
)

func TestBatch_GathersAndKeepsOrder(t *testing.T) {
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newTCPStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
		b.Send("4settled")
		b.Expect("4settled")
		s := st.session(0)
		var one, two engineio.Batch
		for i := range 2000 { // more than the outbox holds: a batch writes before that
			batch := &one
			if i%3 == 0 {
				batch = &two
			}
			if transport == hubtest.Polling && i%100 == 0 {
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
	hubtest.Each(t, func(t *testing.T, transport hubtest.Transport) {
		st := newTCPStation(t, nil)
		b := st.Open(hubtest.Options{Transport: transport})
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
		transport := []hubtest.Transport{hubtest.Polling, hubtest.WebSocket, hubtest.Upgraded}[i%3]
		browsers = append(browsers, st.Open(hubtest.Options{Transport: transport}))
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
	roomed := append(make([]byte, wsframe.Headroom), 1, 2, 3, 4)
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
					engineio.NewMessage(append(make([]byte, wsframe.Headroom), data...), false, shared),
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
			t.Fatal("an end was not received of")
		}
	}
}
