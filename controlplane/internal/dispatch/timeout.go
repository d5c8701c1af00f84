package dispatch

import "github.com/siohub/siohub/controlplane/internal/ledger"

// overdue reports whether a delivery should have been settled.
func (d *Delivery) overdue(t instant) bool {
	return d.state == open && d.terms.Timeout > 0 && t.since(d.handed) >= d.terms.Timeout
}

// timeOut takes the deliveries from the instance that it has not settled in time. They
// come again, spaced like those that are nacked. It locks mu.
func (i *Instance) timeOut(t instant) {
	i.mu.Lock()
	if i.timed == 0 || i.sink == nil {
		i.mu.Unlock()
		return
	}
	var late []*Delivery
	i.ledger.Each(func(_ uint64, d *Delivery) {
		if d.overdue(t) {
			late = append(late, d)
		}
	})
	seqs := make([]uint64, 0, len(late))
	for _, d := range late {
		l := d.lane
		seqs = append(seqs, d.seq)
		i.ledger.Remove(d.seq)
		i.closeTry(d)
		i.group.node.revoke(d.seq)
		i.group.observer.Revoked(d.Kind, ReasonTimeout)
		i.dequeue(l)
		if due, again := d.nextTry(0, t, i.group.node.config.Random); again {
			d.due = due
			l.requeue(d, t)
		} else if d.Kind.lifecycle() {
			// It goes on for ever, further and further apart.
			d.due = t.add(ledger.Spacing(int(d.tries), i.group.node.config.Random))
			l.requeue(d, t)
		} else {
			l.lose(d, Tries)
		}
		l.ready = t
		l.arm(&i.holder)
		i.endIfDone(l)
	}
	if len(seqs) > 0 {
		i.sink.Revoked(seqs, ReasonTimeout)
		i.fill()
	}
	i.unlock()
}
