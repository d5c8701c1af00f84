package chaos_test

import (
	"slices"
	"testing"
	"time"
)

// TestCluster_EngineKilled kills the engine again and again while browsers talk, and news cross in both directions: what is
// local does not notice, no browser and no hub is lost, and news cross again soon. With redis-streams none is missing.
func TestCluster_EngineKilled(t *testing.T) {
	rows := []struct {
		kind     string
		lossless bool
		flags    []string // of the engine
	}{{nats, false, nil}, {redis, false, nil}, {sharded, false, nil}, {streams, true, nil}, {streams, false, []string{"--appendonly", "no"}}}
	for i, row := range rows {
		if i != 3 && !full() {
			continue
		}
		name := row.kind
		if row.flags != nil {
			name += "/comes back empty"
		}
		t.Run(name, func(t *testing.T) { killEngine(t, row.kind, row.lossless, row.flags) })
	}
}

func killEngine(t *testing.T, kind string, lossless bool, flags []string) {
	c := newCluster(t, kind, true, 2)
	if flags != nil {
		c.engine.flags = flags
		c.engine.kill()
		c.engine.begin()
	}
	c.serve(3)
	leave := c.come(newSeed(t), func(i int) []string { return []string{c.hubs[i%2].address} })
	c.whole("before", 0, 1)
	publishers := []*publisher{c.publish(c.hubs[0], c.hubs[1]), c.publish(c.hubs[1], c.hubs[0])}
	for _, p := range publishers {
		p.reaches(t, "news before")
	}
	wait(t.Context(), 2*c.scale.quiet)
	quiet := c.delays()
	fault := time.Now()
	var back []time.Duration
	var kills []time.Time
	for range c.scale.rounds {
		kills = append(kills, time.Now())
		c.engine.kill()
		wait(t.Context(), c.scale.away)
		c.engine.begin()
		begun := time.Now()
		for _, p := range publishers {
			p.reaches(t, "news again")
		}
		back = append(back, time.Since(begun).Round(time.Millisecond))
		wait(t.Context(), c.scale.quiet/2)
	}
	noisy := c.delays()
	t.Logf("from event to ack: median %v, longest %v; while the engine was killed %d times for %v: median %v, longest %v, for an event %v after a kill",
		quiet.median, quiet.longest, c.scale.rounds, c.scale.away, noisy.median, noisy.longest, sinceLast(kills, noisy.at).Round(time.Millisecond))
	t.Logf("after its return news crossed again within %v (%v)", slices.Max(back), back)
	if slices.Max(back) > c.scale.back {
		t.Errorf("not within %v", c.scale.back)
	}
	if most := quiet.longest + c.scale.away/2 + 2*c.stalls.longest(fault); noisy.longest > most {
		t.Errorf("an acknowledgement took %v, more than %v", noisy.longest, most)
	}
	for i, p := range publishers {
		t.Logf("news from hub %d: %d, of which %d were lost; the longest command took %v", i, p.number(), p.judge(t, lossless), p.slow.Round(time.Millisecond))
		_, _ = p.near.leave(), p.far.leave()
	}
	c.whole("after all", 0, 1)
	c.answered(fault, 0, 1)
	c.nobodyLeft()
	if lives := c.end(leave); lives.Lost > 0 {
		t.Errorf("%d sockets were taken for lost", lives.Lost)
	}
}

// sinceLast is how long after the last one of some times another time is.
func sinceLast(times []time.Time, at time.Time) (d time.Duration) {
	for _, one := range times {
		if one.Before(at) || d == 0 {
			d = at.Sub(one)
		}
	}
	return d
}

// delays are the times from event to ack of all browsers since the last call.
type delays struct {
	median, longest time.Duration
	at              time.Time // when the longest began
}

func (c *cluster) delays() delays {
	var all []time.Duration
	var slowest stall
	for _, r := range c.roamers {
		r.mu.Lock()
		if b := r.now; b != nil {
			b.mu.Lock()
			all = append(all, b.delays...)
			b.delays = nil
			if b.slowest.by > slowest.by {
				slowest = b.slowest
			}
			b.slowest = stall{}
			for _, w := range b.waiting {
				all = append(all, time.Since(w.time))
			}
			b.mu.Unlock()
		}
		r.mu.Unlock()
	}
	if len(all) == 0 {
		return delays{}
	}
	slices.Sort(all)
	return delays{all[len(all)/2].Round(100 * time.Microsecond), slices.Max(all).Round(time.Millisecond), slowest.at}
}

// nobodyLeft sees that no browser was disconnected.
func (c *cluster) nobodyLeft() {
	c.t.Helper()
	for _, r := range c.roamers {
		r.mu.Lock()
		if len(r.ended) > 0 {
			c.t.Errorf("a browser was disconnected: %v", r.ended)
		}
		r.mu.Unlock()
	}
}
