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
	// HoldEvents: as many events, or bytes, are parked as may be. It is read while it owes acknowledgements, as whoever
	// waits for them may be what keeps its events waiting: until owedShare times as many bytes are parked.
	HoldEvents
	// HoldAll: it is not read.
	HoldAll
)

// owedShare is how many times Config.Socket.Bytes may be parked of a browser that owes acknowledgements: they stand
// behind all that it has sent before, and a burst of 3 000 small events counts 1.5 MiB.
const owedShare = 8

// held is a lane's hold on its browser.
type held struct {
	level Hold // guarded by the mutex of the lane's holder

	lane *Lane
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

func (h *holds) add(l *Lane, level Hold) *held {
	one := &held{level: level, lane: l, since: now()}
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

// letGo looks at them again: what others had parked may be gone, which is nothing
// that a held lane notices by itself. Expire calls it, with no lock held.
func (h *holds) letGo() {
	h.mu.Lock()
	lanes := make([]*Lane, 0, min(h.all.len, expireStep))
	for n := h.all.front; n != nil && len(lanes) < cap(lanes); n = n.next {
		lanes = append(lanes, n.value.lane)
	}
	h.mu.Unlock()
	for _, l := range lanes {
		of := l.lock()
		l.letGo()
		of.mu.Unlock()
	}
}

// count counts them, and those that have become older than that since the last call.
func (h *holds) count(at time.Time, long time.Duration) (all, longer int) {
	t := instantOf(at)
	h.mu.Lock()
	defer h.mu.Unlock()
	for n := h.all.front; n != nil; n = n.next {
		one := n.value
		if t.since(one.since) < long {
			break // they stand in the order in which they came
		}
		if !one.long {
			one.long = true
			longer++
		}
	}
	return h.all.len, longer
}

// hold is how far the lane has its browser read.
func (p *parking) hold() Hold {
	if p.held == nil {
		return HoldNone
	}
	return p.held.level
}

// setHold changes the hold, and tells the owner.
func (l *Lane) setHold(to Hold) {
	from := l.hold()
	switch {
	case from == to:
		return
	case from == HoldNone:
		l.held = l.group.holds.add(l, to)
	case to == HoldNone:
		l.group.holds.remove(l.held)
		l.held = nil
	default:
		l.held.level = to
	}
	l.owner.Hold(from, to)
}

// holdBack stops the reading of a browser that has reached one of the bounds with what it
// has just sent.
func (l *Lane) holdBack() {
	items, bytes := l.meter.Holds()
	limit := l.group.node.config.Socket
	switch {
	case bytes >= owedShare*limit.Bytes || l.crowded():
		l.setHold(HoldAll)
	case (items >= limit.Items || bytes >= limit.Bytes) && l.held == nil:
		l.setHold(HoldEvents)
	}
}

// crowded reports whether others have used up what the group or the node may park.
func (p *parking) crowded() bool { return p.group.bytes.Full() || p.group.node.bytes.Full() }

// letGo lets a browser be read again once half of what it may have parked is free, or
// nothing is parked here any more: one event always has room.
func (l *Lane) letGo() {
	if l.held == nil || l.starved {
		return
	}
	if !l.eventsParked() {
		l.setHold(HoldNone)
		return
	}
	items, bytes := l.meter.Holds()
	limit := l.group.node.config.Socket
	switch {
	case bytes > owedShare*limit.Bytes/2 || l.crowded():
	case items > limit.Items/2 || bytes > limit.Bytes/2:
		l.setHold(HoldEvents)
	default:
		l.setHold(HoldNone)
	}
}

// Held counts the sockets of the group whose browser is not read, and those of them that
// have become so for longer than that since the last call.
func (g *Group) Held(at time.Time, long time.Duration) (all, longer int) {
	return g.holds.count(at, long)
}
