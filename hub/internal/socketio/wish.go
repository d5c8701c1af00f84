package socketio

import "github.com/siohub/siohub/hub/internal/recovery"

// begin asks the application, once it is known what there is to be recovered. In the gate.
func (a *Attempt) begin(auth []byte) {
	s := a.client.server
	if s.recovery == nil || a.client.old() {
		a.ask(auth)
		return
	}
	claim, auth, ok := recovery.Split(auth, s.sessions != nil)
	if !ok {
		a.ask(auth)
		return
	}
	wish{a, claim, auth}.begin()
}

// wish is that of a browser to take up its session, from its CONNECT to the moment at which the application is asked. Its
// methods are called in the gate.
type wish struct {
	attempt *Attempt
	claim   recovery.Claim
	auth    []byte // without the claim
}

// begin looks for the session here.
func (w wish) begin() {
	w.claimant().reserve(w.claim.PID, w.attempt.namespace, onClaim{taken: w.take, none: w.seek, busy: w.inVain})
}

// claimant is the attempt as one. What it does later is done in the gate.
func (w wish) claimant() claimant {
	a := w.attempt
	return claimant{of: &a.client.server.comeback, holder: a.client, goOn: func(next func()) {
		a.client.post(func() {
			if a.state.Load() == stateOpen {
				next()
			}
		})
	}}
}

// inVain asks for a browser whose session is not to be had.
func (w wish) inVain() {
	w.attempt.client.server.trace.recovery(RecoveryUnknown)
	w.attempt.ask(w.auth)
}

// take keeps a session that was reserved with the attempt, if it can still be taken up, and asks.
func (w wish) take(session *recovery.Session) {
	a := w.attempt
	r := keptOf(session).namespace.recovering
	r.mu.Lock()
	from, first, err := session.Resume(r.log, w.claim)
	facts := r.factsLocked(session)
	r.mu.Unlock()
	if err != nil {
		a.client.server.beginsAnew(session, err)
	} else {
		a.id = session.ID()
		a.reserved = &reservation{session: session, first: first, from: from, facts: facts}
	}
	a.ask(w.auth)
}

// seek looks for the session at other hubs.
func (w wish) seek() {
	a, s := w.attempt, w.attempt.client.server
	if s.sessions == nil {
		w.inVain()
		return
	}
	c := w.claimant()
	s.sessions.Seek(a.namespace, w.claim, func(r *recovery.Record) {
		if r == nil {
			c.goOn(w.inVain)
			return
		}
		s.adopt(r, w.claim, a.client, func(session *recovery.Session) {
			if session == nil {
				c.goOn(func() { a.ask(w.auth) }) // why was told
				return
			}
			a.client.post(func() {
				if a.state.Load() != stateOpen { // it may come again
					if s.recovery.Return(session) {
						forget(session)
					}
					return
				}
				w.take(session)
			})
		})
	})
}
