package dispatch

import (
	"time"
)

// Detach takes the stream away. After a clean leave the work moves at once. After a loss
// the instance is suspended: it keeps its work, for the failover delay while another
// instance could take it, otherwise for the suspension time.
func (a *Attachment) Detach(leave bool) {
	i, g := a.inst, a.inst.group
	config := &g.node.config
	g.pool.mu.Lock()
	i.mu.Lock()
	if i.current != a {
		i.mu.Unlock()
		g.pool.mu.Unlock()
		return
	}
	now := time.Now()
	i.hearing.suspend()
	i.current, i.lostAt = nil, now
	if !leave {
		g.deaths.Add(1)
	}
	i.mu.Unlock()
	g.countTakers()
	if g.attached() == 0 {
		g.absent = now
	}
	gone := leave || config.Suspend <= 0
	if !gone && !g.closed {
		i.timer = time.AfterFunc(min(max(config.FailoverDelay, 0), config.Suspend), i.waited)
	}
	g.pool.mu.Unlock()
	switch {
	case leave:
		evacuation{inst: i, life: a.life, why: ReasonLeft, all: true}.run()
	case gone:
		evacuation{inst: i, life: a.life, why: ReasonLost, all: true}.run()
	case config.FailoverDelay <= 0:
		g.failover()
	}
	g.pool.feed()
}

// waited is onLost on a timer's goroutine.
func (i *Instance) waited() { i.group.node.config.Within(i.onLost) }

// onLost runs when the failover delay of a suspended instance is over, and again when
// its suspension is.
func (i *Instance) onLost() {
	g := i.group
	g.pool.mu.Lock()
	if g.members[i.id] != i || i.current != nil || g.closed {
		g.pool.mu.Unlock()
		return
	}
	life := i.life
	left := g.node.config.Suspend - time.Since(i.lostAt)
	if left > 0 {
		i.timer = time.AfterFunc(left, i.waited)
	}
	g.pool.mu.Unlock()
	evacuation{inst: i, life: life, why: ReasonLost, all: left <= 0}.run()
	g.pool.feed()
}

// failover moves the work of suspended instances that were waited for long enough.
func (g *Group) failover() {
	g.pool.mu.Lock()
	var due []evacuation
	for _, i := range g.members {
		if i.overdue(g.node.config.FailoverDelay) {
			due = append(due, evacuation{inst: i, life: i.life, why: ReasonLost})
		}
	}
	g.pool.mu.Unlock()
	for _, e := range due {
		e.run()
	}
}

// evacuation takes the lanes of an instance without a stream to those who take them.
type evacuation struct {
	inst *Instance
	life uint32 // it ends when another process has come
	why  Reason
	// all lets lanes that nobody else takes go to the pool, and forgets the instance.
	all bool
}

// evacuateStep is how many lanes are moved while locks are held: pushes wait meanwhile.
const evacuateStep = 256

func (e evacuation) run() {
	i, g := e.inst, e.inst.group
	for left := int(i.bound.Load()); ; left -= evacuateStep {
		g.pool.mu.Lock()
		valid := g.members[i.id] == i && i.current == nil && i.life == e.life
		if valid && left > 0 {
			e.step(min(left, evacuateStep))
		} else if valid && e.all {
			e.finish()
		}
		g.pool.mu.Unlock()
		if !valid || left <= 0 {
			return
		}
	}
}

// step moves lanes. The caller holds pool.mu.
func (e evacuation) step(n int) {
	i, p := e.inst, &e.inst.group.pool
	x, moved := loss{i, e.why, instantOf(i.lostAt), now()}, 0
	for range n {
		i.mu.Lock()
		if i.lanes.front == nil {
			i.mu.Unlock()
			break
		}
		l := i.lanes.front.value
		i.lanes.rotate()
		want := wants(l, nil)
		i.mu.Unlock()
		to := p.pick(l, want, false)
		if !e.all && (to == nil || (want.second != nil && !to.accepts(want.second))) {
			continue // it waits for its instance
		}
		i.mu.Lock()
		x.lane(l)
		if !l.ended {
			i.surrender(l)
			moved++
		}
		i.mu.Unlock()
		if to != nil && !l.ended {
			p.give(l, to)
			p.run(to)
		}
	}
	i.mu.Lock()
	i.releaseAll(e.why)
	i.mu.Unlock()
	if moved > 0 {
		p.observer.Moved(moved, e.why)
	}
}

// finish forgets the instance: what it still has goes to the pool. The caller holds
// pool.mu.
func (e evacuation) finish() {
	i, g := e.inst, e.inst.group
	i.mu.Lock()
	defer i.mu.Unlock()
	x, moved := loss{i, e.why, instantOf(i.lostAt), now()}, 0
	for n := i.lanes.front; n != nil; n = i.lanes.front {
		x.lane(n.value)
		if !n.value.ended {
			i.surrender(n.value)
			moved++
		}
	}
	i.life = 0
	i.hearing.clear()
	i.stopTimer()
	delete(g.members, i.id)
	if moved > 0 {
		g.observer.Moved(moved, e.why)
	}
}
