package dispatch

import (
	"math"
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
)

// Retry ends a settlement that asks for another try after the delay; without one it is
// spaced. It reports false when the delivery was tried often enough: then it is over,
// and dropped.
func (a *Attachment) Retry(d *Delivery, delay time.Duration) bool {
	i, l := a.inst, d.lane
	i.mu.Lock()
	t := now()
	due, again := d.nextTry(delay, t, i.group.node.config.Random)
	if d.state == detached {
		i.mu.Unlock()
		a.later(d, due, again)
		return again
	}
	i.again(d, due, again, t)
	i.after(l)
	return again
}

// nextTry counts a try that came to nothing, and says when the next one is due.
func (d *Delivery) nextTry(delay time.Duration, t instant, random func() float64) (due instant, again bool) {
	if d.tries < math.MaxUint8 {
		d.tries++
	}
	wait, again := ledger.NextTry(int(d.tries), delay, random)
	return t.add(wait), again
}

// again settles a delivery, and puts it back into its lane or drops it.
func (i *Instance) again(d *Delivery, due instant, again bool, t instant) {
	l := d.lane
	i.ledger.Settle(d.seq)
	i.closeTry(d)
	if !again {
		l.introducing = l.introducing && d.Kind != Connected
		l.drop(d, Nacked)
		return
	}
	d.due = due
	i.dequeue(l) // something comes back in front of it
	l.requeue(d, t)
}

// Elsewhere ends a settlement by which the instance gives the delivery to another one
// that accepts it; its lane moves there once what it has in flight is settled. If there is
// none, it is a Retry without a delay. It counts as a try.
func (a *Attachment) Elsewhere(d *Delivery) bool {
	i, l, g := a.inst, d.lane, a.inst.group
	g.pool.mu.Lock()
	i.mu.Lock()
	if d.state == detached || i.sink == nil {
		i.mu.Unlock()
		g.pool.mu.Unlock()
		return a.Retry(d, 0)
	}
	before := l.avoid
	l.avoid = i
	i.mu.Unlock()
	other := g.pool.pick(l, next{first: d}, false)
	i.mu.Lock()
	if other == nil || d.state == detached {
		l.avoid = before
		i.mu.Unlock()
		g.pool.mu.Unlock()
		return a.Retry(d, 0)
	}
	g.pool.mu.Unlock()
	_, again := d.nextTry(0, now(), g.node.config.Random)
	i.again(d, 0, again, now())
	i.after(l)
	return again
}
