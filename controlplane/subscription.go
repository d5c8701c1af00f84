package controlplane

import (
	"slices"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/observe"
	"github.com/siohub/siohub/controlplane/internal/route"
)

// subscription is one subscription of one instance, as it is in force. It never
// changes, but for its samplers.
type subscription struct {
	*hubv1.Subscription // with its defaults filled in
	kinds               kindSet
	strict, atMostOnce  bool
	timeout             time.Duration // zero: none
	grace               time.Duration
	overflow            dispatch.Overflow
	// Of an observer: what it wants to see, and its samples of events and emits.
	filter        observe.Filter
	events, emits observe.Sampler
}

// kindSet is a set of hubv1.Kind.
type kindSet uint32

func (s kindSet) has(k hubv1.Kind) bool { return s&(1<<uint(k)) != 0 }

func kindsOf(list []hubv1.Kind) (s kindSet) {
	for _, k := range list {
		s |= 1 << uint(k)
	}
	return s
}

// policy is what belongs to a claim in the table of all groups: the subscription that
// it was made of, and what the group as a whole asks for in this namespace.
type policy struct {
	*subscription
	// owner is the instance that asks; nil once it has gone and the group has no other.
	owner *attachment
	// anew and eager say how the group wants to be introduced.
	anew, eager bool
	// newest is the group's newest subscription of these patterns: its overflow and
	// grace hold for the group.
	newest *subscription
}

type (
	claim = route.Claim[*group, policy]
	table = route.Table[*group, policy]
	view  = route.View[*group, policy]
)

// newSubscription takes over what a subscription says that was checked.
func newSubscription(effective *hubv1.Subscription) *subscription {
	s := &subscription{
		Subscription: effective, kinds: kindsOf(effective.Kinds),
		strict:     effective.Ordering == hubv1.Ordering_ORDERING_STRICT,
		atMostOnce: effective.Guarantee == hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE,
		timeout:    effective.GetSettleTimeout().AsDuration(), grace: effective.GetDisconnectGrace().AsDuration(),
	}
	switch effective.Overflow {
	case hubv1.Overflow_OVERFLOW_REJECT:
		s.overflow = dispatch.Reject
	case hubv1.Overflow_OVERFLOW_DROP_OLDEST:
		s.overflow = dispatch.DropOldest
	case hubv1.Overflow_OVERFLOW_DISCONNECT:
		s.overflow = dispatch.Disconnect
	}
	s.filter = observe.Filter{
		Events: effective.Events, Rooms: effective.Rooms, Users: effective.Users, Sockets: effective.Sockets,
	}
	return s
}

// claim is the subscription as a claim of a group.
func (s *subscription) claim(g *group, owner *attachment) *claim {
	c := &claim{
		Group: g, Namespace: s.Namespace, Events: s.Events, Policy: policy{subscription: s, owner: owner, newest: s},
	}
	switch s.Role {
	case hubv1.Role_ROLE_AUTHORIZER:
		c.Role = route.Authorizer
	case hubv1.Role_ROLE_HANDLER:
		c.Role = route.Handler
		c.NoEvents = !s.kinds.has(hubv1.Kind_KIND_EVENT)
		c.Policy.anew = introducesAnew(s.Introduction)
		c.Policy.eager = s.Introduction != hubv1.Introduction_INTRODUCTION_ON_EVENT
	case hubv1.Role_ROLE_OBSERVER:
		c.Role = route.Observer
	}
	return c
}

// introducesAnew reports whether all live sockets are introduced when the group comes
// back.
func introducesAnew(i hubv1.Introduction) bool {
	return i == hubv1.Introduction_INTRODUCTION_ON_ATTACH || i == hubv1.Introduction_INTRODUCTION_ON_INSTANCE
}

// wantsRoom reports whether a room is one of those that the subscription names.
func (s *subscription) wantsRoom(room string) bool {
	return slices.ContainsFunc(s.Rooms, func(p string) bool { return route.MatchName(p, room) })
}
