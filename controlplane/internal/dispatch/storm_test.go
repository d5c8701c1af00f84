package dispatch

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

// What every lane has to see, whatever happens to the instances.
type stormLane struct {
	owner *person

	mu      sync.Mutex
	holder  *stormInstance // who was handed something that is not settled
	open    map[uint64]bool
	settled map[int]bool // by event number; -1 is connected, 1<<20 is disconnected
}

const (
	stormConnected    = -1
	stormDisconnected = 1 << 20
)

type stormBody struct {
	lane *stormLane
	n    int
}

// stormPerson introduces itself with a body that the storm knows.
type stormPerson struct{ lane *stormLane }

func (p stormPerson) Overflow() {}

func (p stormPerson) Introduction(_, _ bool) *Delivery {
	return &Delivery{Kind: Connected, Body: stormBody{p.lane, stormConnected}}
}

// stormInstance is one stream of one instance: a Sink whose goroutine settles.
type stormInstance struct {
	t      *testing.T
	attach *Attachment
	queue  chan Try
	last   map[*stormLane]int
	dead   atomic.Bool
}

func (s *stormInstance) Deliver(t Try) {
	body := t.Body.(stormBody)
	l := body.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := s.last[l]; ok && body.n <= last && t.Attempt == 1 {
		s.t.Errorf("event %d is handed over after %d", body.n, last)
	}
	s.last[l] = body.n
	if l.holder != s {
		// Whatever the one before had is revoked: it can settle nothing any more, but
		// what it is settling at this moment.
		l.holder, l.open = s, make(map[uint64]bool)
	}
	l.open[t.Seq] = true
	if !l.settled[stormConnected] && body.n != stormConnected && len(l.open) == 1 && t.Attempt == 1 {
		s.t.Errorf("event %d comes before connected", body.n)
	}
	select {
	case s.queue <- t:
	default:
		s.t.Error("more is handed over than the window allows")
	}
}

func (s *stormInstance) Accepts(d *Delivery) (Terms, bool) {
	return Terms{Strict: d.Body.(stormBody).n%7 == 0}, true
}

func (s *stormInstance) Revoked([]uint64, Reason) {}

func (s *stormInstance) Released([]Owner, Reason) {}

// work settles until the instance is dead.
func (s *stormInstance) work(random *rand.Rand) {
	for t := range s.queue {
		if s.dead.Load() {
			continue
		}
		d, err := s.attach.Begin(t.Seq)
		if err == nil && random.IntN(20) == 0 {
			s.attach.Abandon(d)
			d, err = s.attach.Begin(t.Seq)
		}
		if err != nil {
			continue
		}
		body := t.Body.(stormBody)
		switch {
		case random.IntN(20) == 0 && t.Attempt < 4 && body.n != stormConnected:
			if s.attach.Retry(d, 0) {
				continue
			}
		default:
			l := body.lane
			l.mu.Lock()
			if l.settled[body.n] {
				s.t.Errorf("%d is settled twice", body.n)
			}
			l.settled[body.n] = true
			l.mu.Unlock()
			s.attach.Finish(d)
		}
	}
}

// Instances come, pause, leave and are killed while many sockets speak; nothing is
// lost, doubled, reordered or left over.
func TestStorm_NothingIsLostOrReordered(t *testing.T) {
	config := testConfig
	config.Socket = park.SocketLimit{Items: 1 << 20, Bytes: 1 << 40}
	config.GroupBytes, config.NodeBytes, config.Lifecycle = 1<<40, 1<<40, 1<<30
	config.FailoverDelay = 3 * time.Millisecond
	b := &bench{t: t, count: newCounter()}
	b.Group = New(config).NewGroup("g", b.count)
	t.Cleanup(b.Group.Close)

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	var workers sync.WaitGroup
	start := func(id string) *stormInstance {
		s := &stormInstance{t: t, queue: make(chan Try, 1024), last: make(map[*stormLane]int)}
		a, old, _, _ := b.Attach(id, s, AttachOptions{})
		if old != nil {
			old.(*stormInstance).dead.Store(true)
			close(old.(*stormInstance).queue)
		}
		s.attach = a
		private := rand.New(rand.NewPCG(seed, random.Uint64()))
		workers.Go(func() { s.work(private) })
		a.Start(some(16), false)
		return s
	}

	const sockets, events = 60, 150
	var lanes []*stormLane
	var speakers sync.WaitGroup
	for i := range sockets {
		l := &stormLane{settled: make(map[int]bool)}
		l.owner = &person{name: fmt.Sprint(i)}
		lane := b.NewLane(stormPerson{l}, &l.owner.meter)
		lanes = append(lanes, l)
		speakers.Go(func() {
			lane.Introduce(false)
			for n := range events {
				lane.Push(&Delivery{Kind: Event, Body: stormBody{l, n}})
			}
			lane.Leave(&Delivery{Kind: Disconnected, Body: stormBody{l, stormDisconnected}}, 0)
		})
	}
	live := map[string]*stormInstance{}
	for step := range 300 {
		id := fmt.Sprint(random.IntN(3))
		s := live[id]
		switch what := random.IntN(5); {
		case s == nil || what == 0:
			live[id] = start(id)
		case what == 1:
			s.dead.Store(true)
			s.attach.Detach(false)
			close(s.queue)
			delete(live, id)
		case what == 2 && step%2 == 0:
			s.attach.Detach(true)
			close(s.queue)
			delete(live, id)
		case what == 3:
			s.attach.Resize(paused)
		default:
			s.attach.Resize(some(uint32(1 + random.IntN(16))))
		}
		if step%3 == 0 {
			<-time.After(100 * time.Microsecond)
		}
	}
	speakers.Wait()
	last := start("last")
	for id, s := range live {
		s.attach.Detach(true)
		close(s.queue)
		delete(live, id)
	}
	deadline := time.Now().Add(30 * time.Second)
	for !b.Quiet() && time.Now().Before(deadline) {
		<-time.After(time.Millisecond)
	}
	last.attach.Detach(true)
	close(last.queue)
	workers.Wait()
	for i, l := range lanes {
		for n := range events {
			if !l.settled[n] {
				t.Fatalf("socket %d: event %d is lost", i, n)
			}
		}
		if !l.settled[stormConnected] || !l.settled[stormDisconnected] {
			t.Fatalf("socket %d: connected %v, disconnected %v", i, l.settled[stormConnected], l.settled[stormDisconnected])
		}
	}
	b.empty()
}
