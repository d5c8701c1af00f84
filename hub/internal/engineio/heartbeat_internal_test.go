package engineio

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/internal/virtualtime"
)

// order collects what a heartbeat does.
type order struct {
	mu          sync.Mutex
	pings, ends []*Session
}

func (o *order) counts() (pings, ends int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.pings), len(o.ends)
}

func newOrder() (*order, *heartbeat) {
	o := &order{}
	h := newHeartbeat(25*time.Second, 20*time.Second,
		func(s *Session) { o.pings = append(o.pings, s) },
		func(s *Session) { o.ends = append(o.ends, s) })
	h.within = func(f func()) {
		o.mu.Lock()
		defer o.mu.Unlock()
		f()
	}
	return o, h
}

func TestHeartbeat_ASleepingProcessJudgesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, h := newOrder()
		defer h.stop()
		s := new(Session)
		h.add(s)
		virtualtime.Pass(25 * time.Second)
		// The machine stops for a minute: the timer fires late, with the due time long past.
		h.mu.Lock()
		h.awaitingPong.head.beat.due -= time.Minute
		h.mu.Unlock()
		h.within(h.run)
		if pings, ends := o.counts(); ends != 0 || pings != 2 {
			t.Fatalf("%d ends, %d pings; want a fresh ping", ends, pings)
		}
		virtualtime.Pass(20 * time.Second)
		if _, ends := o.counts(); ends != 1 {
			t.Errorf("%d ends after the fresh ping's time", ends)
		}
	})
}

func TestHeartbeat_RemoveFromAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, h := newOrder()
		defer h.stop()
		sessions := make([]*Session, 5)
		for i := range sessions {
			sessions[i] = new(Session)
			h.add(sessions[i])
		}
		h.remove(sessions[2])
		h.remove(sessions[0])
		h.remove(sessions[4])
		h.remove(sessions[4])
		virtualtime.Pass(25 * time.Second)
		if len(o.pings) != 2 || o.pings[0] != sessions[1] || o.pings[1] != sessions[3] {
			t.Fatalf("pings for %d sessions", len(o.pings))
		}
		h.remove(sessions[1])
		h.pong(sessions[3])
		virtualtime.Pass(time.Minute)
		if len(o.ends) != 1 || o.ends[0] != sessions[3] {
			t.Errorf("ends for %d sessions", len(o.ends))
		}
	})
}

func BenchmarkHeartbeat_AddPong(b *testing.B) {
	_, h := newOrder()
	defer h.stop()
	sessions := make([]Session, 10000)
	for i := range sessions {
		h.add(&sessions[i])
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		h.pong(&sessions[i%len(sessions)])
		i++
	}
}
