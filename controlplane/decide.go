package controlplane

import (
	"sync/atomic"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/decisions"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// grant is what an accept gave a socket beside what the hub keeps. It never changes.
type grant struct {
	// group and instance have accepted it. Nil and empty when the hub decided itself.
	group    *group
	instance string
	// auth is the client's auth value, if it is kept.
	auth []byte
	// expire is when the authorization ends, zero for never; refresh is how long before
	// that the authorizer is asked.
	expire  time.Time
	refresh time.Duration
	// key is that of the accept, if it is kept for attempts that are alike. Nil otherwise.
	key *decisions.Key
}

// plain reports whether it says no more than who has accepted the socket.
func (g *grant) plain() bool { return g.auth == nil && g.expire.IsZero() && g.key == nil }

// prepareDecision settles a connect attempt.
func (x *settling) prepareDecision(t *try) (effect, *fault.Fault) {
	switch o := x.Outcome.(type) {
	case *hubv1.Settlement_Accept:
		return x.prepareAccept(t, o.Accept)
	case *hubv1.Settlement_Deny:
		return x.prepareDeny(t, o.Deny)
	}
	return effect{}, faultMisfit
}

// prepareAccept lets the browser in. The commands run between CONNECT and Connected.
func (x *settling) prepareAccept(t *try, m *hubv1.Accept) (effect, *fault.Fault) {
	c, a := t.connect, x.a
	g, f := grantOf(m)
	if f != nil {
		return effect{}, f.Under("accept")
	}
	kept, f := x.keepable(c, m, g)
	if f != nil {
		return effect{}, f.Under("accept.cache")
	}
	g.group, g.instance = a.group, a.instance
	if m.GetKeepAuth() {
		g.auth = c.attempt.Auth()
	}
	if g.plain() {
		g = a.plain
	}
	commands := x.Commands
	by := copies.Decision{Outcome: trace.OutcomeAccept, Group: a.group.name, By: "service", User: m.GetUser(), Rooms: m.GetRooms()}
	acceptance := contract.AcceptanceOf(m)
	memory := a.srv.remembered(g, &acceptance)
	var ran atomic.Bool
	acceptance.Then = func(hs *hub.Socket, batch *hub.Batch) {
		// It may run later, on the goroutine that holds the browser's turn.
		defer ran.Store(true)
		a.srv.observers.Decided(c.attempt, by)
		c.admit(hs, g, memory)
		for _, cmd := range commands {
			a.carryOut(cmd, batch, hs.ID())
		}
	}
	decision, err := c.attempt.PrepareAccept(acceptance)
	if err != nil {
		return effect{}, fault.Of(err, "accept")
	}
	return effect{outcome: trace.OutcomeAccept, ownCommands: true, do: func(*hub.Batch) error {
		if err := c.decided(t, decision.Send); err != nil {
			return err
		}
		if !ran.Load() {
			a.effect = c.attempt.Effect()
		}
		a.srv.debugDecision(c.attempt, by)
		a.srv.remember(c, a.group, kept)
		return nil
	}}, nil
}

// grantOf reads the expiry of an accept.
func grantOf(m *hubv1.Accept) (*grant, *fault.Fault) {
	g := &grant{}
	if t := m.GetExpireTime(); t != nil {
		if t.CheckValid() != nil || !t.AsTime().After(time.Now()) {
			return nil, fault.At(fault.BadTime, "expire_time", "has to be in the future")
		}
		g.expire = t.AsTime()
	}
	if d := m.GetRefreshBefore(); d != nil {
		switch {
		case d.CheckValid() != nil || d.AsDuration() < 0:
			return nil, fault.At(fault.BadDuration, "refresh_before", "is not negative")
		case g.expire.IsZero():
			return nil, fault.At(fault.Required, "expire_time", "refresh_before needs one")
		}
		g.refresh = d.AsDuration()
	}
	return g, nil
}

// prepareDeny refuses the browser.
func (x *settling) prepareDeny(t *try, m *hubv1.Deny) (effect, *fault.Fault) {
	c, a := t.connect, x.a
	send, f := denial(c.attempt, m)
	if f != nil {
		return effect{}, f
	}
	return effect{outcome: trace.OutcomeDeny, do: func(*hub.Batch) error {
		if err := c.decided(t, send); err != nil {
			return err
		}
		d := copies.Decision{Outcome: trace.OutcomeDeny, Group: a.group.name, By: "service", Message: m.GetMessage()}
		a.srv.debugDecision(c.attempt, d)
		a.srv.observers.Decided(c.attempt, d)
		return nil
	}}, nil
}

// denial is what tells a browser that it is refused.
func denial(attempt *hub.ConnectAttempt, m *hubv1.Deny) (send func() error, f *fault.Fault) {
	switch m.GetReason() {
	case hubv1.DenyReason_DENY_REASON_NAMESPACE_UNKNOWN:
		if m.GetMessage() != "" || len(m.GetData()) > 0 {
			return nil, fault.At(fault.NotAllowed, "deny.message", "an unknown namespace has neither message nor data")
		}
		return attempt.DenyUnknown, nil
	case hubv1.DenyReason_DENY_REASON_UNSPECIFIED:
	default:
		return nil, fault.At(fault.UnknownField, "deny.reason", "the hub does not know this reason")
	}
	message := m.GetMessage()
	if message == "" {
		message = "Unauthorized"
	}
	decision, err := attempt.PrepareDeny(message, m.GetData())
	if err != nil {
		return nil, fault.Of(err, "deny")
	}
	return decision.Send, nil
}

// decided answers the browser; the first decision counts. The other tries are taken
// back. By is the try that decides, nil when the hub does itself.
func (c *connect) decided(by *try, send func() error) error {
	err := send()
	c.close(by, dispatch.ReasonDecided)
	return err
}
