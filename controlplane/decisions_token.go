package controlplane

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// decideByToken decides an attempt by the token that its browser shows. It reports
// false for one that a service has to decide.
func (s *Server) decideByToken(c *connect) bool {
	namespace := c.attempt.Namespace()
	if !s.decidesItself(namespace) {
		return false
	}
	facts := &BrowserFacts{
		Namespace: namespace, Handshake: c.attempt.Handshake(), Auth: c.attempt.Auth(), AttemptTime: time.Now(),
	}
	decision, err := s.config.BrowserTokens.Decide(*facts)
	if err == nil {
		return c.applyToken(decision)
	}
	// The keys are on their way: the attempt waits, bounded as all that do.
	c.facts = facts
	if why := s.connects.add(c); why != "" {
		s.trace.undecided(why)
		_ = c.attempt.Undecided() // it may have gone, which is as good
	}
	return true
}

// tendToken asks again about a token whose keys were being fetched.
func (c *connect) tendToken() {
	c.mu.Lock()
	facts := c.facts
	waits := facts != nil && !c.closed
	c.mu.Unlock()
	if !waits {
		return
	}
	decision, err := c.srv.config.BrowserTokens.Decide(*facts)
	if err != nil || c.applyToken(decision) {
		return
	}
	c.mu.Lock()
	c.facts = nil
	c.mu.Unlock()
	c.route()
}

// applyToken does what a token says. It reports false when that is nothing.
func (c *connect) applyToken(d BrowserDecision) bool {
	switch d.Verdict {
	case BrowserPassed:
		return false
	case BrowserAccepted:
		if c.acceptToken(d) {
			return true
		}
		d = BrowserDecision{Message: "the token does not fit this hub", Data: []byte(`{"code":"TOKEN_WRONG"}`)}
	}
	send, err := c.attempt.PrepareDeny(d.Message, d.Data)
	if err != nil {
		c.srv.log.Warn("denial by a token cannot be sent", "error", err)
		c.close(dispatch.ReasonDecided)
		_ = c.attempt.Undecided() // it may have gone, which is as good
		return true
	}
	if c.decided(send.Send) == nil {
		c.srv.observers.decided(c, decidedBy{outcome: OutcomeDeny, by: "token", message: d.Message})
	}
	return true
}

// acceptToken lets the browser in. It reports false when the claims are more than the
// hub's limits, or no names for rooms.
func (c *connect) acceptToken(d BrowserDecision) bool {
	g := &grant{expire: d.ExpireTime}
	accept, err := c.attempt.PrepareAccept(hub.Acceptance{
		User: d.User, Rooms: d.Rooms, Data: d.Data,
		Then: func(hs *hub.Socket, _ *hub.Batch) { hs.SetTag(newSocket(c.srv, hs, g)) },
	})
	if err != nil {
		// What a claim says stays out of the log.
		c.srv.log.Warn("a token's claims are not taken", "namespace", c.attempt.Namespace())
		return false
	}
	if c.decided(accept.Send) == nil {
		c.srv.observers.decided(c, decidedBy{outcome: OutcomeAccept, by: "token"})
	}
	return true
}
