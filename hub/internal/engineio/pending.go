package engineio

import (
	"bytes"
	"slices"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/unfinished"
)

// pendingPayload is the body of a POST, as far as its packets have not been handed up.
type pendingPayload struct {
	polling *polling
	rest    []byte
	more    bool // rest begins with a packet, which may be empty and is then for Decode to refuse
	taken   int  // packets that stood before rest
	checked bool // their number: each POST of which something is left was answered, and together they may be more
	// revision3: rest is a binary payload of revision 3, whose lengths have been checked.
	revision3 bool
	item      unfinished.Item
}

// count counts the payload of a POST that was answered, until end: it cannot be taken yet, which is not the browser's
// fault, but it is memory all the same.
func (p *pendingPayload) count() {
	s := p.polling.session
	s.server.unfinished.Rest(&p.item, p, int64(len(p.rest)))
	if s.over.Load() { // ended meanwhile, perhaps before it was counted
		p.end()
	}
}

// end counts it no more. It may be called more than once.
func (p *pendingPayload) end() { p.polling.session.server.unfinished.End(&p.item) }

// Stalled implements unfinished.Owner.
func (p *pendingPayload) Stalled(bool) {}

// GoOn implements unfinished.Owner.
func (p *pendingPayload) GoOn() {}

// hand hands up the packets, one after the other. held: the next one is a message that has to wait.
// The error is a fault of the payload; what stood before it has been acted on, as in the reference.
func (p *pendingPayload) hand(s *Session, h Handler) (held bool, err error) {
	for p.more {
		if !p.checked && p.taken >= s.server.config.Limits.PacketsPerPayload {
			return false, errTooManyPackets
		}
		one, binary, rest, more := p.cut()
		if (binary || len(one) > 0 && eiopacket.IsMessage(one[0])) && s.flow.paused() {
			return true, nil
		}
		packet, err := p.decode(binary, one)
		if err != nil {
			return false, err
		}
		p.rest, p.more = rest, more
		p.taken++
		if packet.Type == eiopacket.Close {
			p.polling.awaitPoll()
		}
		if !s.receive(h, packet) {
			p.more = false
		}
	}
	return false, nil
}

// cut takes the first packet off.
func (p *pendingPayload) cut() (one []byte, binary bool, rest []byte, more bool) {
	if !p.revision3 {
		one, rest, more = eiopacket.Cut(p.rest)
		return one, false, rest, more
	}
	one, binary, rest, _ = eiopacket.Cut3(p.rest)
	return one, binary, rest, len(rest) > 0
}

// decode reads a packet of the payload.
func (p *pendingPayload) decode(binary bool, one []byte) (eiopacket.Packet, error) {
	if p.revision3 {
		return decode3(binary, one)
	}
	return eiopacket.Decode(one)
}

// join puts what is left of another payload behind this one. False means that it would be more than limit bytes.
func (p *pendingPayload) join(other *pendingPayload, limit int64) bool {
	between := []byte{eiopacket.Separator}
	if p.revision3 {
		between = nil
	}
	if int64(len(p.rest)+len(between)+len(other.rest)) > limit {
		return false
	}
	p.rest = slices.Concat(p.rest, between, other.rest)
	return true
}

// fits reports whether the packets are no more than a payload may have.
func (p *pendingPayload) fits(limit int) bool {
	return p.checked || p.taken+1+bytes.Count(p.rest, []byte{eiopacket.Separator}) <= limit
}

// leftover is what is left of POSTs before an upgrade, with the transport that the session has moved to. It is owned by
// the reader.
type leftover struct {
	pending *pendingPayload // nil when all of it is handed up
}

// handPending hands up what is left. held: a message of it has to wait.
func (l *leftover) handPending(h Handler) (held bool, err error) {
	if l.pending == nil {
		return false, nil
	}
	if held, err = l.pending.hand(l.pending.polling.session, h); err != nil {
		err = &parseError{err}
	}
	if !held {
		l.dropPending()
	}
	return held, err
}

// dropPending is the end of what is left.
func (l *leftover) dropPending() {
	if l.pending != nil {
		l.pending.end()
		l.pending = nil
	}
}

// handPending hands up what is left of earlier POSTs. The caller holds session.receiving.
func (t *polling) handPending(h Handler) (held bool, err error) {
	if t.pending == nil {
		return false, nil
	}
	if held, err = t.pending.hand(t.session, h); !held {
		t.dropPending()
	}
	return held, err
}

// dropPending is the end of what is left of earlier POSTs. The caller holds session.receiving.
func (t *polling) dropPending() {
	t.session.mu.Lock()
	pending := t.pending
	t.pending = nil
	t.session.mu.Unlock()
	if pending != nil {
		pending.end()
	}
}

// addPending leaves the rest of a POST that has been held for long enough with the session, behind what is left of
// those before it: at most MaxPayload in all. Beyond that the session is closed. False means that the session is
// paused no more. The caller holds session.receiving.
func (t *polling) addPending(own *pendingPayload) (added bool, err error) {
	s := t.session
	if !own.fits(s.server.config.Limits.PacketsPerPayload) {
		return false, errTooManyPackets
	}
	s.mu.Lock()
	if !s.flow.paused() {
		s.mu.Unlock()
		return false, nil
	}
	fits := true
	if t.pending == nil {
		t.pending = &pendingPayload{polling: t, rest: bytes.Clone(own.rest), more: true, checked: true, revision3: own.revision3}
	} else {
		fits = t.pending.join(own, s.server.config.MaxPayload)
	}
	pending := t.pending
	s.mu.Unlock()
	pending.count()
	if !fits {
		s.server.trace.limitReached("max_payload")
		s.server.unfinishedLog.Warn("a browser was closed that posts more and more while nothing of it can be taken", "option", "max_payload")
		s.end(Close{Reason: ReasonForcedClose, Detail: "paused with more at hand than one post may carry"}, endNow)
	}
	return true, nil
}

// resumePending hands up what was left, after a pause.
func (t *polling) resumePending() {
	s := t.session
	s.receiving.Lock()
	defer s.receiving.Unlock()
	defer s.guard()
	s.mu.Lock()
	_, carries := t.carriesLocked() // the upgrade takes it along
	s.mu.Unlock()
	if !carries {
		t.dropPending()
		return
	}
	if _, err := t.handPending(s.listener()); err != nil {
		s.end(Close{Reason: ReasonParseError, Detail: err.Error()}, endNow)
	}
	t.endIfPeerClosed()
}
