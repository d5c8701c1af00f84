package loadgen

import (
	"bytes"
	"context"
	"time"
)

// groups is what fanout and room have in common: connections in groups, which are
// namespaces or rooms, and rounds. In a round one member triggers and all members
// receive, a burst of times; the round has ended when everything has arrived. The
// next round of a group may start earlier at a fixed rate alone.
type groups struct {
	r   *run
	all []*group
	// prefix is what the deliveries begin with.
	prefix []byte
	// of are the groups of a connection, and which has a delivery's number when there
	// are several.
	of func(c *client) []int
	// free has each group as often as it may start a round, slots the rounds that may
	// still be started in all.
	free  chan *group
	slots chan struct{}
}

// newGroups makes count groups.
func newGroups(r *run, event string, count int, of func(c *client) []int) *groups {
	depth := 1
	if !r.config.closedLoop() {
		depth = (r.config.InFlight + count - 1) / count
	}
	gs := &groups{
		r: r, prefix: []byte(`["` + event + `","`), of: of,
		free: make(chan *group, count*depth), slots: make(chan struct{}, r.config.InFlight),
	}
	for range count {
		gs.all = append(gs.all, &group{burst: r.config.Burst, rounds: make([]round, depth)})
	}
	return gs
}

func (gs *groups) prepare(c *client) error {
	if err := gs.r.joinRooms(c); err != nil {
		return err
	}
	in := gs.of(c)
	memberships := make(map[int]*membership, len(in))
	for _, i := range in {
		memberships[i] = gs.all[i].add(c)
	}
	only := memberships[in[0]]
	c.handle = func(kind byte, body []byte) {
		if kind != '2' || !bytes.HasPrefix(body, gs.prefix) {
			return
		}
		m := only
		if len(in) > 1 {
			m = memberships[groupNumber(body[len(gs.prefix):])]
		}
		if m == nil {
			return
		}
		gs.arrived(m)
	}
	return nil
}

// arrived counts a delivery.
func (gs *groups) arrived(m *membership) {
	round := m.next()
	gs.r.done(&round.began)
	if round.left.Add(-1) == 0 {
		gs.ended(m.group)
	}
}

// ended makes way for the next round of a group.
func (gs *groups) ended(g *group) {
	gs.free <- g
	gs.slots <- struct{}{}
}

func (gs *groups) start(ctx context.Context) {
	for _, g := range gs.all {
		g.message = gs.r.clients[0].prepare(g.message)
	}
	for range gs.r.config.InFlight {
		gs.slots <- struct{}{}
	}
	for range cap(gs.free) / len(gs.all) {
		for _, g := range gs.all {
			if len(g.members) > 0 {
				gs.free <- g
			}
		}
	}
	if !gs.r.config.closedLoop() {
		gs.r.pace(ctx, func(due time.Duration) bool { return gs.trigger(ctx, due) })
		return
	}
	gs.r.spawn(func() {
		for gs.trigger(ctx, 0) {
		}
	})
}

// trigger starts a round as soon as one may start, which is at once where no moment
// is given. It returns false when the context has ended.
func (gs *groups) trigger(ctx context.Context, due time.Duration) bool {
	select {
	case <-gs.slots:
	case <-ctx.Done():
		return false
	}
	for {
		select {
		case g := <-gs.free:
			at := due
			if at == 0 {
				at = now()
			}
			sender := g.begin(at)
			if sender == nil {
				continue // it is suspended, or has no member
			}
			gs.r.started.Add(1)
			for range g.burst {
				_ = sender.send(g.message) // an error shows in the reader
			}
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// recoveryDelay is how long a group is suspended when the connection that triggers was lost, for
// what it triggered to arrive or not.
const recoveryDelay = time.Second

// lost takes a connection out of its groups. What it would have received is not
// waited for. When it was to trigger, another one does after recoveryDelay.
func (gs *groups) lost(c *client) {
	for _, i := range gs.of(c) {
		g := gs.all[i]
		ended, suspended := g.remove(c)
		for range ended {
			gs.ended(g)
		}
		if !suspended {
			continue
		}
		gs.r.spawn(func() {
			_ = wait(gs.r.ended, recoveryDelay)
			for range g.resume() {
				gs.free <- g
			}
		})
	}
}

func (gs *groups) underWay(visit func(began *stamp, count int64)) {
	for _, g := range gs.all {
		for i := range g.rounds {
			if left := g.rounds[i].left.Load(); left > 0 {
				visit(&g.rounds[i].began, left)
			}
		}
	}
}
