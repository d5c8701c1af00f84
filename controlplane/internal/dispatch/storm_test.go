package dispatch

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/siohub/siohub/controlplane/internal/park"
)

const (
	stormSockets      = 60
	stormEvents       = 150
	stormConnected    = -1
	stormDisconnected = 1 << 20
)

// stormLane is what every lane has to see, whatever happens to the instances.
type stormLane struct {
	mu      sync.Mutex
	holder  *stormProcess // who was handed something that is not settled
	open    map[uint64]bool
	newest  int          // of those that were handed over for the first time
	settled map[int]bool // by event number

	reading *sync.Cond // its mutex guards hold
	hold    Hold
}

// Introduction and Overflow implement Owner.
func (l *stormLane) Introduction(_, _ bool) *Delivery {
	return &Delivery{Kind: Connected, Body: stormBody{l, stormConnected}}
}

func (l *stormLane) Overflow() {}

func (l *stormLane) Starved() {}

func (l *stormLane) LaneEnded() {}

// Hold keeps the browser from speaking.
func (l *stormLane) Hold(_, to Hold) {
	l.reading.L.Lock()
	l.hold = to
	l.reading.L.Unlock()
	l.reading.Broadcast()
}

// waitToSpeak returns once the browser is read.
func (l *stormLane) waitToSpeak() {
	l.reading.L.Lock()
	defer l.reading.L.Unlock()
	for l.hold != HoldNone {
		l.reading.Wait()
	}
}

type stormBody struct {
	lane *stormLane
	n    int
}

// storm is a group and what happens to it.
type storm struct {
	*bench
	random  *rand.Rand
	workers sync.WaitGroup
}

// stormProcess is one process of an instance: it settles what comes.
type stormProcess struct {
	t       *testing.T
	accepts func(n int) bool
	terms   Terms
	attach  atomic.Pointer[Attachment]
	queue   chan Try
	dead    atomic.Bool
	end     sync.Once

	mu      sync.Mutex
	told    map[*stormLane]bool
	revoked map[uint64]bool
	lanes   map[uint64]*stormLane // by number
}

// stormStream is one stream of a process: a Sink.
type stormStream struct{ *stormProcess }

func (s *stormStream) Accepts(d *Delivery) (Terms, bool) {
	n := d.Body.(stormBody).n
	terms := s.terms
	terms.Strict = n%7 == 0
	return terms, d.Kind != Event || s.accepts(n)
}

func (s *stormStream) Deliver(t Try) {
	p, body := s.stormProcess, t.Body.(stormBody)
	p.mu.Lock()
	p.lanes[t.Seq] = body.lane
	if t.Kind == Connected {
		p.told[body.lane] = true
	} else if t.Terms.OnInstance && !p.told[body.lane] {
		p.t.Errorf("%d comes to a process that was not told of the socket", body.n)
	}
	p.mu.Unlock()
	if !p.accepts(body.n) && t.Kind == Event {
		p.t.Errorf("%d is handed over though nobody asked for it", body.n)
	}
	body.lane.handed(p, t)
	select {
	case p.queue <- t:
	default:
		p.t.Error("more is handed over than the window allows")
	}
}

// handed looks at the order, and at nobody else's having something of the lane.
func (l *stormLane) handed(p *stormProcess, t Try) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := t.Body.(stormBody).n
	if t.Attempt == 1 {
		if n <= l.newest && n != stormConnected {
			p.t.Errorf("%d is handed over after %d", n, l.newest)
		}
		l.newest = n
	}
	if l.holder != p {
		// Whatever the one before had is taken from it: it can settle nothing any more, but
		// what it is settling at this moment.
		l.holder, l.open = p, make(map[uint64]bool)
	}
	l.open[t.Seq] = true
	if t.Terms.Strict && len(l.open) > 1 {
		p.t.Errorf("%d is strict, and handed over beside others: %v", n, l.open)
	}
}

func (s *stormStream) Revoked(seqs []uint64, _ Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seq := range seqs {
		s.revoked[seq] = true
		if l := s.lanes[seq]; l != nil {
			l.mu.Lock()
			if l.holder == s.stormProcess {
				delete(l.open, seq)
			}
			l.mu.Unlock()
		}
	}
}

