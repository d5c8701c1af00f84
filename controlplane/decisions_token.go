package controlplane

import (
	"log/slog"
	"time"

	"github.com/siohub/siohub/controlplane/access"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// decideByToken decides an attempt by the token that its browser shows. It reports
// false for one that a service has to decide.
func (o *deciding) decideByToken(c *connect) bool {
	namespace := c.attempt.Namespace()
	if !o.srv.decidesItself(namespace) {
		return false
	}
	facts := &access.BrowserFacts{
		Namespace: namespace, Handshake: c.attempt.Handshake(), Auth: c.attempt.Auth(), AttemptTime: time.Now(),
	}
	decision, err := o.srv.config.BrowserTokens.Decide(*facts)
	if err == nil {
		return c.applyToken(decision)
	}
	// The keys are on their way: the attempt waits, bounded as all that do.
	c.facts = facts
	if !o.srv.connects.add(c) {
		c.sendAway(trace.UndecidedShutdown)
		return true
	}
	c.soon(facts.AttemptTime.Add(lookForKeys))
	return true
}

// lookForKeys is how often a token is looked at whose keys are being fetched.
const lookForKeys = 200 * time.Millisecond

// lookForKeys asks again about a token whose keys were being fetched. It reports false
// when a service is to be asked.
func (c *connect) lookForKeys(now time.Time) bool {
	c.mu.Lock()
	facts := c.facts
	c.mu.Unlock()
	if facts == nil {
		return false
	}
	decision, err := c.srv.config.BrowserTokens.Decide(*facts)
	if err != nil {
		c.soon(now.Add(lookForKeys))
		return true
	}
	if c.applyToken(decision) || c.srv.decideAsBefore(c) {
		return true
	}
	c.mu.Lock()
	c.facts = nil
	c.mu.Unlock()
	return false
}

// applyToken does what a token says. It reports false when that is nothing.
func (c *connect) applyToken(d access.BrowserDecision) bool {
	switch d.Verdict {
	case access.BrowserPassed:
		return false
	case access.BrowserAccepted:
		if c.acceptToken(d) {
			return true
		}
		d = access.BrowserDecision{Message: "the token does not fit this hub", Data: []byte(`{"code":"TOKEN_WRONG"}`)}
	}
	send, err := c.attempt.PrepareDeny(d.Message, d.Data)
	if err != nil {
		c.srv.lines.Write(slog.LevelWarn, "denial by a token cannot be sent", "error", err)
		c.close(nil, dispatch.ReasonDecided)
		_ = c.attempt.Undecided() // it may have gone, which is as good
		return true
	}
	if c.decided(nil, send.Send) == nil {
		by := copies.Decision{Outcome: trace.OutcomeDeny, By: "token", Message: d.Message}
		c.srv.debugDecision(c.attempt, by)
		c.srv.observers.Decided(c.attempt, by)
	}
	return true
}

// acceptToken lets the browser in. It reports false when the claims are more than the
// hub's limits, or no names for rooms.
func (c *connect) acceptToken(d access.BrowserDecision) bool {
	g := &grant{expire: d.ExpireTime}
	acceptance := hub.Acceptance{User: d.User, Rooms: d.Rooms, Data: d.Data}
	m := c.srv.remembered(g, &acceptance)
	acceptance.Then = func(hs *hub.Socket, _ *hub.Batch) { c.admit(hs, g, m) }
	accept, err := c.attempt.PrepareAccept(acceptance)
	if err != nil {
		// What a claim says stays out of the log.
		c.srv.lines.Write(slog.LevelWarn, "a token's claims are not taken", "namespace", c.attempt.Namespace())
		return false
	}
	if c.decided(nil, accept.Send) == nil {
		by := copies.Decision{Outcome: trace.OutcomeAccept, By: "token", User: d.User, Rooms: d.Rooms}
		c.srv.debugDecision(c.attempt, by)
		c.srv.observers.Decided(c.attempt, by)
	}
	return true
}
