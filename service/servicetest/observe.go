package servicetest

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// SkipObservations lets the hub leave n observations out, as it does when their
// observer does not read: the next one tells of the gap.
func (h *Hub) SkipObservations(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.att != nil {
		h.att.gap += uint64(n)
	}
}

// observeLocked sends copies of what happened to a socket.
func observeLocked(h *Hub, s *socket, kind hubv1.Kind, event string, o *hubv1.Observation) {
	for _, sub := range h.subscriptions {
		if sub.GetRole() != hubv1.Role_ROLE_OBSERVER || !wants(sub, kind) || !matches(sub.GetNamespace(), s.namespace) ||
			event != "" && eventRank(sub, event) < 0 || !concerns(sub, s) {
			continue
		}
		copyLocked(h, sub, kind, s, o)
	}
}

// concerns reports whether an observer wants to hear of a socket.
func concerns(sub *hubv1.Subscription, s *socket) bool {
	return (len(sub.GetUsers()) == 0 || slices.Contains(sub.GetUsers(), s.user)) &&
		(len(sub.GetSockets()) == 0 || slices.Contains(sub.GetSockets(), s.id)) &&
		(len(sub.GetRooms()) == 0 || slices.ContainsFunc(s.roomNames(), func(room string) bool { return fits(sub.GetRooms(), room) }))
}

func copyLocked(h *Hub, sub *hubv1.Subscription, kind hubv1.Kind, s *socket, o *hubv1.Observation) {
	if h.att == nil {
		return
	}
	o = proto.CloneOf(o)
	o.SubscriptionId, o.Kind, o.Time, o.Gap = sub.GetId(), kind, timestamppb.Now(), h.att.gap
	h.att.gap = 0
	if s != nil {
		o.Socket = s.proto()
	}
	if !sub.GetPayloads() {
		if o.GetEvent() != nil {
			o.GetEvent().Payload = nil
		}
		if o.GetEmitted() != nil {
			o.GetEmitted().GetEmit().Payload = nil
		}
	}
	h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Observation{Observation: o}})
}

// observeEmitLocked sends copies of an emit of the service.
func observeEmitLocked(h *Hub, emit *hubv1.Emit, result *hubv1.Result) {
	for _, sub := range h.subscriptions {
		if sub.GetRole() != hubv1.Role_ROLE_OBSERVER || !wants(sub, hubv1.Kind_KIND_EMITS) ||
			!matches(sub.GetNamespace(), emit.GetTarget().GetNamespace()) || eventRank(sub, emit.GetEvent()) < 0 {
			continue
		}
		copyLocked(h, sub, hubv1.Kind_KIND_EMITS, nil, &hubv1.Observation{Body: &hubv1.Observation_Emitted{Emitted: &hubv1.Emitted{
			Emit: emit, MatchedCount: result.GetMatchedCount(), QueuedCount: result.GetQueuedCount(),
		}}})
	}
}

// observeDecisionLocked sends copies of a decision.
func observeDecisionLocked(h *Hub, s *socket, settlement *hubv1.Settlement) {
	decision := &hubv1.Decision{Outcome: "undecided", By: "service"}
	switch {
	case settlement.GetAccept() != nil:
		decision.Outcome = "accept"
	case settlement.GetDeny() != nil:
		decision.Outcome, decision.Message = "deny", settlement.GetDeny().GetMessage()
	}
	observeLocked(h, s, hubv1.Kind_KIND_DECISIONS, "", &hubv1.Observation{Body: &hubv1.Observation_Decision{Decision: decision}})
}
