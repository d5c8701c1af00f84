package controlplane

import (
	"log/slog"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/internal/envelope"
)

// subscribeLocked checks the subscriptions of a hello and says what becomes of each:
// claims are those that come into force. The caller holds r.mu.
func (r *routes) subscribeLocked(a *attachment, h *hubv1.Hello, bad map[int]*envelope.Bad) (claims []*claim, results []*hubv1.SubscriptionResult) {
	results = make([]*hubv1.SubscriptionResult, len(h.Subscriptions))
	taken := make(subscription.Wishes)
	for i, sub := range h.Subscriptions {
		effective, f := a.checkSubscription(sub, bad[i], taken)
		if f != nil {
			results[i] = &hubv1.SubscriptionResult{Status: f.Status()}
			continue
		}
		c := claimOf(subscription.New(effective), a)
		if held := r.heldLocked(c); held != nil {
			holder := held.Group.name
			results[i] = &hubv1.SubscriptionResult{
				Status: fault.Newf(fault.HeldByAnotherGroup, "group %q holds it", holder).Status(),
			}
			r.srv.lines.Write(slog.LevelWarn, "subscription refused", "group", a.group.name, "namespace", c.Namespace, "holder", holder)
			continue
		}
		claims = append(claims, c)
		results[i] = &hubv1.SubscriptionResult{Effective: effective}
	}
	r.takeLocked(claims)
	return claims, results
}

// warn says aloud that handlers will wait in vain: nobody decides who gets in.
func (r *routes) warn(g *group, results []*hubv1.SubscriptionResult) {
	for _, result := range results {
		sub := result.GetEffective()
		if sub.GetRole() != hubv1.Role_ROLE_HANDLER || r.authorized(sub.GetNamespace()) {
			continue
		}
		r.srv.trace.NoAuthorizer(g.name, sub.Namespace)
		r.srv.lines.Write(slog.LevelWarn, "no authorizer: nobody can join", "namespace", sub.Namespace, "group", g.name)
		result.Warnings = append(result.Warnings, fault.Newf(fault.NoAuthorizer,
			"nobody decides connect attempts of %s: no browser gets in", sub.Namespace).Status())
	}
}

// warnTooSmall says aloud that a browser may send what the instance does not take.
func (r *routes) warnTooSmall(a *attachment, results []*hubv1.SubscriptionResult) {
	most := int64(a.maxEnvelope - contract.EnvelopeMargin)
	largest := r.srv.hub.MaxEventBytes()
	if largest <= most {
		return
	}
	for _, result := range results {
		if sub := result.GetEffective(); sub.GetRole() == hubv1.Role_ROLE_HANDLER {
			r.srv.lines.Write(slog.LevelWarn, "events may be larger than what an instance takes: they will be dropped", "namespace", sub.Namespace, "group", a.group.name,
				"instance", a.instance, "event_bytes", largest, "envelope", a.maxEnvelope, "option", "limits.event_bytes, Hello.max_envelope_bytes")
			result.Warnings = append(result.Warnings, fault.Newf(fault.EnvelopeSmall,
				"events of up to %d bytes do not fit max_envelope_bytes, and will be dropped", largest).Status())
		}
	}
}

// authorized reports whether browsers can get into a namespace pattern, or into some of
// the namespaces that fit it.
func (r *routes) authorized(pattern string) bool {
	return r.table.Load().Decided(pattern) || r.srv.decidesItself(pattern)
}

// checkSubscription says what is wrong with a subscription, or returns it with its
// defaults filled in. Taken gathers what the hello has asked for before.
func (a *attachment) checkSubscription(sub *hubv1.Subscription, bad *envelope.Bad, taken subscription.Wishes) (*hubv1.Subscription, *fault.Fault) {
	if bad != nil {
		return nil, fault.OfBad(bad)
	}
	if f := subscription.Check(sub); f != nil {
		return nil, f
	}
	if f := a.caller.MaySubscribe(sub); f != nil {
		return nil, f
	}
	e := subscription.Effective(sub, a.srv.config.Connect.Try)
	return e, taken.Add(e)
}
