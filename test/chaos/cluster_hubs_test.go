package chaos_test

import (
	"syscall"
	"testing"
	"time"
)

// TestCluster_HubKilled kills one of two hubs. Its browsers come back at the other one, or at the one that is started in its
// place; each instance is told once for each socket that it held there.
func TestCluster_HubKilled(t *testing.T) {
	for i, row := range []struct {
		kind    string
		started bool // another one, at its address
	}{{nats, true}, {redis, false}, {redis, true}, {sharded, false}, {streams, false}} {
		name := row.kind
		if row.started {
			name += "/started again"
		}
		if full() || i == 0 {
			t.Run(name, func(t *testing.T) { killHub(t, row.kind, row.started) })
		}
	}
}

func killHub(t *testing.T, kind string, started bool) {
	c := newCluster(t, kind, true, 2)
	c.serve(3)
	leave := c.come(newSeed(t), func(i int) []string {
		return []string{c.hubs[i%2].browsers.address(), c.hubs[1-i%2].browsers.address()}
	})
	c.whole("before", 0, 1)
	wait(t.Context(), c.scale.quiet)
	killed := time.Now()
	_ = c.hubs[1].end(syscall.SIGKILL)
	alive := []int{0}
	if started {
		c.start(c.hubs[1])
		c.askers[1].stop()
		c.askers[1] = newAsker(t, c.hubs[1].control)
		alive = []int{0, 1}
	}
	c.allPresent("after the kill")
	t.Logf("all browsers are at a hub %v after the kill", time.Since(killed).Round(time.Millisecond))
	wait(t.Context(), c.scale.expiry+c.scale.quiet)
	c.whole("after the kill", alive...)
	c.settled()
	c.answered(killed, 0)
	lives := c.end(leave)
	t.Logf("%d lives, %d of them lost with their hub, %d events, %d of them twice", lives.Lives, lives.Lost, lives.Handled, lives.Repeated)
	if want := c.scale.browsers / 2; lives.Lost != want {
		t.Errorf("%d sockets were lost, want %d", lives.Lost, want)
	}
}

// cutOff begins or ends that nothing passes a proxy: with a reset of what there is, or in silence, as when a network is gone.
func cutOff(begin, silently bool, leadsTo string, p *proxy) {
	switch {
	case silently:
		p.silence(begin)
	case begin:
		p.leadTo("")
		p.cut(wholly)
	default:
		p.leadTo(leadsTo)
	}
}

// manners are how a hub is cut off: reset connections that are refused then; silence, as when a network is gone; a process that
// stands still; and a split, in which one instance of the service stays on the hub's side, and reaches the other hub too.
const (
	resets  = "resets"
	silence = "silence"
	stopped = "stopped"
	split   = "split"
)

// TestCluster_HubCutOff cuts one of two hubs off from the engine, from the service, and from half of its browsers, which come
// back at the other hub. The other half stays where it is, and waits for its acks.
func TestCluster_HubCutOff(t *testing.T) {
	for _, row := range []struct {
		kind, manner string
		each         bool
	}{
		{redis, resets, false}, // the one of every day
		{nats, resets, true}, {nats, silence, false}, {nats, stopped, true}, {nats, split, true},
		{redis, silence, true}, {redis, stopped, false},
		{sharded, resets, true}, {sharded, silence, false},
		{streams, resets, false}, {streams, silence, true}, {streams, split, true},
	} {
		if full() || row.kind == redis && row.manner == resets {
			t.Run(row.kind+"/"+row.manner, func(t *testing.T) { cutHubOff(t, row.kind, row.manner, row.each) })
		}
	}
}

func cutHubOff(t *testing.T, kind, manner string, each bool) {
	c := newCluster(t, kind, each, 2)
	lost := c.hubs[1]
	if manner == split {
		c.direct = map[int]*node{1: lost}
	}
	c.serve(3)
	leave := c.come(newSeed(t), func(i int) []string {
		switch {
		case i%2 == 0:
			return []string{c.hubs[0].browsers.address()}
		case i%4 == 3 && manner != stopped:
			return []string{lost.address}
		}
		return []string{lost.browsers.address(), c.hubs[0].browsers.address()}
	})
	if !each { // who holds a socket was never told of it
		c.deploy()
	}
	c.whole("before", 0, 1)
	wait(t.Context(), c.scale.quiet)
	begun := time.Now()
	lost.cutOff(t, true, manner, c.engine.address)
	wait(t.Context(), c.scale.cut)
	c.allPresent("during the cut")
	lost.cutOff(t, false, manner, c.engine.address)
	t.Logf("%v after the cut all is whole again", c.whole("after the cut", 0, 1).Round(time.Millisecond))
	c.settled()
	wait(t.Context(), c.scale.quiet)
	if manner == stopped {
		c.answered(begun, 0) // the other one answered nobody
	} else {
		c.answered(begun, 0, 1)
	}
	lives := c.end(leave)
	t.Logf("%d lives, %d of them lost with their hub, %d events, %d of them twice", lives.Lives, lives.Lost, lives.Handled, lives.Repeated)
	want := c.scale.browsers / 2
	if lives.Lost != want && (manner != split || lives.Lost == 0 || lives.Lost > want) {
		t.Errorf("%d sockets were lost, want %d", lives.Lost, want)
	}
}

// cutOff begins or ends that the hub is cut off.
func (n *node) cutOff(t *testing.T, begin bool, manner, engine string) {
	t.Helper()
	if manner == stopped {
		signal := syscall.SIGCONT
		if begin {
			signal = syscall.SIGSTOP
		}
		if err := n.cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		return
	}
	silently := manner == silence
	cutOff(begin, silently, engine, n.toEngine)
	cutOff(begin, silently, n.control, n.services)
	cutOff(begin, silently, n.address, n.browsers)
}

// TestCluster_EngineCutOff cuts all hubs off from the engine at once, and lets one of them come back late: no service believes
// that anybody is lost, and no browser is.
func TestCluster_EngineCutOff(t *testing.T) {
	for i, kind := range []string{streams, nats, redis, sharded} {
		if i > 0 && !full() {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			silently := i%2 == 0
			c := newCluster(t, kind, true, 2)
			c.serve(3)
			leave := c.come(newSeed(t), func(i int) []string { return []string{c.hubs[i%2].browsers.address()} })
			c.whole("before", 0, 1)
			wait(t.Context(), c.scale.quiet)
			begun := time.Now()
			for _, n := range c.hubs {
				cutOff(true, silently, "", n.toEngine)
			}
			wait(t.Context(), c.scale.cut/2)
			for _, n := range c.hubs { // streams that break meanwhile do not make anybody believe it either
				n.services.cut(politely)
			}
			wait(t.Context(), c.scale.cut/2)
			cutOff(false, silently, c.engine.address, c.hubs[0].toEngine)
			wait(t.Context(), c.scale.expiry/2)
			cutOff(false, silently, c.engine.address, c.hubs[1].toEngine)
			t.Logf("%v after the cut all is whole again", c.whole("after the cut", 0, 1).Round(time.Millisecond))
			wait(t.Context(), 2*c.scale.expiry)
			c.answered(begun, 0, 1)
			c.nobodyLeft()
			lives := c.end(leave)
			t.Logf("%d lives, %d events, %d of them twice", lives.Lives, lives.Handled, lives.Repeated)
			if lives.Lost > 0 {
				t.Errorf("%d sockets were taken for lost", lives.Lost)
			}
		})
	}
}
