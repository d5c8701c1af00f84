package engineio

import (
	"bytes"
	"slices"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// parcel is the body of a POST, as far as its packets have not been taken.
type parcel struct {
	rest  []byte
	more  bool // rest begins with a packet, which may be empty and is then for Decode to refuse
	taken int  // packets that stood before rest
}

// hand takes the packets of the parcel, one after the other. held: the next one is a message that is held back.
// The error is a fault of the payload; what stood before it has been acted on, as in the reference.
func (p *parcel) hand(s *Session, h Handler) (held bool, err error) {
	for p.more {
		if p.taken >= s.server.config.Limits.PacketsPerPayload {
			return false, errTooManyPackets
		}
		text, rest, more := eiopacket.Cut(p.rest)
		if len(text) > 0 && isMessage(text[0]) && s.holds() {
			return true, nil
		}
		packet, err := eiopacket.Decode(text)
		if err != nil {
			return false, err
		}
		p.rest, p.more = rest, more
		p.taken++
		if packet.Type == eiopacket.Close {
			s.awaitPoll()
		}
		if !s.receive(h, packet) {
			p.more = false
		}
	}
	return false, nil
}

// join puts what is left of another parcel behind this one. False means that it would be more than limit bytes.
func (p *parcel) join(other *parcel, limit int64) bool {
	if int64(len(p.rest)+1+len(other.rest)) > limit {
		return false
	}
	p.rest = slices.Concat(p.rest, []byte{eiopacket.Separator}, other.rest)
	return true
}

// fits reports whether the packets are no more than a payload may have.
func (p *parcel) fits(limit int) bool {
	return p.taken+1+bytes.Count(p.rest, []byte{eiopacket.Separator}) <= limit
}

// take acts on the packets of a payload. When it returns without an error, the POST is to be answered: all was
// handed up, or the rest is kept.
func (t *polling) take(p *post, payload []byte) (*refusal, error) {
	s := t.session
	s.receiving.Lock()
	defer s.receiving.Unlock()
	defer s.guard()
	s.mu.Lock()
	refused, ok := t.carriesLocked() // the upgrade may have come in between
	s.mu.Unlock()
	if !ok {
		return &refused, nil
	}
	h := s.listener()
	p.debt = s.charge(h, int64(bytes.Count(payload, []byte{eiopacket.Separator}))+1, int64(len(payload)))
	s.meter.Owe(p.debt.Wait-postHold, time.Since(s.server.limits.start), s.server.limits.pace.Ahead)
	own := &parcel{rest: payload, more: true}
	var hold hold
	defer hold.end(t)
	for {
		held, err := t.handKept(h)
		if !held && err == nil {
			held, err = own.hand(s, h)
		}
		switch {
		case err != nil:
			return nil, err
		case !held:
			return nil, nil
		case hold.wait(t):
		default:
			if kept, err := t.keep(own); kept || err != nil {
				return nil, err
			}
		}
	}
}

// handKept hands up what is left of earlier POSTs. The caller holds session.receiving.
func (t *polling) handKept(h Handler) (held bool, err error) {
	if t.kept == nil {
		return false, nil
	}
	if held, err = t.kept.hand(t.session, h); !held {
		t.session.mu.Lock()
		t.kept = nil
		t.session.mu.Unlock()
	}
	return held, err
}

// keep leaves the rest of a POST that has been held for long enough with the session, behind what is left of
// those before it: at most MaxPayload in all. Beyond that the session is closed. False means that nothing is
// held back any more. The caller holds session.receiving.
func (t *polling) keep(own *parcel) (kept bool, err error) {
	s := t.session
	if !own.fits(s.server.config.Limits.PacketsPerPayload) {
		return false, errTooManyPackets
	}
	s.mu.Lock()
	if !s.holds() {
		s.mu.Unlock()
		return false, nil
	}
	fits := true
	if t.kept == nil {
		t.kept = &parcel{rest: bytes.Clone(own.rest), more: true}
	} else {
		fits = t.kept.join(own, s.server.config.MaxPayload)
	}
	s.mu.Unlock()
	if !fits {
		s.server.trace.limitReached("max_payload")
		s.server.unfinishedLog.Warn("a browser was closed that posts more and more while nothing of it can be taken", "option", "max_payload")
		s.end(Close{Reason: ReasonForcedClose, Detail: "paused with more at hand than one post may carry"}, sayAtOnce)
	}
	return true, nil
}

// goOn hands up what was kept, after Resume.
func (t *polling) goOn() {
	s := t.session
	s.receiving.Lock()
	defer s.receiving.Unlock()
	defer s.guard()
	s.mu.Lock()
	_, carries := t.carriesLocked() // the upgrade takes it along
	s.mu.Unlock()
	if !carries {
		return
	}
	if _, err := t.handKept(s.listener()); err != nil {
		s.end(Close{Reason: ReasonParseError, Detail: err.Error()}, sayAtOnce)
	}
	t.endIfGone()
}

// hold is the time for which a POST is held.
type hold struct {
	timer *time.Timer
}

// wait waits until a message may be handed up. False means that the POST has been held for long enough.
func (h *hold) wait(t *polling) bool {
	s := t.session
	if h.timer == nil {
		h.timer = time.NewTimer(s.server.postHold)
		s.mu.Lock()
		t.heldSince = time.Now()
		s.mu.Unlock()
	}
	for opens := t.gate.waits(s); opens != nil; opens = t.gate.waits(s) {
		select {
		case <-opens:
		case <-h.timer.C:
			h.timer.Reset(0) // for the next call
			return false
		}
	}
	return true
}

// end gives a probe the time for which its browser could not go on: it waits for the answer of its POST.
func (h *hold) end(t *polling) {
	if h.timer == nil {
		return
	}
	h.timer.Stop()
	s := t.session
	defer t.endIfGone()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != nil {
		s.probe.prolongLocked(t.heldSince)
	}
	t.heldSince = time.Time{}
	if t.kept != nil && !s.holds() { // resumed since it was kept
		s.server.crew.do(t.goOn)
	}
}
