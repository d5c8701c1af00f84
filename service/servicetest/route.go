package servicetest

import (
	"maps"
	"slices"
	"strings"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

func matches(pattern, name string) bool {
	prefix, ok := strings.CutSuffix(pattern, "*")
	return pattern == name || pattern == "*" || ok && len(name) > len(prefix) && strings.HasPrefix(name, prefix)
}

// fits is matches for events and rooms, whose patterns may be a whole name.
func fits(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		return pattern == name || isPrefix && strings.HasPrefix(name, prefix)
	})
}

// subscriptions are those of the newest hello.
type subscriptions []*hubv1.Subscription

// wants reports whether a subscription asks for a kind.
func wants(s *hubv1.Subscription, kind hubv1.Kind) bool {
	if len(s.GetKinds()) == 0 {
		return kind <= hubv1.Kind_KIND_DISCONNECTED
	}
	return slices.Contains(s.GetKinds(), kind)
}

// authorizer returns the subscription that decides about a namespace, nil for none.
func (all subscriptions) authorizer(namespace string) *hubv1.Subscription {
	return all.best(func(s *hubv1.Subscription) int {
		if s.GetRole() != hubv1.Role_ROLE_AUTHORIZER || !matches(s.GetNamespace(), namespace) {
			return -1
		}
		return specific(s.GetNamespace())
	})
}

// of returns the subscription that asks for a kind in a namespace.
func (all subscriptions) of(namespace string, kind hubv1.Kind) *hubv1.Subscription {
	return all.best(func(s *hubv1.Subscription) int {
		if s.GetRole() != hubv1.Role_ROLE_HANDLER || !matches(s.GetNamespace(), namespace) || !wants(s, kind) {
			return -1
		}
		return specific(s.GetNamespace())
	})
}

// event returns the subscription that takes an event, the most specific one.
func (all subscriptions) event(namespace, event string) *hubv1.Subscription {
	return all.best(func(s *hubv1.Subscription) int {
		if s.GetRole() != hubv1.Role_ROLE_HANDLER || !matches(s.GetNamespace(), namespace) || !wants(s, hubv1.Kind_KIND_EVENT) {
			return -1
		}
		rank := eventRank(s, event)
		if rank < 0 {
			return -1
		}
		return specific(s.GetNamespace())<<10 + rank
	})
}

// best returns the subscription of the highest rank, none with a negative one.
func (all subscriptions) best(rank func(*hubv1.Subscription) int) *hubv1.Subscription {
	var best *hubv1.Subscription
	top := -1
	for _, s := range all {
		if r := rank(s); r > top {
			best, top = s, r
		}
	}
	return best
}

// specific is longer for longer patterns, and exact ones are before all others.
func specific(pattern string) int {
	if strings.HasSuffix(pattern, "*") {
		return len(pattern)
	}
	return len(pattern) + 512
}

func eventRank(s *hubv1.Subscription, event string) int {
	if len(s.GetEvents()) == 0 {
		return 0
	}
	rank := -1
	for _, pattern := range s.GetEvents() {
		if fits([]string{pattern}, event) {
			rank = max(rank, specific(pattern))
		}
	}
	return rank
}

// known reports whether the service has to do with a namespace.
func (all subscriptions) known(namespace string) bool {
	return slices.ContainsFunc(all, func(s *hubv1.Subscription) bool {
		return s.GetRole() != hubv1.Role_ROLE_OBSERVER && matches(s.GetNamespace(), namespace)
	})
}

func liveLocked(h *Hub) []*socket {
	var live []*socket
	for _, id := range slices.Sorted(maps.Keys(h.sockets)) {
		if h.sockets[id].state == open {
			live = append(live, h.sockets[id])
		}
	}
	return live
}
