package dispatch

// Overflow says what happens when an event is more than its socket may have parked.
// When the group or the node is full all but Pause drop the event.
type Overflow uint8

// The policies.
const (
	// Pause parks the event, and stops the reading of its browser (Owner.Hold).
	Pause Overflow = iota
	// Reject drops the event.
	Reject
	// DropOldest drops the oldest parked events of the lane, as many as make room, and
	// the new one if there are not enough.
	DropOldest
	// Disconnect drops the event and calls Owner.Overflow.
	Disconnect
)

// overflown is how far a lane is with telling its owner.
type overflown uint8

const (
	overflowNever overflown = iota
	overflowNow             // Push has to tell
	overflowTold
)

// takeMeter takes room for an event from its socket, as the event's policy says.
func (p *parking) takeMeter(d *Delivery) bool {
	limit := p.group.node.config.Socket
	if p.meter.Take(d.cost(), limit) {
		return true
	}
	switch d.Overflow {
	case DropOldest:
		for old := p.oldest(); old != nil; old = p.oldest() {
			p.unpark(old)
			p.drop(old, Oldest)
			if p.meter.Take(d.cost(), limit) {
				return true
			}
		}
	case Disconnect:
		if p.overflown == overflowNever {
			p.overflown = overflowNow
		}
	}
	return false
}

// oldest returns the oldest parked event that may make room, or nil: never one with the
// policy Pause.
func (p *parking) oldest() *Delivery {
	for n := p.queue.front; n != nil; n = n.next {
		if n.value.Kind == Event && n.value.Overflow != Pause {
			return n.value
		}
	}
	return nil
}
