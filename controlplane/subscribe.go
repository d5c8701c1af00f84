package controlplane

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/internal/envelope"
)

// Limits of a subscription.
const (
	maxPatterns      = 256 // events, rooms, users and sockets, each
	maxGrace         = 5 * time.Minute
	minSettleTimeout = time.Second
	maxSettleTimeout = time.Hour
	maxTryTimeout    = time.Minute
)

// subscribeLocked checks the subscriptions of a hello and says what becomes of each:
// claims are those that come into force. The caller holds r.mu.
func (r *routes) subscribeLocked(a *attachment, h *hubv1.Hello, bad map[int]*envelope.Bad) (claims []*claim, results []*hubv1.SubscriptionResult) {
	results = make([]*hubv1.SubscriptionResult, len(h.Subscriptions))
	taken := make(map[wish]bool)
	others, absent := r.othersLocked(a.group)
	for i, sub := range h.Subscriptions {
		effective, f := a.checkSubscription(sub, bad[i], taken)
		if f != nil {
			results[i] = &hubv1.SubscriptionResult{Status: f.Status()}
			continue
		}
		c := newSubscription(effective).claim(a.group, a)
		if held := others.Conflict(c); held != nil {
			holder := held.Group.name
			results[i] = &hubv1.SubscriptionResult{
				Status: fault.Newf(fault.HeldByAnotherGroup, "group %q holds it", holder).Status(),
			}
			r.srv.lines.write(slog.LevelWarn, "subscription refused", "group", a.group.name, "namespace", c.Namespace, "holder", holder)
			continue
		}
		claims = append(claims, c)
		results[i] = &hubv1.SubscriptionResult{Effective: effective}
	}
	r.takeLocked(absent, claims)
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
		r.srv.lines.write(slog.LevelWarn, "no authorizer: nobody can join", "namespace", sub.Namespace, "group", g.name)
		result.Warnings = append(result.Warnings, fault.Newf(fault.NoAuthorizer,
			"nobody decides connect attempts of %s: no browser gets in", sub.Namespace).Status())
	}
}

// warnTooSmall says aloud that a browser may send what the instance does not take.
func (r *routes) warnTooSmall(a *attachment, results []*hubv1.SubscriptionResult) {
	most := int64(a.maxEnvelope - envelopeMargin)
	largest := r.srv.hub.MaxEventBytes()
	if largest <= most {
		return
	}
	for _, result := range results {
		if sub := result.GetEffective(); sub.GetRole() == hubv1.Role_ROLE_HANDLER {
			r.srv.lines.write(slog.LevelWarn, "events may be larger than what an instance takes: they will be dropped", "namespace", sub.Namespace, "group", a.group.name,
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
func (a *attachment) checkSubscription(sub *hubv1.Subscription, bad *envelope.Bad, taken map[wish]bool) (*hubv1.Subscription, *fault.Fault) {
	if bad != nil {
		return nil, fault.OfBad(bad)
	}
	for _, check := range []func(*hubv1.Subscription) *fault.Fault{checkRole, checkNames, checkTimes, a.caller.MaySubscribe} {
		if f := check(sub); f != nil {
			return nil, f
		}
	}
	e := effective(sub, a.srv.config.Connect.Try)
	return e, checkOnce(e, taken)
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
		if len(list.names) > maxPatterns {
			return fault.At(fault.TooMany, list.field, fmt.Sprintf("at most %d", maxPatterns))
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

// wish is one pattern that a hello asks for.
type wish struct {
	role               hubv1.Role
	namespace, pattern string
}

// checkOnce refuses what the same hello asks for twice.
func checkOnce(e *hubv1.Subscription, taken map[wish]bool) *fault.Fault {
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

// lifecycleKinds are what a subscription without kinds asks for.
var lifecycleKinds = []hubv1.Kind{hubv1.Kind_KIND_CONNECTED, hubv1.Kind_KIND_EVENT, hubv1.Kind_KIND_DISCONNECTED}

// effective is a subscription with its defaults filled in. It is built of the fields
// that the hub knows. Try is the time that an instance has for an attempt alone.
func effective(sub *hubv1.Subscription, try time.Duration) *hubv1.Subscription {
	e := proto.CloneOf(sub)
	e.ProtoReflect().SetUnknown(nil)
	fill(&e.Guarantee, hubv1.Guarantee_GUARANTEE_AT_LEAST_ONCE)
	fill(&e.Ordering, hubv1.Ordering_ORDERING_PIPELINED)
	switch e.Role {
	case hubv1.Role_ROLE_AUTHORIZER:
		e.SettleTimeout = durationOf(clampTime(e.GetSettleTimeout().AsDuration(), try, minSettleTimeout, maxTryTimeout))
		return e
	case hubv1.Role_ROLE_OBSERVER:
		e.Guarantee, e.Ordering = 0, 0
		e.Sample = max(e.Sample, 1)
	case hubv1.Role_ROLE_HANDLER:
		fill(&e.Introduction, hubv1.Introduction_INTRODUCTION_ON_CONNECT)
		fill(&e.Overflow, hubv1.Overflow_OVERFLOW_PAUSE)
		fill(&e.SocketData, hubv1.SocketData_SOCKET_DATA_ALWAYS)
		if e.GetSettleTimeout().AsDuration() > 0 {
			e.SettleTimeout = durationOf(clampTime(e.GetSettleTimeout().AsDuration(), 0, minSettleTimeout, maxSettleTimeout))
		} else {
			e.SettleTimeout = nil
		}
	}
	fill(&e.Handshake, hubv1.HandshakeDetail_HANDSHAKE_DETAIL_NONE)
	if len(e.Kinds) == 0 {
		e.Kinds = slices.Clone(lifecycleKinds)
	}
	if len(e.Events) == 0 {
		e.Events = []string{"*"}
	}
	return e
}

// fill gives a field its default.
func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// clampTime fits a time between two others; zero means the default.
func clampTime(t, def, least, most time.Duration) time.Duration {
	if t == 0 {
		t = def
	}
	return min(max(t, least), most)
}
