package dispatch

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/window"
)

// Attachment is the hold that one stream has on its instance. Its methods are safe for
// concurrent use.
type Attachment struct {
	inst    *Instance
	sink    Sink
	life    uint32 // of the process
	first   uint64 // the smallest number that the process can have been given
	resumed bool
}

// AttachOptions are how an instance attaches.
type AttachOptions struct {
	// Resume says that it is the same process as before: what it has unsettled stays with
	// it. The sink is the one that it had, which has taken what there was to tell meanwhile. See Attachment.Resumed.
	Resume bool
	// Weight is its share of the sockets, in proportion to the other instances'. 0 means 1.
	Weight uint32
	// Keep says that the instance gives none of its sockets to instances that come.
	Keep bool
	// Anew says that the process has told its program that its sockets are lost: they
	// are introduced again, with new identities.
	Anew bool
	// Complete says that it asks for all that the instances of the group ask for together.
	// Sockets go to such an instance first.
	Complete bool
}

// Windows bound what an instance has unsettled.
type Windows struct {
	// Events is for what belongs to sockets.
	Events window.Size
	// Attempts is for the deliveries of solo lanes.
	Attempts window.Size
	// Paused lets nothing more come. What is unsettled stays.
	Paused bool
}

// Attach gives an instance a stream. If it has one already, that is fenced, and its sink
// returned. First says that no instance of the group was attached before.
//
// With AttachOptions.Resume, and if the instance is still known, it keeps what it has
// unsettled, whether its stream was lost or is fenced now: the numbers that were taken
// from it since are returned as revoked. They may be told twice. Otherwise a new process
// has come: everything unsettled is taken from it, as lost, and handed over again.
//
// Nothing is handed over before Start.
func (g *Group) Attach(id string, sink Sink, o AttachOptions) (a *Attachment, fenced Sink, first bool, revoked []uint64) {
	g.pool.mu.Lock()
	defer g.pool.mu.Unlock()
	first = true
	for _, i := range g.members {
		first = first && (i.current == nil || i.id == id)
	}
	i := g.members[id]
	if i == nil {
		i = &Instance{group: g, id: id}
		i.inst = i
		g.members[id] = i
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current != nil {
		fenced = i.current.sink
	}
	resumed := o.Resume && i.life != 0 && !i.absences.full
	i.sink = nil
	if resumed {
		revoked = append(revoked, i.absences.seqs...)
	} else {
		i.renew(now())
	}
	if o.Anew {
		g.epochs.forgetTold(i, first)
	}
	g.epochs.losses.begun(id, i.life, g.members)
	a = &Attachment{inst: i, sink: sink, life: i.life, first: i.first, resumed: resumed}
	i.current, i.lostAt = a, time.Time{}
	i.weight, i.complete, i.keeps = max(o.Weight, 1), o.Complete, o.Keep
	i.stopTimer()
	g.absent = time.Time{}
	g.countTakers()
	return a, fenced, first, revoked
}

// Resumed reports whether the instance kept what it had unsettled.
func (a *Attachment) Resumed() bool { return a.resumed }

// renew makes the instance that of another process. The caller holds pool.mu and mu.
func (i *Instance) renew(t instant) {
	g := i.group
	if i.life != 0 {
		at := instantOf(i.lostAt)
		if at == 0 {
			at = t
			g.deaths.Add(1)
		}
		loss{i, ReasonReplaced, at, t}.all()
	}
	g.lives++
	i.life, i.first = g.lives, g.node.seq.Load()+1
	i.hearing.clear()
	i.draining = false
	i.came = time.Time{}
}

// Start lets deliveries come, as far as the windows have room.
func (a *Attachment) Start(w Windows, introduceAnew bool) {
	i, g := a.inst, a.inst.group
	if introduceAnew {
		g.epochs.attach.Add(1)
	}
	g.pool.mu.Lock()
	i.mu.Lock()
	if i.current != a || i.sink != nil {
		i.mu.Unlock()
		g.pool.mu.Unlock()
		return
	}
	i.hearing.begin(a.sink, a.resumed)
	if !a.resumed && len(g.members) > 1 {
		i.came = time.Now()
	}
	i.resize(w)
	draining := i.draining
	i.mu.Unlock()
	g.pool.open(i)
	g.pool.mu.Unlock()
	switch {
	case !a.resumed:
		a.greetAll()
	case draining:
		g.pool.drain(i)
	}
	g.failover()
}

// Resize changes the windows.
func (a *Attachment) Resize(w Windows) {
	i, g := a.inst, a.inst.group
	g.pool.mu.Lock()
	i.mu.Lock()
	if i.current != a {
		i.mu.Unlock()
		g.pool.mu.Unlock()
		return
	}
	was := i.takes()
	i.resize(w)
	is := i.takes()
	i.mu.Unlock()
	switch {
	case is && was:
		g.pool.relocateLocked(i)
		g.pool.feedLocked()
	case is:
		g.pool.open(i)
	case was:
		g.countTakers()
		g.pool.vacate(i)
	}
	g.pool.mu.Unlock()
	if is && !was {
		g.failover()
	}
}

func (i *Instance) resize(w Windows) {
	i.paused = w.Paused
	for c, size := range [classes]window.Size{sockets: w.Events, solos: w.Attempts} {
		i.windows[c].Resize(size)
		i.windows[c].Pause(w.Paused)
		i.limit[c].Store(max(size.Deliveries, 1))
	}
}

// open lets work come to an instance that may have room. The caller holds pool.mu.
func (p *pool) open(i *Instance) {
	p.countTakers()
	p.reopen()
	p.relocateLocked(i)
	// Others may be paused and keep what this one takes.
	for _, other := range p.members {
		if other != i && other.paused {
			p.vacate(other)
		}
	}
	p.feedLocked()
}

// vacate takes the lanes that wait and have no flight from a paused instance, if another
// one takes them. The caller holds pool.mu.
func (p *pool) vacate(i *Instance) {
	if p.takers.Load() == 0 {
		return
	}
	i.mu.Lock()
	i.each(func(turns *list[*Lane]) {
		for n := turns.front; n != nil; {
			l := n.value
			n = n.next
			if i.mustLeave(l) {
				i.strand(l)
			}
		}
	})
	i.mu.Unlock()
	p.relocateLocked(i)
}

// Room reports whether the instance could take more of sockets than what is there for
// it.
func (a *Attachment) Room() bool {
	i := a.inst
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.life == a.life && i.takes() && i.backlog[sockets].Load() == 0 && i.greetings.front == nil && !i.windows[sockets].Full()
}

// greetStep is how many lanes are looked at while locks are held.
const greetStep = 1024

// greetAll introduces the idle sockets of the instance to its new process, if that asks
// for it.
func (a *Attachment) greetAll() {
	i := a.inst
	for left := int(i.bound.Load()); left > 0; left -= greetStep {
		i.mu.Lock()
		if i.life != a.life || i.sink == nil {
			i.mu.Unlock()
			return
		}
		for range min(left, greetStep, i.lanes.len) {
			l := i.lanes.front.value
			i.lanes.rotate()
			i.greet(l)
		}
		i.fill()
		i.unlock()
	}
}
