package subscription

import (
	"slices"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/observe"
	"github.com/siohub/siohub/controlplane/internal/route"
)

// Subscription is one subscription of one instance, as it is in force. It never
// changes, but for its samplers.
type Subscription struct {
	*hubv1.Subscription // with its defaults filled in
	kinds               kindSet
	Strict, AtMostOnce  bool
	Timeout             time.Duration // zero: none
	Grace               time.Duration
	WhenFull            dispatch.Overflow
	// Of an observer: what it wants to see, and its samples of events and emits.
	Filter        observe.Filter
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

// New takes over what a subscription says that was checked.
func New(effective *hubv1.Subscription) *Subscription {
	s := &Subscription{
		Subscription: effective, kinds: kindsOf(effective.Kinds),
		Strict:     effective.Ordering == hubv1.Ordering_ORDERING_STRICT,
		AtMostOnce: effective.Guarantee == hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE,
		Timeout:    effective.GetSettleTimeout().AsDuration(), Grace: effective.GetDisconnectGrace().AsDuration(),
	}
	switch effective.Overflow {
	case hubv1.Overflow_OVERFLOW_REJECT:
		s.WhenFull = dispatch.Reject
	case hubv1.Overflow_OVERFLOW_DROP_OLDEST:
		s.WhenFull = dispatch.DropOldest
	case hubv1.Overflow_OVERFLOW_DISCONNECT:
		s.WhenFull = dispatch.Disconnect
	}
	s.Filter = observe.Filter{
		Events: effective.Events, Rooms: effective.Rooms, Users: effective.Users, Sockets: effective.Sockets,
	}
	return s
}

// RouteRole is the role in the words of routes.
func (s *Subscription) RouteRole() route.Role {
	switch s.Role {
	case hubv1.Role_ROLE_HANDLER:
		return route.Handler
	case hubv1.Role_ROLE_OBSERVER:
		return route.Observer
	}
	return route.Authorizer
}

// Asks reports whether a kind is one of those that it asks for.
func (s *Subscription) Asks(k hubv1.Kind) bool { return s.kinds.has(k) }

// NoEvents reports whether it handles lifecycle alone.
func (s *Subscription) NoEvents() bool {
	return s.Role == hubv1.Role_ROLE_HANDLER && !s.kinds.has(hubv1.Kind_KIND_EVENT)
}

// Anew reports whether all live sockets are introduced when the group comes back.
func (s *Subscription) Anew() bool { return IntroducesAnew(s.Introduction) }

// IntroducesAnew reports whether all live sockets are introduced when the group comes
// back.
func IntroducesAnew(i hubv1.Introduction) bool {
	return i == hubv1.Introduction_INTRODUCTION_ON_ATTACH || i == hubv1.Introduction_INTRODUCTION_ON_INSTANCE
}

// WantsRoom reports whether a room is one of those that the subscription names.
func (s *Subscription) WantsRoom(room string) bool {
	return slices.ContainsFunc(s.Rooms, func(p string) bool { return route.MatchName(p, room) })
}

// Samples reports whether what is observed now is one of those that it takes.
func (s *Subscription) Samples(k hubv1.Kind) bool {
	switch k {
	case hubv1.Kind_KIND_EVENT:
		return s.events.Pick(s.Sample)
	case hubv1.Kind_KIND_EMITS:
		return s.emits.Pick(s.Sample)
	}
	return true
}
