package servicetest

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

func matches(pattern, name string) bool {
	prefix, ok := strings.CutSuffix(pattern, "*")
	return pattern == name || ok && len(name) > len(prefix) && strings.HasPrefix(name, prefix)
}

// subscriptions are those of the newest hello.
type subscriptions []*hubv1.Subscription

func (all subscriptions) authorizes(namespace string) bool {
	return slices.ContainsFunc(all, func(s *hubv1.Subscription) bool {
		return s.GetRole() == hubv1.Role_ROLE_AUTHORIZER && matches(s.GetNamespace(), namespace)
	})
}

// handler returns the subscription that takes an event, the most specific one; for
// the empty name any that takes lifecycle.
func (all subscriptions) handler(namespace, event string) *hubv1.Subscription {
	var best *hubv1.Subscription
	bestRank := -1
	for _, s := range all {
		if s.GetRole() != hubv1.Role_ROLE_HANDLER || !matches(s.GetNamespace(), namespace) {
			continue
		}
		if rank := specific(s.GetNamespace())<<10 + eventRank(s, event); eventRank(s, event) >= 0 && rank > bestRank {
			best, bestRank = s, rank
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
	if event == "" || len(s.GetEvents()) == 0 {
		return 0
	}
	rank := -1
	for _, pattern := range s.GetEvents() {
		prefix, isPrefix := strings.CutSuffix(pattern, "*")
		if pattern == event || isPrefix && strings.HasPrefix(event, prefix) {
			rank = max(rank, specific(pattern))
		}
	}
	return rank
}

// known reports whether the service has to do with a namespace.
func (all subscriptions) known(namespace string) bool {
	return slices.ContainsFunc(all, func(s *hubv1.Subscription) bool {
		return matches(s.GetNamespace(), namespace)
	})
}

func (h *Hub) liveLocked() []*socket {
	var live []*socket
	for _, id := range slices.Sorted(maps.Keys(h.sockets)) {
		if h.sockets[id].state == open {
			live = append(live, h.sockets[id])
		}
	}
	return live
}

// connectedLocked introduces a socket to the service.
func (h *Hub) connectedLocked(s *socket, late bool) {
	s.introduced = true
	h.ledger.deliverLocked(s, &hubv1.Delivery{Body: &hubv1.Delivery_Connected{Connected: &hubv1.Connected{
		Handshake: s.handshake, ConnectTime: s.connectTime, Late: late, Rooms: s.roomNames(),
	}}}, true)
}

// eventLocked hands over what a browser emitted. It reports whether anybody
// handles it.
func (h *Hub) eventLocked(s *socket, name string, payload *hubv1.Payload, wantsAck bool, settled func(*hubv1.Settlement)) bool {
	sub := h.subscriptions.handler(s.namespace, name)
	if sub == nil {
		return false
	}
	if !s.introduced {
		h.connectedLocked(s, true)
	}
	atLeastOnce := sub.GetGuarantee() != hubv1.Guarantee_GUARANTEE_AT_MOST_ONCE
	h.ledger.queueLocked(s, &hubv1.Delivery{Body: &hubv1.Delivery_Event{Event: &hubv1.Event{
		Name: name, Payload: payload, WantsAck: wantsAck, ReceiveTime: timestamppb.Now(),
	}}}, atLeastOnce, settled)
	return true
}
