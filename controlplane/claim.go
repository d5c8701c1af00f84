package controlplane

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/controlplane/internal/subscription"
)

// policy is what belongs to a claim in the table of all groups: the subscription that
// it was made of, and what the group as a whole asks for in this namespace.
type policy struct {
	*subscription.Subscription
	// owner is the instance that asks; nil once it has gone and the group has no other.
	owner *attachment
	// anew, eager and moved say how the group wants to be introduced.
	anew, eager, moved bool
	// newest is the group's newest subscription of these patterns: its overflow and
	// grace hold for the group.
	newest *subscription.Subscription
}

type (
	claim = route.Claim[*group, policy]
	table = route.Table[*group, policy]
	view  = route.View[*group, policy]
)

// claimOf is a subscription of an instance as a claim of its group.
func claimOf(s *subscription.Subscription, owner *attachment) *claim {
	c := &claim{
		Group: owner.group, Role: s.RouteRole(), Namespace: s.Namespace, Events: s.Events, NoEvents: s.NoEvents(),
		Policy: policy{Subscription: s, owner: owner, newest: s},
	}
	if c.Role == route.Handler {
		c.Policy.anew = s.Anew()
		c.Policy.moved = s.IntroduceMoved
		c.Policy.eager = s.Introduction != hubv1.Introduction_INTRODUCTION_ON_EVENT
	}
	return c
}

// subscriptionsOf are those that the claims of an instance were made of.
func subscriptionsOf(claims []*claim) []*subscription.Subscription {
	subs := make([]*subscription.Subscription, 0, len(claims))
	for _, c := range claims {
		subs = append(subs, c.Policy.Subscription)
	}
	return subs
}
