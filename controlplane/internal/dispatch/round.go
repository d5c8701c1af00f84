package dispatch

import "github.com/siohub/siohub/controlplane/internal/window"

// round is one handing over of what is parked at an instance. The caller holds its mutex.
type round struct {
	inst *Instance
	at   instant
}

// line hands over what sockets have.
func (r round) line(in line) {
	i := r.inst
	turns := &i.turns[in]
	least := window.Size{} // that any lane of the line holds
	if in == followers {
		least.Deliveries = 1
	}
	for passed := 0; turns.front != nil && passed < window.MaxGreedy; {
		switch r.hand(turns.front.value) {
		case went:
		case hasNoRoom:
			if !i.windows[sockets].Fits(0, least) {
				return
			}
			// The lane holds too much already; whoever comes next may fit.
			passed++
			turns.rotate()
		case nothingGoes:
			return
		}
	}
}

// mostPassed is how many shares without room are passed over in one go: a service may have
// hundreds, and each settlement comes here.
const mostPassed = 16

// shares hands over what the shares of a line have, one delivery of each in turn.
func (r round) shares(in line) {
	window, turns := &r.inst.windows[solos], &r.inst.shares.turns[in]
	for passed := 0; passed < min(turns.len, mostPassed); {
		of := turns.front.value
		switch {
		case window.FitsShare(of.held):
			if r.hand(of.lanes.front.value) != went {
				return // though there is room: nothing else goes either
			}
			passed = 0
		case window.Full():
			return
		default:
			passed++
		}
		if turns.front == &of.turn {
			turns.rotate()
		}
	}
}

// handed is what became of the delivery that is next in a lane.
type handed uint8

const (
	went        handed = iota // it, or its lane has no turn any more
	hasNoRoom                 // it waits for room in the window
	nothingGoes               // nothing else goes now either
)

// hand hands over the next delivery of a lane that stands for its turn.
func (r round) hand(l *Lane) handed {
	i := r.inst
	if i.stops() {
		return nothingGoes
	}
	d, terms := r.head(l)
	switch {
	case d == nil:
		return went // nothing of the lane may go: its turn was taken away
	case terms.Silent:
		l.unpark(d)
		i.pass(l, d)
	case d.mustBeAlone() && i.ledger.Len() > 0:
		i.wanting = d
		return nothingGoes
	case i.curbed(l.solo.class()):
		return nothingGoes
	case !i.fits(l, d):
		return hasNoRoom
	default:
		l.unpark(d)
		i.admit(l, d, &terms)
	}
	i.nextTurn(l)
	return went
}

// head returns the delivery of a lane that is to go next, its introduction first, and
// how the instance takes it. It returns nil and takes the lane's turn away when none
// may go.
func (r round) head(l *Lane) (*Delivery, Terms) {
	i := r.inst
	if !i.expireLane(l, r.at) {
		return nil, Terms{}
	}
	d := l.queue.front.value
	if d.Kind == Event && l.stale(&l.group.epochs) {
		d = l.insertIntroduction()
	}
	terms, ok := i.sink.Accepts(d)
	if ok && i.unknown(l, d, &terms) {
		d = l.insertIntroduction()
		terms, ok = i.sink.Accepts(d)
	}
	switch {
	case ok && l.flight.allows(d, &terms):
		return d, terms
	case !ok && l.flight.len == 0:
		i.strand(l)
	default:
		// What is in the flight arms the lane once it is settled, or the delay has passed.
		i.dequeue(l)
		l.delayed()
	}
	return nil, Terms{}
}
