package controlplane

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/internal/envelope"
)

// maxEventPatterns bounds the events of one subscription.
const maxEventPatterns = 256

// subscribeLocked puts the subscriptions of a group's newest hello into force, in
// the place of those before, and says what became of each. The caller holds r.mu.
func (r *routes) subscribeLocked(
	g *group, subscriptions []*hubv1.Subscription, bad map[int]*envelope.Bad,
) []*hubv1.SubscriptionResult {
	results := make([]*hubv1.SubscriptionResult, len(subscriptions))
	claims := make([]*claim, len(subscriptions))
	taken := make(map[string]bool)
	for i, sub := range subscriptions {
		if b := bad[i]; b != nil {
			results[i] = &hubv1.SubscriptionResult{Status: fault.OfBad(b).Status()}
			continue
		}
		c, err := checkSubscription(g, sub, taken)
		if err != nil {
			results[i] = &hubv1.SubscriptionResult{Status: err.Status()}
			continue
		}
		claims[i] = c
	}
	conflicts := r.grantLocked(g, claims)
	for i, c := range claims {
		switch {
		case c == nil:
		case conflicts[i] != nil:
			results[i] = &hubv1.SubscriptionResult{
				Status: fault.Newf(fault.HeldByAnotherGroup, "group %q holds it", conflicts[i].name).Status(),
			}
			r.srv.log.Warn("subscription refused", "group", g.name, "namespace", c.Namespace,
				"holder", conflicts[i].name)
		default:
			results[i] = &hubv1.SubscriptionResult{Effective: effective(subscriptions[i]), Status: r.warn(c)}
		}
	}
	return results
}

// warn says aloud that a handler will wait in vain: nobody decides who gets in.
func (r *routes) warn(c *claim) *hubv1.Status {
	if c.Role != route.Handler || r.authorized(c.Namespace) {
		return nil
	}
	r.srv.trace.noAuthorizer(c.Group.name, c.Namespace)
	r.srv.log.Warn("no authorizer: nobody can join", "namespace", c.Namespace, "group", c.Group.name)
	return fault.New(fault.NoAuthorizer, "nobody decides connect attempts of "+c.Namespace+": no browser gets in").Status()
}

// authorized reports whether a namespace pattern has an authorizer. A pattern reads
// like a namespace here: whoever decides for all that fits `/org/*` also fits it.
func (r *routes) authorized(pattern string) bool {
	return r.table.Load().View(pattern).Authorizer() != nil
}

// checkSubscription makes a claim of a subscription. Taken gathers what the hello
// has asked for before.
func checkSubscription(g *group, sub *hubv1.Subscription, taken map[string]bool) (*claim, *fault.Fault) {
	c := &claim{Group: g, Namespace: sub.GetNamespace(), Events: sub.GetEvents()}
	switch sub.GetRole() {
	case hubv1.Role_ROLE_AUTHORIZER:
		c.Role = route.Authorizer
		switch {
		case len(c.Events) > 0:
			return nil, fault.At(fault.NotForAuthorizer, "events", "an authorizer gets no events")
		case sub.GetIntroduction() != hubv1.Introduction_INTRODUCTION_UNSPECIFIED:
			return nil, fault.At(fault.NotForAuthorizer, "introduction", "an authorizer gets no lifecycle")
		}
	case hubv1.Role_ROLE_HANDLER:
		c.Role = route.Handler
	default:
		return nil, fault.At(fault.UnknownRole, "role", "a role is required, and has to be one that the hub knows")
	}
	if err := checkPolicy(c, sub); err != nil {
		return nil, err
	}
	if err := route.CheckNamespace(c.Namespace); err != nil {
		return nil, fault.At(fault.BadPattern, "namespace", patternText(err))
	}
	if len(c.Events) > maxEventPatterns {
		return nil, fault.At(fault.TooMany, "events", fmt.Sprintf("at most %d", maxEventPatterns))
	}
	for i, e := range c.Events {
		if err := route.CheckEvent(e); err != nil {
			return nil, fault.At(fault.BadPattern, fmt.Sprintf("events[%d]", i), patternText(err))
		}
	}
	return c, checkOnce(c, taken)
}

// patternText is the error of a pattern as it is told to services.
func patternText(err error) string { return strings.TrimPrefix(err.Error(), "route: ") }

// checkPolicy reads how a subscription is to be served.
func checkPolicy(c *claim, sub *hubv1.Subscription) *fault.Fault {
	p := policy{introduction: sub.GetIntroduction()}
	switch sub.GetGuarantee() {
	case hubv1.Guarantee_GUARANTEE_UNSPECIFIED, hubv1.Guarantee_GUARANTEE_AT_LEAST_ONCE:
	case hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE:
		p.atMostOnce = true
	default:
		return fault.At(fault.UnknownGuarantee, "guarantee", "the hub does not know this guarantee")
	}
	switch sub.GetOrdering() {
	case hubv1.Ordering_ORDERING_UNSPECIFIED, hubv1.Ordering_ORDERING_PIPELINED:
	case hubv1.Ordering_ORDERING_STRICT:
		p.strict = true
	default:
		return fault.At(fault.UnknownOrdering, "ordering", "the hub does not know this ordering")
	}
	if _, ok := hubv1.Introduction_name[int32(p.introduction)]; !ok {
		return fault.At(fault.UnknownIntroduction, "introduction", "the hub does not know this introduction")
	}
	c.Policy = p
	return nil
}

// checkOnce refuses what the same hello asks for twice.
func checkOnce(c *claim, taken map[string]bool) *fault.Fault {
	patterns := c.Events
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	for i, e := range patterns {
		key := fmt.Sprint(c.Role, c.Namespace, " ", e)
		if taken[key] || slices.Contains(patterns[:i], e) {
			return fault.At(fault.Twice, "events", "the hello asks for the same twice")
		}
	}
	for _, e := range patterns {
		taken[fmt.Sprint(c.Role, c.Namespace, " ", e)] = true
	}
	return nil
}

// effective is a subscription with its defaults filled in.
func effective(sub *hubv1.Subscription) *hubv1.Subscription {
	e := proto.CloneOf(sub)
	if e.Guarantee == hubv1.Guarantee_GUARANTEE_UNSPECIFIED {
		e.Guarantee = hubv1.Guarantee_GUARANTEE_AT_LEAST_ONCE
	}
	if e.Ordering == hubv1.Ordering_ORDERING_UNSPECIFIED {
		e.Ordering = hubv1.Ordering_ORDERING_PIPELINED
	}
	if e.Role != hubv1.Role_ROLE_HANDLER {
		return e
	}
	if len(e.Events) == 0 {
		e.Events = []string{"*"}
	}
	if e.Introduction == hubv1.Introduction_INTRODUCTION_UNSPECIFIED {
		e.Introduction = hubv1.Introduction_INTRODUCTION_ON_CONNECT
	}
	return e
}
