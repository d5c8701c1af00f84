package clustertest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/mesh"
)

// maxFrame is that of a Switch: so small that long messages cross in parts.
const maxFrame = 64 << 10

// Switch is an engine in memory. Its methods are safe for concurrent use.
type Switch struct {
	mu    sync.Mutex // guards the fields below
	ports []*port
	fate  func(from, to string) Fate
	away  bool
	// of ends that Recorder has made
	recorders []*recorder
	log       record
	sessions  sessions

	pace  int           // bytes a second that a hub can send; 0: as it likes
	paced chan struct{} // closed when pace changes
}

// Fate is what becomes of a message on its way to one hub. The zero value delivers it.
type Fate struct {
	// Drop loses it. Twice delivers it twice.
	Drop, Twice bool
	// Behind delivers it after so many of those that come later.
	Behind int
	// Delay delivers it later; what is sent afterwards may overtake it.
	Delay time.Duration
}

// port is one hub's end.
type port struct {
	*mesh.Mesh
	sw   *Switch
	wake chan struct{}  // holds one
	end  chan struct{}  // closed by Close
	done sync.WaitGroup // its receiver

	// guarded by sw.mu
	cut    bool
	inbox  []mesh.Out
	late   []overtaken
	served map[string]bool
	rooms  map[[2]string]bool
}

// overtaken is a message that lets others pass.
type overtaken struct {
	mesh.Out
	behind int
}

var _ cluster.RoomSubscriber = (*port)(nil)

// NewSwitch returns a switch that delivers everything.
func NewSwitch() *Switch {
	return &Switch{log: record{length: defaultLogLength}, paced: make(chan struct{})}
}

// Cluster returns the end of another hub, which is not open yet. It panics if a setting cannot be.
func (s *Switch) Cluster(settings cluster.Settings) cluster.Cluster {
	p := &port{
		sw: s, wake: make(chan struct{}, 1), end: make(chan struct{}),
		served: map[string]bool{}, rooms: map[[2]string]bool{},
	}
	m, err := mesh.New("memory", settings, p)
	if err != nil {
		panic(err)
	}
	p.Mesh = m
	return p
}

// Fates sets what becomes of each message; nil delivers all. It is called with the switch's lock held.
func (s *Switch) Fates(fate func(from, to string) Fate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fate = fate
}

// Cut cuts a hub off, which does not learn of it, or connects it again.
func (s *Switch) Cut(c cluster.Cluster, off bool) {
	p, is := c.(*port)
	if !is {
		p = c.(*recorder).port
	}
	s.mu.Lock()
	p.cut = off
	s.mu.Unlock()
	s.goOn()
}

// goOn hands over what waits for the switch, and has the log read.
func (s *Switch) goOn() {
	s.mu.Lock()
	var then []func()
	for _, r := range s.recorders {
		then = append(then, r.flushLocked())
		r.wakeReader()
	}
	s.mu.Unlock()
	for _, f := range then {
		f()
	}
}

// Away takes the whole engine away, of which all hubs learn, or brings it back.
func (s *Switch) Away(away bool) {
	s.mu.Lock()
	s.away = away
	ports := slices.Clone(s.ports)
	s.mu.Unlock()
	for _, p := range ports {
		if away {
			p.Down()
		} else {
			p.Up()
		}
	}
	s.goOn()
}

// Pace sets how many bytes a second the engine takes of each hub, which waits meanwhile; 0 is as many as come. What waits
// already is taken at once.
func (s *Switch) Pace(bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pace = bytes
	close(s.paced)
	s.paced = make(chan struct{})
}

// Forge delivers bytes to every hub.
func (s *Switch) Forge(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.ports {
		p.deliverLocked(mesh.Out{Frame: data}, Fate{})
	}
}

// Open implements cluster.Cluster.
func (p *port) Open(self cluster.Self, host cluster.Host) error {
	if err := p.Mesh.Open(self, host); err != nil {
		return err
	}
	p.sw.mu.Lock()
	p.sw.ports = append(p.sw.ports, p)
	away := p.sw.away
	p.sw.mu.Unlock()
	p.done.Go(p.receive)
	if !away {
		p.Up()
	}
	return nil
}

