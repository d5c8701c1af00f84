package controlplane

import (
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
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
}

// prepareDecision settles a connect attempt.
func (x *settling) prepareDecision(t *try) (effect, *fault.Fault) {
	switch o := x.Outcome.(type) {
	case *hubv1.Settlement_Accept:
		return x.prepareAccept(t.connect, o.Accept)
	case *hubv1.Settlement_Deny:
		return x.prepareDeny(t.connect, o.Deny)
	}
	return effect{}, faultMisfit
}

// prepareAccept lets the browser in. The commands run between CONNECT and Connected.
func (x *settling) prepareAccept(c *connect, m *hubv1.Accept) (effect, *fault.Fault) {
	g, f := grantOf(m)
	if f != nil {
		return effect{}, f.Under("accept")
	}
	if f := checkCache(m.GetCache()); f != nil {
		return effect{}, f.Under("accept.cache")
	}
	g.group, g.instance = x.a.group, x.a.instance
	if m.GetKeepAuth() {
		g.auth = c.attempt.Auth()
	}
	a, commands := x.a, x.Commands
	acceptance := acceptanceOf(m)
	acceptance.Then = func(hs *hub.Socket, batch *hub.Batch) {
		// It may run later, on the goroutine that holds the browser's turn.
		a.srv.observers.decided(c, decidedBy{
			outcome: OutcomeAccept, group: a.group.name, by: "service", user: m.GetUser(), rooms: m.GetRooms(),
		})
		hs.SetTag(newSocket(a.srv, hs, g))
		for _, cmd := range commands {
			a.carryOut(cmd, batch, hs.ID())
		}
	}
	decision, err := c.attempt.PrepareAccept(acceptance)
	if err != nil {
		return effect{}, fault.Of(err, "accept")
	}
	return effect{outcome: OutcomeAccept, ownCommands: true, do: func(*hub.Batch) error {
		if err := c.decided(decision.Send); err != nil {
			return err
		}
		a.srv.debugDecision(c.attempt, m.GetUser(), decidedBy{outcome: OutcomeAccept, group: a.group.name, by: "service"})
		a.srv.remember(c, a.group, m)
		return nil
	}}, nil
}

// acceptanceOf is an accept in the hub's words.
func acceptanceOf(m *hubv1.Accept) hub.Acceptance {
	return hub.Acceptance{
		User: m.GetUser(), Rooms: m.GetRooms(), Data: m.GetData(), Policy: policyOf(m.GetPolicy()),
	}
}

// policyOf is an edge policy in the hub's words. Nil for nil.
func policyOf(p *hubv1.EdgePolicy) *hub.Policy {
	if p == nil {
		return nil
	}
	return &hub.Policy{
		Events: p.GetEvents(), EventsPerSecond: float64(p.GetEventsPerSecond()), EventsBurst: int(p.GetBurst()),
		BytesPerSecond: int64(p.GetBytesPerSecond()),
	}
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
func (x *settling) prepareDeny(c *connect, m *hubv1.Deny) (effect, *fault.Fault) {
	send, f := denial(c.attempt, m)
	if f != nil {
		return effect{}, f
	}
	a := x.a
	return effect{outcome: OutcomeDeny, do: func(*hub.Batch) error {
		if err := c.decided(send); err != nil {
			return err
		}
		d := decidedBy{outcome: OutcomeDeny, group: a.group.name, by: "service", message: m.GetMessage()}
		a.srv.debugDecision(c.attempt, "", d)
		a.srv.observers.decided(c, d)
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
// back.
func (c *connect) decided(send func() error) error {
	err := send()
	c.close(dispatch.ReasonDecided)
	return err
}
