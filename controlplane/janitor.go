package controlplane

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/turns"
)

// The janitor looks after connect attempts and renewals at each tick, and after all
// else at each tickth one.
const (
	janitorTick  = 100 * time.Millisecond
	janitorTurns = 10
)

// janitor does what no event leads to: it drops what is parked for too long, asks other
// instances about attempts that wait, ends authorizations and suspended attachments, and
// tells services what was dropped. It also looks for work that nobody settles, and for
// browsers that wait for it.
func (s *Server) janitor() {
	defer s.done.Done()
	tick := time.NewTicker(janitorTick)
	defer tick.Stop()
	var meter turns.Meter
	for n := 1; ; n++ {
		select {
		case <-s.stop:
			return
		case now := <-tick.C:
			s.within(func() { s.pace(meter.Read()) })
			s.within(func() { s.connects.tend(now) })
			s.within(func() { s.renewals.tend(now) })
			s.within(func() { s.listeners.Tend(now) })
			if n%janitorTurns == 0 {
				s.within(func() { s.decisions.Sweep(now) })
				s.within(func() { s.connects.tendWaiting(now) })
				s.within(s.describe)
				s.routes.each(func(g *group) { s.within(func() { s.tend(g, now) }) })
			}
		}
	}
}

// tend is the janitor's work for one group.
func (s *Server) tend(g *group, now time.Time) {
	g.Expire(now)
	s.routes.yield(g, now)
	g.Rebalance(now)
	s.tendAttachments(g, now)
	s.watchBacklog(g, now)
	s.debugDrops(g)
	if a := s.routes.anyOf(g); a != nil {
		g.report(a)
	}
	for _, a := range s.routes.present(g) {
		if a.introducing.Load() && a.current() != nil {
			a.introduceSome()
		}
	}
}
