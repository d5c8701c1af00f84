package dispatch

import "time"

// shareWithin is how soon an instance that came has its share of the idle sockets.
const shareWithin = 8 * time.Second

// Rebalance gives instances that came in the last seconds their weight's share of the
// idle sockets, a part of it at each call. It is called about once a second.
func (g *Group) Rebalance(now time.Time) {
	g.pool.mu.Lock()
	var takers []*Instance
	var comers []*Instance
	for _, i := range g.members {
		if !i.takes() {
			continue
		}
		takers = append(takers, i)
		if !i.came.IsZero() {
			comers = append(comers, i)
		}
	}
	g.pool.mu.Unlock()
	if len(comers) == 0 {
		return
	}
	idle := make(map[*Instance]int, len(takers))
	total, weight := 0, 0.0
	for _, i := range takers {
		idle[i] = i.countIdle()
		total += idle[i]
		weight += float64(i.weight)
	}
	share := func(i *Instance) int { return int(float64(total) * float64(i.weight) / weight) }
	for _, to := range comers {
		left := shareWithin - now.Sub(to.came)
		missing := share(to) - idle[to]
		if missing > 0 {
			// What is missing, in equal parts until the time is over.
			step := max(missing/max(int(left/time.Second), 1), min(missing, rebalanceStep))
			for _, from := range takers {
				if from.came.IsZero() && step > 0 {
					step -= g.shift(from, to, min(step, idle[from]-share(from)))
				}
			}
		}
		if missing <= 0 || left <= 0 {
			g.pool.mu.Lock()
			to.came = time.Time{}
			g.pool.mu.Unlock()
		}
	}
}

// rebalanceStep is how many sockets move at a call at least.
const rebalanceStep = 64

// countIdle counts the sockets that have nothing to do, and those that Rebalance moved
// here: they may just be introduced.
func (i *Instance) countIdle() int {
	n := 0
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

// shift moves up to n idle lanes from one instance to another one, and returns how many
// it moved. A lane that was moved to an instance that came is not moved again for the
// same reason while that is there.
func (g *Group) shift(from, to *Instance, n int) (moved int) {
	for left := int(from.bound.Load()); left > 0 && moved < n; left -= evacuateStep {
		g.pool.mu.Lock()
		if from.takes() && to.takes() && (to.complete || !from.complete) {
			moved += g.shiftSome(from, to, min(left, evacuateStep), n-moved)
		}
		g.pool.mu.Unlock()
	}
	return moved
}

func (g *Group) shiftSome(from, to *Instance, look, n int) (moved int) {
	var lanes []*Lane
	from.mu.Lock()
	for range min(look, from.lanes.len) {
		l := from.lanes.front.value
		from.lanes.rotate()
		if len(lanes) < n && l.idle() && l.joined != from.life && to.wouldTake(l) {
			from.surrender(l)
			l.joined = to.life
			lanes = append(lanes, l)
		}
	}
	from.releaseAll(ReasonRebalanced)
	from.mu.Unlock()
	for _, l := range lanes {
		g.give(l, to)
	}
	g.run(to)
	if len(lanes) > 0 {
		g.observer.Moved(len(lanes), ReasonRebalanced)
	}
	return len(lanes)
}

// wouldTake reports whether an instance takes the lifecycle of an idle socket.
func (i *Instance) wouldTake(l *Lane) bool { return i.accepts(l.owner.Introduction(true, true)) }
