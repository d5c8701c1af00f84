package dispatch

import "time"

// shareWithin is how soon an instance that came has its share of the idle sockets.
const shareWithin = 8 * time.Second

// shareholder is an instance that takes work, as it was when a Rebalance began.
type shareholder struct {
	*Instance
	weight float64
	keeps  bool
	came   time.Time
	idle   int
	share  int // of the idle sockets
}

// Rebalance gives instances that came in the last seconds their weight's share of the
// idle sockets, a part of it at each call. It is called about once a second.
func (g *Group) Rebalance(now time.Time) {
	all := g.shareholders()
	for i := range all {
		to := &all[i]
		if to.came.IsZero() {
			continue
		}
		left := shareWithin - now.Sub(to.came)
		missing := to.share - to.idle
		// What is missing, in equal parts until the time is over.
		step := max(missing/max(int(left/time.Second), 1), min(missing, rebalanceStep))
		for j := range all {
			from := &all[j]
			if surplus := from.idle - from.share; !from.keeps && from.came.IsZero() && step > 0 && surplus > 0 {
				moved := from.give(to.Instance, min(step, surplus))
				from.idle -= moved
				step -= moved
			}
		}
		if missing <= 0 || left <= 0 {
			g.pool.mu.Lock()
			if to.Instance.came.Equal(to.came) {
				to.Instance.came = time.Time{}
			}
			g.pool.mu.Unlock()
		}
	}
}

// shareholders returns the instances that share the sockets, and nothing when none of
// them came lately.
func (g *Group) shareholders() []shareholder {
	var all []shareholder
	weight, came := 0.0, false
	g.pool.mu.Lock()
	for _, i := range g.members {
		if i.takes() {
			all = append(all, shareholder{Instance: i, weight: float64(i.weight), keeps: i.keeps, came: i.came})
			weight += float64(i.weight)
			came = came || !i.came.IsZero()
		}
	}
	g.pool.mu.Unlock()
	if !came {
		return nil
	}
	total := 0
	for i := range all {
		all[i].idle = all[i].count()
		total += all[i].idle
	}
	for i := range all {
		all[i].share = int(float64(total) * all[i].weight / weight)
	}
	return all
}

// rebalanceStep is how many sockets move at a call at least.
const rebalanceStep = 64

// count counts the sockets that have nothing to do, and those that Rebalance moved here:
// they may just be introduced.
func (s *shareholder) count() int {
	i, n := s.Instance, 0
	for left := int(i.bound.Load()); left > 0; left -= greetStep {
		i.mu.Lock()
		for range min(left, greetStep, i.lanes.len) {
			if l := i.lanes.front.value; l.idle() || (l.owner != nil && l.joined == i.life) {
				n++
			}
			i.lanes.rotate()
		}
		i.mu.Unlock()
	}
	return n
}

// give moves up to n idle lanes to another instance, and returns how many it moved. No
// lane moves twice because of the same instance: one that came gives none away until it
// has its share.
func (s *shareholder) give(to *Instance, n int) (moved int) {
	from, p := s.Instance, &s.group.pool
	for left := int(from.bound.Load()); left > 0 && moved < n; left -= evacuateStep {
		p.mu.Lock()
		if from.takes() && to.takes() && (to.complete || !from.complete) {
			moved += s.giveSome(to, min(left, evacuateStep), n-moved)
		}
		p.mu.Unlock()
	}
	return moved
}

// giveSome looks at some lanes. The caller holds pool.mu.
func (s *shareholder) giveSome(to *Instance, look, n int) (moved int) {
	from, p := s.Instance, &s.group.pool
	var lanes []*Lane
	from.mu.Lock()
	for range min(look, from.lanes.len) {
		l := from.lanes.front.value
		from.lanes.rotate()
		// Whoever takes a socket's lifecycle takes the socket.
		if len(lanes) < n && l.idle() && to.accepts(l.owner.Introduction(true, true)) {
			from.surrender(l)
			l.joined = to.life
			lanes = append(lanes, l)
		}
	}
	from.releaseAll(ReasonRebalanced)
	from.mu.Unlock()
	for _, l := range lanes {
		p.give(l, to)
	}
	p.run(to)
	if len(lanes) > 0 {
		p.observer.Moved(len(lanes), ReasonRebalanced)
	}
	return len(lanes)
}
