package dispatch

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
)

const (
	// aloneAfter is how often a delivery is lost with its instance until it goes alone:
	// beside it nothing else is unsettled there, so that a crash can be laid to it. It and
	// others may have been in flight together until then; nobody knows whose fault it was.
	aloneAfter = 2
	// maxLosses is how often it is lost in all until it is given up. Beyond aloneAfter only
	// losses while it was alone count.
	maxLosses = 5
	// maxLossesInAll is how often it is lost until it is given up whatever other instances do. A loss is not laid to it
	// while they die without it, too; two that kill whoever takes them would excuse each other for ever.
	maxLossesInAll = 20
	// aloneFor is how long an instance takes no other work for it: while it is alone there and not settled, and
	// before that while it waits for what is unsettled there.
	aloneFor = time.Minute
)

// isolation says whether a delivery that was lost twice goes alone.
type isolation uint8

const (
	// isolationDue: it does.
	isolationDue isolation = iota
	// isolationWaived: it waited for too long to be alone, so this try goes beside others. If it is lost it
	// says nothing, and the next one is alone.
	isolationWaived
	// isolationOver: it was alone for long enough and was not settled. It is not alone again, and each further loss
	// is laid to it.
	isolationOver
)

// quarantine is about a delivery that was lost twice.
type quarantine struct {
	alone   *Delivery // it is the only one in flight
	wanting *Delivery // it waits to be it: nothing else goes
	// awaited is the one that was wanting when it was looked at, since that moment.
	awaited struct {
		delivery *Delivery
		since    instant
	}
}

// mustBeAlone reports whether nothing may be unsettled beside it.
func (d *Delivery) mustBeAlone() bool { return d.losses >= aloneAfter && d.isolation == isolationDue }

// stops reports whether nothing else goes.
func (q *quarantine) stops() bool { return q.alone != nil || q.wanting != nil }

// lapse ends what has lasted for long enough, and reports whether it did.
func (q *quarantine) lapse(t instant) (ended bool) {
	if d := q.alone; d != nil && t.since(d.handed) >= aloneFor {
		q.alone, d.isolation, ended = nil, isolationOver, true
	}
	switch d, waits := q.wanting, &q.awaited; {
	case d != waits.delivery:
		waits.delivery, waits.since = d, t
	case d != nil && t.since(waits.since) >= aloneFor:
		waits.delivery, q.wanting, d.isolation, ended = nil, nil, isolationWaived, true
	}
	return ended
}

// endIsolation lets an instance take other work again that has done without for long enough.
// It locks mu.
func (i *Instance) endIsolation(t instant) {
	i.mu.Lock()
	if !i.quarantine.lapse(t) {
		i.mu.Unlock()
		return
	}
	i.group.unisolated.Add(1)
	i.fill()
	i.unlock()
}

// loss takes what is unsettled from an instance whose process is gone, or left.
type loss struct {
	inst *Instance
	why  Reason
	at   instant // when the process was lost
	t    instant // now
}

// all takes everything that the instance has unsettled. Its lanes stay. The caller holds
// mu.
func (x loss) all() {
	lanes := make([]*Lane, 0, x.inst.ledger.Len())
	x.inst.ledger.Each(func(_ uint64, d *Delivery) { lanes = append(lanes, d.lane) })
	for _, l := range lanes {
		if l.flight.len > 0 {
			x.lane(l)
		}
	}
}

// lane takes everything that a lane has unsettled back into its queue, in order, in
// front of what never went.
func (x loss) lane(l *Lane) {
	h := &x.inst.holder
	// From the back, so that each one comes to stand before the one after it without a
	// search.
	for n := l.flight.back; n != nil; n = l.flight.back {
		x.one(n.value)
	}
	if x.why != ReasonReplaced && l.solo.pinned() != "" && l.queue.front != nil {
		h.abandon(l, Lost)
	}
	if !l.ended && h.cancelOut(l) {
		// Its head may be another one, that is not due.
		h.dequeue(l)
		l.arm(h)
	}
}

// one takes one unsettled delivery back.
func (x loss) one(d *Delivery) {
	i, l, alone := x.inst, d.lane, x.inst.alone == d
	settled := d.state == settling
	i.closeTry(d)
	i.ledger.Remove(d.seq)
	if settled {
		// Its settlement is being carried out at this moment, outside of the lock. It
		// counts: what was said of it is true, whatever becomes of the instance.
		d.state = detached
		l.flight.detached++
		l.introducing = l.introducing && d.Kind != Connected
		return
	}
	i.revoked(d, x.why)
	switch {
	case d.Kind == ServiceCall, d.terms.AtMostOnce && !d.Kind.lifecycle():
		l.lose(d, Lost)
	case x.why != ReasonLeft && d.lost(alone || d.isolation == isolationOver, i.group.deaths.Load()):
		l.lose(d, Tries)
	default:
		if d.isolation == isolationWaived {
			d.isolation = isolationDue
		}
		if d.losses > 0 && x.why != ReasonLeft {
			d.due = x.at.add(ledger.Spacing(int(d.losses), i.group.node.config.Random))
		}
		l.requeue(d, x.t)
	}
}

// lost counts a loss, and reports whether the delivery is to be given up. Lifecycle is
// not: it goes on, alone as long as it may be. Alone says that the loss is laid to it, and deaths
// is Group.deaths, this one among them.
func (d *Delivery) lost(alone bool, deaths uint32) bool {
	if d.lossesInAll == 0 {
		d.deaths = deaths
	}
	if d.lossesInAll < maxLossesInAll {
		d.lossesInAll++
	}
	if d.losses < aloneAfter || (alone && d.losses < maxLosses && !d.excused(deaths)) {
		d.losses++
	}
	return (d.losses >= maxLosses || d.lossesInAll >= maxLossesInAll) && !d.Kind.lifecycle()
}

// excused reports whether others die as well: since it was first lost at least one without it for two with it.
func (d *Delivery) excused(deaths uint32) bool {
	since, own := deaths-d.deaths, uint32(d.lossesInAll)-1
	return since > own && 2*(since-own) >= uint32(d.lossesInAll)
}
