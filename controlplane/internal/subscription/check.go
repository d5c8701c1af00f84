package subscription

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/route"
)

// Limits of a subscription.
const (
	MaxPatterns      = 256 // events, rooms, users and sockets, each
	maxGrace         = 5 * time.Minute
	minSettleTimeout = time.Second
	maxSettleTimeout = time.Hour
	maxTryTimeout    = time.Minute
)

// Check says what is wrong with a subscription by itself; nil when nothing is.
func Check(sub *hubv1.Subscription) *fault.Fault {
	for _, check := range []func(*hubv1.Subscription) *fault.Fault{checkRole, checkNames, checkTimes} {
		if f := check(sub); f != nil {
			return f
		}
	}
	return nil
}

// checkRole says what does not fit the role.
func checkRole(sub *hubv1.Subscription) *fault.Fault {
	misfit := func(field, text string) *fault.Fault { return fault.At(fault.NotForRole, field, text) }
	switch sub.GetRole() {
	case hubv1.Role_ROLE_AUTHORIZER:
		switch {
		case len(sub.Events) > 0:
			return misfit("events", "an authorizer gets no events")
		case len(sub.Kinds) > 0:
			return misfit("kinds", "an authorizer gets connect attempts")
		case sub.Introduction != 0:
			return misfit("introduction", "an authorizer gets no lifecycle")
		case sub.Guarantee == hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE:
			return misfit("guarantee", "connect attempts are delivered at least once")
		case sub.Ordering == hubv1.Ordering_ORDERING_STRICT:
			return misfit("ordering", "connect attempts stand outside of any order")
		}
		return onlyOf(sub, false, false)
	case hubv1.Role_ROLE_HANDLER:
		if i := slices.IndexFunc(sub.Kinds, func(k hubv1.Kind) bool { return k == 0 || k >= hubv1.Kind_KIND_FAILED_CONNECTS }); i >= 0 {
			return misfit(fmt.Sprintf("kinds[%d]", i), "is for observers")
		}
		if slices.Contains(sub.Kinds, hubv1.Kind_KIND_OCCUPANCY) && len(sub.Rooms) == 0 {
			return fault.At(fault.Required, "rooms", "KIND_OCCUPANCY needs the rooms that are meant")
		}
		return onlyOf(sub, true, false)
	case hubv1.Role_ROLE_OBSERVER:
		for i, k := range sub.Kinds {
			if !observerKinds.has(k) {
				return misfit(fmt.Sprintf("kinds[%d]", i), "is not for observers")
			}
		}
		if sub.Introduction != 0 || sub.Guarantee != 0 || sub.Ordering != 0 || sub.SettleTimeout != nil {
			return misfit("role", "an observer settles nothing")
		}
		return onlyOf(sub, false, true)
	}
	return fault.At(fault.UnknownRole, "role", "a role is required, and has to be one that the hub knows")
}

// observerKinds are what an observer may ask for.
var observerKinds = kindsOf([]hubv1.Kind{
	hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED, hubv1.Kind_KIND_FAILED_CONNECTS,
	hubv1.Kind_KIND_DECISIONS, hubv1.Kind_KIND_EMITS, hubv1.Kind_KIND_DROPS,
})

// onlyOf refuses fields that are for other roles.
func onlyOf(sub *hubv1.Subscription, handler, observer bool) *fault.Fault {
	for _, c := range []struct {
		field        string
		set, fitting bool
	}{
		{"handshake", sub.Handshake != 0, handler || observer},
		{"overflow", sub.Overflow != 0, handler},
		{"disconnect_grace", sub.DisconnectGrace != nil, handler},
		{"socket_data", sub.SocketData != 0, handler},
		{"introduce_moved", sub.IntroduceMoved, handler},
		{"rooms", len(sub.Rooms) > 0, observer || slices.Contains(sub.Kinds, hubv1.Kind_KIND_OCCUPANCY)},
		{"payloads", sub.Payloads, observer},
		{"sample", sub.Sample != 0, observer},
		{"users", len(sub.Users) > 0, observer},
		{"sockets", len(sub.Sockets) > 0, observer},
	} {
		if c.set && !c.fitting {
			return fault.At(fault.NotForRole, c.field, "is not for this role")
		}
	}
	return nil
}

// checkNames looks at patterns.
func checkNames(sub *hubv1.Subscription) *fault.Fault {
	if err := route.CheckNamespace(sub.Namespace); err != nil {
		return fault.At(fault.BadPattern, "namespace", patternText(err))
	}
	for _, list := range []struct {
		field string
		names []string
	}{{"events", sub.Events}, {"rooms", sub.Rooms}, {"users", sub.Users}, {"sockets", sub.Sockets}} {
		if len(list.names) > MaxPatterns {
			return fault.At(fault.TooMany, list.field, fmt.Sprintf("at most %d", MaxPatterns))
		}
	}
	for i, e := range sub.Events {
		if err := route.CheckEvent(e); err != nil {
			return fault.At(fault.BadPattern, fmt.Sprintf("events[%d]", i), patternText(err))
		}
	}
	for i, room := range sub.Rooms {
		if star := strings.IndexByte(room, '*'); room == "" || star >= 0 && star != len(room)-1 {
			return fault.At(fault.BadPattern, fmt.Sprintf("rooms[%d]", i), "`*` stands at the end: order:*")
		}
	}
	return nil
}

// patternText is the error of a pattern as it is told to services.
func patternText(err error) string { return strings.TrimPrefix(err.Error(), "route: ") }

// checkTimes looks at durations.
func checkTimes(sub *hubv1.Subscription) *fault.Fault {
	for _, d := range []struct {
		field string
		value *durationpb.Duration
		most  time.Duration
	}{{"settle_timeout", sub.SettleTimeout, 0}, {"disconnect_grace", sub.DisconnectGrace, maxGrace}} {
		if d.value == nil {
			continue
		}
		if t := d.value.AsDuration(); d.value.CheckValid() != nil || t < 0 || d.most > 0 && t > d.most {
			return fault.At(fault.BadDuration, d.field, "is not negative, and at most what its comment says")
		}
	}
	return nil
}

// Wishes are the patterns that a hello has asked for before.
type Wishes map[wish]bool

// wish is one pattern that a hello asks for.
type wish struct {
	role               hubv1.Role
	namespace, pattern string
}

// Add refuses what the same hello asks for twice.
func (taken Wishes) Add(e *hubv1.Subscription) *fault.Fault {
	if e.Role == hubv1.Role_ROLE_OBSERVER {
		return nil
	}
	patterns := e.Events
	switch {
	case e.Role == hubv1.Role_ROLE_AUTHORIZER:
		patterns = []string{"*"}
	case !slices.Contains(e.Kinds, hubv1.Kind_KIND_EVENT):
		patterns = nil
	}
	for i, p := range patterns {
		if taken[wish{e.Role, e.Namespace, p}] || slices.Contains(patterns[:i], p) {
			return fault.At(fault.Twice, "events", "the hello asks for the same twice")
		}
	}
	for _, p := range patterns {
		taken[wish{e.Role, e.Namespace, p}] = true
	}
	return nil
}