func (s *stormStream) Released(owners []Owner, _ Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range owners {
		if !s.told[o.(*stormLane)] {
			s.t.Error("released what it was not told of")
		}
		delete(s.told, o.(*stormLane))
	}
}

// work settles until the process is dead.
func (p *stormProcess) work(random *rand.Rand) {
	for t := range p.queue {
		if random.IntN(4) == 0 {
			time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		}
		p.mu.Lock()
		revoked := p.revoked[t.Seq]
		p.mu.Unlock()
		if p.dead.Load() {
			continue
		}
		a := p.attach.Load()
		d, err := a.Begin(t.Seq)
		if err == nil && revoked {
			p.t.Error("a revoked delivery can be settled")
		}
		if err == nil && random.IntN(20) == 0 {
			a.Abandon(d)
			d, err = a.Begin(t.Seq)
		}
		if err == nil {
			p.settle(random, a, d, t)
		}
	}
}

func (p *stormProcess) settle(random *rand.Rand, a *Attachment, d *Delivery, t Try) {
	body := t.Body.(stormBody)
	l := body.lane
	l.mu.Lock()
	defer func() {
		l.mu.Unlock()
	}()
	if l.holder == p {
		delete(l.open, t.Seq)
	}
	again := body.n != stormConnected && body.n != stormDisconnected
	what := random.IntN(40)
	if !again || what > 2 {
		if l.settled[body.n] && body.n != stormConnected {
			p.t.Errorf("%d is settled twice", body.n)
		}
		l.settled[body.n] = true
	}
	l.mu.Unlock()
	defer l.mu.Lock()
	switch {
	case again && what == 0:
		a.Elsewhere(d)
	case again && what <= 2:
		a.Retry(d, time.Duration(random.IntN(3))*10*time.Millisecond)
	default:
		a.Finish(d)
	}
}

// kinds of processes, by the last digit of their id.
func (s *storm) process(id string) *stormProcess {
	p := &stormProcess{
		t: s.t, queue: make(chan Try, 1<<16), told: make(map[*stormLane]bool), revoked: make(map[uint64]bool),
		lanes:   make(map[uint64]*stormLane),
		accepts: func(int) bool { return true },
	}
	switch id {
	case "1":
		p.accepts = func(n int) bool { return n%5 != 0 }
	case "2":
		p.accepts = func(n int) bool { return n%5 == 0 || n%3 == 0 }
	}
	p.terms = Terms{OnInstance: id != "3", Timeout: 100 * time.Millisecond}
	if id == "0" {
		p.terms.Timeout = 0
	}
	return p
}

// start attaches an instance: as old, if that is there and still known, or anew.
func (s *storm) start(id string, old *stormProcess) *stormProcess {
	stream := &stormStream{}
	a, fenced, _, revoked := s.Attach(id, stream, AttachOptions{
		Resume: old != nil, Complete: id == "0" || id == "3", Weight: uint32(s.random.IntN(3)),
	})
	if !a.Resumed() {
		if old != nil {
			old.die()
		}
		if f, ok := fenced.(*stormStream); ok {
			f.die()
		}
		old = s.process(id)
		private := rand.New(rand.NewPCG(s.random.Uint64(), 1))
		p := old
		s.workers.Go(func() { p.work(private) })
	}
	stream.stormProcess = old
	stream.Revoked(revoked, ReasonLost)
	old.attach.Store(a)
	a.Start(some(uint32(1+s.random.IntN(16))), false)
	return old
}

// die ends a process to which nothing is delivered any more.
func (p *stormProcess) die() {
	p.dead.Store(true)
	p.end.Do(func() { close(p.queue) })
}

