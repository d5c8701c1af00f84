package engineio

import (
	"net/http"
	"time"

	"github.com/siohub/siohub/hub/internal/eiopacket"
)

// The upgrade from polling to WebSocket, as the browser sees it (to WebTransport it is the same, see webtransport_handshake.go):
//
//	browser                          server
//	GET …transport=websocket&sid= ─► 101
//	2probe ────────────────────────► 3probe          state open ──► upgrading
//	(its poll) ────────────────────► 6               at once; later ones within upgradePollHold
//	5 ─────────────────────────────► (queued packets follow on the WebSocket; state open)
//
// Whatever else happens on the new connection ends that connection alone; the session goes on over
// polling. The heartbeat is the session's and takes no notice.
//
// Spec: engine.io-protocol v4, Upgrade. Source: reference 1.7.

// upgradePollHold is how long a poll is held that comes during an upgrade. The browser's upgrade packet
// and its next poll travel on two connections: a poll that overtakes the packet by so much finds the
// upgrade done, as it should. The reference takes up to 100 ms too.
const upgradePollHold = 100 * time.Millisecond

// serveProbe takes an HTTP upgrade for a session that exists. Where there is nothing to upgrade it is
// accepted all the same and then closed, which is how the reference tells the browser.
func (s *Server) serveProbe(w http.ResponseWriter, r *http.Request, session *Session) {
	ws := s.accept(w, r, session, s.headers.all.header(), s.refusals.session)
	if ws == nil {
		return
	}
	p := &probe{carrier: webSocketProbe{ws}, session: session}
	if !p.begin() {
		s.tasks.start(ws.reject)
		return
	}
	s.tasks.start(p.run)
}

// probe is a connection that wants to carry a session which polls.
type probe struct {
	carrier
	session *Session

	// Guarded by session.mu.
	timer   *time.Timer // cuts it after Upgrade.Timeout, see expire
	begun   time.Time
	due     time.Time // when it is to be cut
	overdue bool      // it was due while a POST was held, or coming in
	expired bool
	before  *poll // waited before the probe came, and so did not overtake it
}

// begin makes p the session's probe, if it may have one.
func (p *probe) begin() bool {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	t, polls := s.transport.(*polling)
	if !polls || len(s.server.upgrades) == 0 || s.state != open || s.probe != nil {
		return false
	}
	s.probe, p.before = p, t.poll
	p.begun = time.Now()
	p.due = p.begun.Add(s.server.config.Upgrade.Timeout)
	p.timer = s.server.tasks.after(s.server.config.Upgrade.Timeout, p.expire)
	return true
}

// expire cuts a probe that has had its time. The time stands still while a POST is held, or its answer waits for the
// rates, or it comes in over a slow line:
// the browser waits for its answer before it sends the upgrade packet.
func (p *probe) expire() {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	t, polls := s.transport.(*polling)
	if s.probe != p || !polls {
		return
	}
	if !t.heldSince.IsZero() || s.flow.pausedBy(uploading) {
		p.overdue = true
		return
	}
	if more := time.Until(p.due); more > 0 { // extended at this moment
		p.timer.Reset(more)
		return
	}
	p.expired = true
	p.cut()
}

// extendLocked gives a probe the time that has passed since then.
func (p *probe) extendLocked(since time.Time) {
	if p.begun.After(since) {
		since = p.begun
	}
	p.due = p.due.Add(time.Since(since))
	if p.timer.Stop() || p.overdue {
		p.overdue = false
		p.timer.Reset(time.Until(p.due))
	}
}

// run is the probe's goroutine. After an upgrade it ends, and the session has a reader of its own, with
// a fresh stack.
func (p *probe) run() {
	s := p.session
	defer s.guard()
	upgraded := p.upgrade()
	s.server.trace.upgraded(upgraded)
	if !upgraded {
		p.abandon()
		p.reject()
		return
	}
	if h, ok := s.listener().(UpgradeHandler); ok {
		h.HandleUpgrade()
	}
	p.carrier.start()
	s.flush()
}

// upgrade exchanges the packets of the upgrade and reports whether the session has moved.
func (p *probe) upgrade() bool {
	return p.writeSync(nil) == nil &&
		p.expect(eiopacket.Ping, eiopacket.Probe) &&
		p.releasePoll() &&
		p.writeSync(probeMessage.data()) == nil &&
		p.expect(eiopacket.Upgrade, "") &&
		p.complete()
}

// releasePoll ends the poll that waits: the browser moves when it has ended. One that has sent more
// behind its probe did not wait for that; a poll that has come since may have overtaken the upgrade packet,
// and is answered by what comes of that.
func (p *probe) releasePoll() bool {
	s := p.session
	s.mu.Lock()
	t, polls := s.transport.(*polling)
	if s.probe != p || !polls || !s.moveLocked(upgrading) {
		s.mu.Unlock()
		return false
	}
	waiting := t.poll
	if p.ahead() {
		waiting = p.before
	}
	p.before = nil
	s.mu.Unlock()
	t.release(waiting)
	return true
}

// complete moves the session to its new transport. What was received by polling has been handed up by
// then, and what is queued leaves by the new one, so order holds in both directions. A session that
// is closing moves too: its last packets go where the browser is.
func (p *probe) complete() bool {
	s := p.session
	s.receiving.Lock()
	defer s.receiving.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	t, polls := s.transport.(*polling)
	if s.probe != p || !polls || s.state == closed || p.expired {
		return false
	}
	p.timer.Stop()
	s.moveLocked(open)
	t.moveLocked()
	rest := t.pending
	s.probe, t.pending = nil, nil
	s.out.inFlight = 0
	p.carryLocked(rest)
	return true
}

// abandon goes back to polling.
func (p *probe) abandon() {
	s := p.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.probe != p {
		return
	}
	p.timer.Stop()
	s.probe = nil
	if s.state == upgrading {
		s.moveLocked(open)
	}
}