// Close implements cluster.Cluster.
func (p *port) Close(ctx context.Context) error {
	err := p.Mesh.Close(ctx)
	p.sw.mu.Lock()
	open := slices.Contains(p.sw.ports, p)
	p.sw.ports = slices.DeleteFunc(p.sw.ports, func(other *port) bool { return other == p })
	p.sw.mu.Unlock()
	if open {
		close(p.end)
		p.done.Wait()
	}
	return err
}

// Serve implements cluster.Cluster.
func (p *port) Serve(namespace string, serves bool) {
	p.sw.mu.Lock()
	p.served[namespace] = serves
	p.sw.mu.Unlock()
	if !serves {
		p.Unheard(namespace)
	}
}

// Room implements cluster.RoomSubscriber.
func (p *port) Room(namespace, room string, occupied bool) {
	p.sw.mu.Lock()
	defer p.sw.mu.Unlock()
	p.rooms[[2]string{namespace, room}] = occupied
}

// MaxFrame implements mesh.Bus.
func (p *port) MaxFrame() int { return maxFrame }

var errAway = errors.New("clustertest: the switch is away")

// Send implements mesh.Bus.
func (p *port) Send(ctx context.Context, batch []mesh.Out) error {
	s := p.sw
	if err := s.takeTime(ctx, batch); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return errAway
	}
	for _, out := range batch {
		for _, to := range s.ports {
			if p.cut || to.cut || !to.hearsLocked(out.Address) {
				continue
			}
			var fate Fate
			if s.fate != nil && to != p {
				fate = s.fate(p.Self().ID, to.Self().ID)
			}
			to.deliverLocked(out, fate)
		}
	}
	return nil
}

// takeTime waits for as long as the engine takes.
func (s *Switch) takeTime(ctx context.Context, batch []mesh.Out) error {
	s.mu.Lock()
	pace, paced := s.pace, s.paced
	s.mu.Unlock()
	if pace == 0 {
		return nil
	}
	bytes := 0
	for _, out := range batch {
		bytes += len(out.Frame)
	}
	select {
	case <-time.After(time.Duration(bytes) * time.Second / time.Duration(pace)):
		return nil
	case <-paced:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *port) hearsLocked(a mesh.Address) bool {
	switch {
	case a.Hub != "":
		return a.Hub == p.Self().ID
	case a.Room != "":
		return p.rooms[[2]string{a.Namespace, a.Room}]
	case a.Namespace != "":
		return p.served[a.Namespace]
	}
	return true
}

func (p *port) deliverLocked(out mesh.Out, fate Fate) {
	if fate.Drop {
		return
	}
	out.Frame = slices.Clone(out.Frame)
	switch {
	case fate.Delay > 0:
		time.AfterFunc(fate.Delay, func() {
			p.sw.mu.Lock()
			defer p.sw.mu.Unlock()
			p.pushLocked(out)
		})
		return
	case fate.Behind > 0:
		p.late = append(p.late, overtaken{out, fate.Behind})
		return
	}
	p.pushLocked(out)
	if fate.Twice {
		p.pushLocked(out)
	}
	late := p.late
	p.late = nil
	for _, l := range late {
		if l.behind--; l.behind > 0 {
			p.late = append(p.late, l)
		} else {
			p.pushLocked(l.Out)
		}
	}
}

func (p *port) pushLocked(out mesh.Out) {
	p.inbox = append(p.inbox, out)
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// receive hands on what has come until Close.
func (p *port) receive() {
	for {
		select {
		case <-p.end:
			return
		case <-p.wake:
		}
		p.sw.mu.Lock()
		batch := p.inbox
		p.inbox = nil
		p.sw.mu.Unlock()
		for _, out := range batch {
			p.Receive(out.Frame, out.Address)
		}
	}
}