// leave drains an instance, and takes its stream when it has settled everything.
func (s *storm) leave(p *stormProcess) {
	a := p.attach.Load()
	a.Drain()
	for range 200 {
		if a.Drained() {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	a.Detach(true)
	p.die()
}

// step lets something happen to one instance.
func (s *storm) step(live map[string]*stormProcess) {
	id := fmt.Sprint(s.random.IntN(4))
	p := live[id]
	switch what := s.random.IntN(10); {
	case p == nil:
		live[id] = s.start(id, nil)
	case what == 0: // another process
		live[id] = s.start(id, nil)
	case what == 1: // killed
		p.dead.Store(true)
		p.attach.Load().Detach(false)
		p.die()
		delete(live, id)
	case what == 2: // lost for a while
		p.attach.Load().Detach(false)
		time.Sleep(time.Duration(s.random.IntN(60)) * time.Millisecond)
		live[id] = s.start(id, p)
	case what == 3: // half open
		live[id] = s.start(id, p)
	case what == 4:
		s.workers.Go(func() { s.leave(p) })
		delete(live, id)
	case what == 5:
		p.attach.Load().Resize(paused)
	default:
		p.attach.Load().Resize(some(uint32(1 + s.random.IntN(16))))
	}
}

// Instances come, pause, drain, leave, are killed, break and come back while many
// sockets speak; nothing is lost, doubled, reordered, given to who did not ask for it or
// left over.
func TestStorm_NothingIsLostOrReordered(t *testing.T) {
	for range 4 {
		seed := rand.Uint64()
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runStorm(t, seed) })
		})
	}
}

func runStorm(t *testing.T, seed uint64) {
	config := testConfig
	config.Socket = park.SocketLimit{Items: 6, Bytes: 5 * park.ItemBytes}
	config.GroupBytes, config.NodeBytes, config.Lifecycle = 60*park.ItemBytes, 1<<40, 1<<30
	config.FailoverDelay, config.Suspend, config.Age = 20*time.Millisecond, 60*time.Millisecond, 100*time.Hour
	s := &storm{bench: &bench{t: t, count: newCounter()}, random: rand.New(rand.NewPCG(seed, 1))}
	s.Group = New(config).NewGroup("g", s.count)
	defer s.Close()
	var lanes []*stormLane
	var speakers sync.WaitGroup
	for range stormSockets {
		l := &stormLane{settled: make(map[int]bool), newest: stormConnected, reading: sync.NewCond(new(sync.Mutex))}
		lanes = append(lanes, l)
		private := rand.New(rand.NewPCG(s.random.Uint64(), 1))
		speakers.Go(func() { l.speak(private, s.NewLane(l, &park.Meter{})) })
	}
	stop := make(chan struct{})
	s.workers.Go(func() { s.janitor(stop) })
	live := map[string]*stormProcess{}
	for range 400 {
		s.step(live)
		if s.random.IntN(3) == 0 {
			time.Sleep(time.Duration(s.random.IntN(50)) * time.Millisecond)
		}
	}
	live["last"] = s.start("last", nil) // from here on nobody is held for ever
	speakers.Wait()
	for id, p := range live {
		if id != "last" {
			s.leave(p)
		}
	}
	for n := 0; !s.Quiet() && n < 10_000; n++ {
		time.Sleep(100 * time.Millisecond)
	}
	s.leave(live["last"])
	close(stop)
	s.workers.Wait()
	s.check(lanes)
}

// speak says everything that a socket has to say.
func (l *stormLane) speak(random *rand.Rand, lane *Lane) {
	lane.Introduce(false)
	for n := range stormEvents {
		l.waitToSpeak()
		lane.Push(&Delivery{Kind: Event, Body: stormBody{l, n}})
		if random.IntN(10) == 0 {
			time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		}
	}
	lane.Leave(&Delivery{Kind: Disconnected, Body: stormBody{l, stormDisconnected}}, time.Duration(random.IntN(100))*time.Millisecond)
}

func (s *storm) janitor(stop chan struct{}) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case now := <-tick.C:
			s.Expire(now)
			s.Rebalance(now)
		}
	}
}

// check compares what was settled with what was said.
func (s *storm) check(lanes []*stormLane) {
	missing := 0
	for i, l := range lanes {
		for n := range stormEvents {
			if !l.settled[n] {
				missing++
			}
		}
		if !l.settled[stormConnected] || !l.settled[stormDisconnected] {
			s.t.Errorf("socket %d: connected %v, disconnected %v", i, l.settled[stormConnected], l.settled[stormDisconnected])
		}
	}
	given := s.count.dropped[Tries] + s.count.dropped[Nacked]
	if missing != given {
		s.t.Errorf("%d events are lost, %d were given up: %v", missing, given, s.count.dropped)
	}
	s.t.Logf("given up %v, moved %v, revoked %v", s.count.dropped, s.count.moved, s.count.revoked)
	s.empty()
	for _, i := range s.Status().Instances {
		if i.Lanes > 0 {
			s.t.Errorf("%s has %d lanes left", i.ID, i.Lanes)
		}
	}
}
