package service

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// subscription is what a Subscription.id stands for: with it nobody has to match
// patterns again.
type subscription struct {
	namespace *Namespace // nil for an observer's
	// An event goes to the handler of its name, or to the one that the subscription was
	// made for.
	exact    map[string]*handler
	handler  *handler
	occupied *occupancyHandler
	observer *observer
}

// find returns the handler of an event, nil when there is none.
func (s *subscription) find(event string) *handler {
	if s.handler != nil {
		return s.handler
	}
	return s.exact[event]
}

// subscribe makes the subscriptions of a namespace: one for who decides, one for each
// guarantee that exact events have, one for each prefix, one for each group of rooms.
// The first of its handlers' has everything that is not an event.
func subscribe(r *registry, n *Namespace) {
	if n.decision != "AuthorizedElsewhere" {
		asked := &hubv1.Subscription{Role: hubv1.Role_ROLE_AUTHORIZER, Namespace: n.name}
		asked.SettleTimeout = optionalDuration(n.terms.decisionTimeout)
		r.add(asked, &subscription{namespace: n})
	}
	kinds := kindsOf(n)
	add := func(events []string, atMostOnce bool, s *subscription) {
		s.namespace = n
		r.add(newHandlerSubscription(n, events, append(kinds, hubv1.Kind_KIND_EVENT), atMostOnce), s)
		kinds = nil
	}
	for _, atMostOnce := range []bool{false, true} {
		var names []string
		for _, name := range slices.Sorted(maps.Keys(n.handlers.exact)) {
			if n.handlers.exact[name].atMostOnce == atMostOnce {
				names = append(names, name)
			}
		}
		for part := range slices.Chunk(names, maxEventsPerSubscr) {
			add(part, atMostOnce, &subscription{exact: n.handlers.exact})
		}
	}
	prefixes := n.handlers.prefixes
	if n.unheard != nil {
		prefixes = append(slices.Clip(prefixes), n.unheard)
	}
	for _, h := range prefixes {
		var events []string
		if h.pattern != "*" {
			events = []string{h.pattern}
		}
		add(events, h.atMostOnce, &subscription{handler: h})
	}
	if len(kinds) > 0 {
		r.add(newHandlerSubscription(n, nil, kinds, false), &subscription{namespace: n})
	}
	for _, h := range n.handlers.occupancy {
		asked := newHandlerSubscription(n, nil, []hubv1.Kind{hubv1.Kind_KIND_OCCUPANCY}, false)
		asked.Rooms = h.patterns
		r.add(asked, &subscription{namespace: n, occupied: h})
	}
}

// kinds is what the namespace wants to hear beside events.
func kindsOf(n *Namespace) []hubv1.Kind {
	h, follow := &n.handlers, follows(n)
	var kinds []hubv1.Kind
	for _, k := range []struct {
		wanted bool
		kind   hubv1.Kind
	}{
		{h.connected != nil || follow || h.disconnect != nil, hubv1.Kind_KIND_CONNECTED},
		{h.disconnect != nil || follow, hubv1.Kind_KIND_DISCONNECTED},
		{tracksRooms(n), hubv1.Kind_KIND_ROOMS},
		{h.upgraded != nil, hubv1.Kind_KIND_UPGRADED},
		{len(h.calls) > 0, hubv1.Kind_KIND_SERVICE_CALL},
		{h.present != nil || h.absent != nil, hubv1.Kind_KIND_USERS},
	} {
		if k.wanted {
			kinds = append(kinds, k.kind)
		}
	}
	return kinds
}

func tracksRooms(n *Namespace) bool { return n.terms.trackRooms || n.handlers.rooms != nil }

// follows reports whether this process has to know of each socket that it holds from
// its connected to its end.
func follows(n *Namespace) bool {
	return tracksRooms(n) || n.handlers.released != nil || n.terms.socketData == DataOnChange
}

func newHandlerSubscription(n *Namespace, events []string, kinds []hubv1.Kind, atMostOnce bool) *hubv1.Subscription {
	s := &hubv1.Subscription{
		Role: hubv1.Role_ROLE_HANDLER, Namespace: n.name, Events: events, Kinds: kinds,
		Guarantee: hubv1.Guarantee_GUARANTEE_AT_LEAST_ONCE, Ordering: hubv1.Ordering_ORDERING_PIPELINED,
		Introduction: introduction(n), Handshake: hubv1.HandshakeDetail(n.terms.handshake),
		SocketData: hubv1.SocketData(n.terms.socketData), Overflow: hubv1.Overflow(n.terms.overflow),
		SettleTimeout: optionalDuration(n.terms.settleTimeout), DisconnectGrace: optionalDuration(n.terms.disconnectGrace),
		IntroduceMoved: remembers(n),
	}
	if atMostOnce {
		s.Guarantee = hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE
	}
	if n.terms.strict {
		s.Ordering = hubv1.Ordering_ORDERING_STRICT
	}
	return s
}

func optionalDuration[D ~int64](d D) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return &durationpb.Duration{Seconds: int64(d) / 1e9, Nanos: int32(int64(d) % 1e9)}
}
