package chaos_test

import (
	"syscall"
	"testing"
	"time"
)

// kinds are the engines of a test: all of them in `make cluster-faults`, one of them otherwise.
func kinds(one string) []string {
	if full() {
		return []string{nats, redis, sharded, streams}
	}
	return []string{one}
}

// TestCluster_HubKilled kills one of two hubs. Its browsers come back at the other one; each instance is told once for each
// socket that it held there.
func TestCluster_HubKilled(t *testing.T) {
	for _, kind := range kinds(nats) {
		t.Run(kind, func(t *testing.T) {
			c := newCluster(t, kind, true, 2)
			c.serve(3)
			leave := c.come(newSeed(t), func(i int) []string {
				return []string{c.hubs[i%2].browsers.address(), c.hubs[1-i%2].browsers.address()}
			})
			c.whole("before", 0, 1)
			wait(t.Context(), c.scale.quiet)
			killed := time.Now()
			_ = c.hubs[1].end(syscall.SIGKILL)
			c.allPresent("after the kill")
			t.Logf("all browsers are at the other hub %v after the kill", time.Since(killed).Round(time.Millisecond))
			wait(t.Context(), c.scale.expiry+c.scale.quiet)
			c.whole("after the kill", 0)
			c.answered(killed, 0)
			lives := c.end(leave)
			t.Logf("%d lives, %d of them lost with their hub, %d events, %d of them twice", lives.Lives, lives.Lost, lives.Handled, lives.Repeated)
			if want := c.scale.browsers / 2; lives.Lost != want {
				t.Errorf("%d sockets were lost, want %d", lives.Lost, want)
			}
		})
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

// TestCluster_HubCutOff cuts one of two hubs off from the engine, from the service, and from half of its browsers, which come
// back at the other hub. The other half stays where it is, and waits for its acks.
func TestCluster_HubCutOff(t *testing.T) {
	row := 0
	for _, kind := range kinds(redis) {
		for _, manner := range []string{"resets", "silence"} {
			row++
			each := row%4 < 2
			if row > 1 && !full() {
				continue
			}
			t.Run(kind+"/"+manner, func(t *testing.T) {
				c := newCluster(t, kind, each, 2)
				c.serve(3)
				lost := c.hubs[1]
				leave := c.come(newSeed(t), func(i int) []string {
					switch i % 4 {
					case 1:
						return []string{lost.browsers.address(), c.hubs[0].browsers.address()}
					case 3:
						return []string{lost.address}
					default:
						return []string{c.hubs[0].browsers.address()}
					}
				})
				c.whole("before", 0, 1)
				wait(t.Context(), c.scale.quiet)
				cut := func(begin bool) {
					cutOff(begin, manner == "silence", c.engine.address, lost.toEngine)
					cutOff(begin, manner == "silence", lost.control, lost.services)
					cutOff(begin, manner == "silence", lost.address, lost.browsers)
				}
				begun := time.Now()
				cut(true)
				wait(t.Context(), c.scale.cut)
				c.allPresent("during the cut")
				cut(false)
				t.Logf("%v after the cut all is whole again", c.whole("after the cut", 0, 1).Round(time.Millisecond))
				c.settled()
				wait(t.Context(), c.scale.quiet)
				c.answered(begun, 0, 1)
				lives := c.end(leave)
				t.Logf("%d lives, %d of them lost with their hub, %d events, %d of them twice", lives.Lives, lives.Lost, lives.Handled, lives.Repeated)
				if want := c.scale.browsers / 2; lives.Lost != want {
					t.Errorf("%d sockets were lost, want %d", lives.Lost, want)
				}
			})
		}
	}
}

// TestCluster_EngineCutOff cuts all hubs off from the engine at once, and lets one of them come back late: no service believes
// that anybody is lost, and no browser is.
func TestCluster_EngineCutOff(t *testing.T) {
	for i, kind := range kinds(streams) {
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
