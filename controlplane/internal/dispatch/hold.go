package dispatch

import (
	"sync"
	"time"
)

// Hold says how far a socket's browser is to be read.
type Hold uint8

// The holds, in growing order.
const (
	// HoldNone: it is read.
	HoldNone Hold = iota
	// HoldEvents: as many events are parked as may be. It is read while it owes
	// acknowledgements, as whoever waits for them may be what keeps its events waiting.
	HoldEvents
	// HoldAll: it is not read.
	HoldAll
)

// held is a lane's hold on its browser.
type held struct {
	level Hold // guarded by the mutex of the lane's holder

	// Guarded by holds.mu.
	since instant
	long  bool // counted by Held
	place node[*held]
}

// holds are the holds of a group's lanes.
type holds struct {
	mu  sync.Mutex // guards the fields below; a leaf
	all list[*held]
}

func (h *holds) add(level Hold) *held {
	one := &held{level: level, since: now()}
	one.place.value = one
	h.mu.Lock()
	h.all.pushBack(&one.place)
	h.mu.Unlock()
	return one
}

func (h *holds) remove(one *held) {
	h.mu.Lock()
	h.all.remove(&one.place)
	h.mu.Unlock()
}

// hold is how far the lane has its browser read.
func (p *parking) hold() Hold {
	if p.held == nil {
		return HoldNone
	}
	return p.held.level
}

// setHold changes the hold, and tells the owner.
func (p *parking) setHold(to Hold) {
	from := p.hold()
	switch {
	case from == to:
		return
	case from == HoldNone:
		p.held = p.group.holds.add(to)
	case to == HoldNone:
		p.group.holds.remove(p.held)
		p.held = nil
	default:
		p.held.level = to
	}
	p.owner.Hold(from, to)
}

// holdBack stops the reading of a browser that has reached one of the bounds with what it
// has just sent.
func (p *parking) holdBack() {
	items, bytes := p.meter.Holds()
	limit := p.group.node.config.Socket
	switch {
	case bytes >= limit.Bytes || p.crowded():
		p.setHold(HoldAll)
	case items >= limit.Items && p.held == nil:
		p.setHold(HoldEvents)
	}
}

// crowded reports whether others have used up what the group or the node may park.
func (p *parking) crowded() bool { return p.group.bytes.Full() || p.group.node.bytes.Full() }

// letGo lets a browser be read again once half of what it may have parked is free, or
// nothing is parked here any more: one event always has room.
func (p *parking) letGo() {
	if p.held == nil {
		return
	}
	if !p.eventsParked() {
		p.setHold(HoldNone)
		return
	}
	items, bytes := p.meter.Holds()
	limit := p.group.node.config.Socket
	switch {
	case bytes > limit.Bytes/2 || p.crowded():
	case items > limit.Items/2:
		p.setHold(HoldEvents)
	default:
		p.setHold(HoldNone)
	}
}

// Held counts the sockets of the group whose browser is not read, and those of them that
// have become so for longer than that since the last call.
func (g *Group) Held(at time.Time, long time.Duration) (all, longer int) {
	t := instantOf(at)
	g.holds.mu.Lock()
	defer g.holds.mu.Unlock()
	for n := g.holds.all.front; n != nil; n = n.next {
		h := n.value
		if t.since(h.since) < long {
			break // they stand in the order in which they came
		}
		if !h.long {
			h.long = true
			longer++
		}
	}
	return g.holds.all.len, longer
}
