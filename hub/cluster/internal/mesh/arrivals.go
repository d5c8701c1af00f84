package mesh

import (
	"time"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// arrivals keeps the order of what comes from each hub. Its user has the lock.
type arrivals struct {
	senders    map[wire.ID]*sender
	partBytes  int // of all senders
	maxMessage int
}

// sender is one hub, in one of its lives.
type sender struct {
	epoch uint64
	heard time.Time
	// left says that it has taken its leave: nothing of this life is taken any more.
	left bool
	// direct is for what is sent to this hub alone: engines need not keep it in order with what goes to many.
	many, direct sequence
	// counts are the last counts of each lane.
	counts map[uint64]uint64
	// lateSince is since when its heartbeats have come with numbers below the last one; zero: they do not.
	lateSince time.Time
	// What has come of a message in parts: the number of the last one, and the bytes. Nil: none is under way.
	partOf   wire.Kind
	partLast uint64
	part     []byte
}

// sequence is the last number, and which of the 64 before it have come.
type sequence struct {
	last uint64
	seen uint64
}

// take decides on a number: it returns "" or the reason to drop it.
func (s *sequence) take(n uint64) string {
	switch {
	case s.last == 0:
		s.last, s.seen = n, 1
	case n > s.last+maxAhead:
		return cluster.DropFuture
	case n > s.last:
		if ahead := n - s.last; ahead < 64 {
			s.seen = s.seen<<ahead | 1
		} else {
			s.seen = 1
		}
		s.last = n
	case s.last-n < 64 && s.seen&(1<<(s.last-n)) != 0:
		return cluster.DropDuplicate
	default:
		if s.last-n < 64 {
			s.seen |= 1 << (s.last - n)
		}
		return cluster.DropLate
	}
	return ""
}

// admit decides on a frame: drop is the reason not to take it, lost how many of its lane are missing before it.
func (a *arrivals) admit(h *wire.Header, now time.Time) (s *sender, drop string, lost int) {
	s = a.senders[h.Sender]
	if s == nil || s.epoch != h.Epoch {
		if s == nil && len(a.senders) >= maxMembers {
			return nil, cluster.DropMembers, 0
		}
		a.forget(h.Sender)
		s = &sender{epoch: h.Epoch, counts: map[uint64]uint64{}}
		a.senders[h.Sender] = s
	}
	if s.left {
		return s, cluster.DropLate, 0
	}
	order := &s.many
	if h.Direct {
		order = &s.direct
	}
	drop = order.take(h.Sequence)
	if drop != "" && drop != cluster.DropDuplicate && h.Kind == wire.Heartbeat && s.astray(now) {
		*order, drop = sequence{last: h.Sequence, seen: 1}, ""
		clear(s.counts)
	}
	if drop != "" {
		return s, drop, 0
	}
	if h.Kind == wire.Heartbeat {
		s.lateSince = time.Time{}
	}
	s.heard = now
	return s, "", s.count(h)
}

// astray reports whether heartbeats have not fitted for so long that it is the number that they are held against which is
// wrong: a forged one.
func (s *sender) astray(now time.Time) bool {
	if s.lateSince.IsZero() {
		s.lateSince = now
		return false
	}
	if now.Sub(s.lateSince) < silentAfter {
		return false
	}
	s.lateSince = time.Time{}
	return true
}

func (s *sender) count(h *wire.Header) (lost int) {
	if h.Count == 0 {
		return 0
	}
	if last := s.counts[h.Lane]; last != 0 && h.Count > last+1 {
		lost = int(min(h.Count-last-1, maxAhead))
	}
	if len(s.counts) >= maxLanes {
		clear(s.counts)
	}
	s.counts[h.Lane] = h.Count
	return lost
}

// join puts the parts of a message together: whole is its body once it is complete, and drop the reason if it never
// will be.
func (a *arrivals) join(s *sender, h *wire.Header, body []byte) (whole []byte, drop string) {
	if !h.More && !h.Continued {
		a.noPart(s)
		return body, ""
	}
	if h.Continued && (s.part == nil || h.Sequence != s.partLast+1 || h.Kind != s.partOf) {
		a.noPart(s)
		return nil, cluster.DropPart
	}
	if !h.Continued {
		a.noPart(s)
		s.part = []byte{}
	}
	if len(s.part)+len(body) > a.maxMessage || a.partBytes+len(body) > maxPartBytes {
		a.noPart(s)
		return nil, cluster.DropTooLarge
	}
	s.part = append(s.part, body...)
	s.partOf, s.partLast = h.Kind, h.Sequence
	a.partBytes += len(body)
	if h.More {
		return nil, ""
	}
	whole = s.part
	a.noPart(s)
	return whole, ""
}

func (a *arrivals) noPart(s *sender) {
	a.partBytes -= len(s.part)
	s.part = nil
}

func (a *arrivals) forget(id wire.ID) {
	if s := a.senders[id]; s != nil {
		a.noPart(s)
		delete(a.senders, id)
	}
}

// forgetLanes is called where this hub does not hear some lanes any more, or it is not known which: all.
func (a *arrivals) forgetLanes(lanes []uint64, all bool) {
	for _, s := range a.senders {
		if all {
			clear(s.counts)
			continue
		}
		for _, lane := range lanes {
			delete(s.counts, lane)
		}
	}
}

// sweep forgets those of whom nothing has come for so long.
func (a *arrivals) sweep(now time.Time, expiry time.Duration) {
	for id, s := range a.senders {
		if now.Sub(s.heard) >= 2*expiry {
			a.forget(id)
		}
	}
}
