package servicetest

import (
	"slices"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// checkAccept says what is wrong about an accept.
func checkAccept(d *delivery, a *hubv1.Accept) *hubv1.Status {
	renews := d.body.GetAuthExpiring() != nil
	switch {
	case renews && (a.GetUser() != "" || len(a.GetRooms()) > 0 || a.GetKeepAuth() || a.GetCache() != nil):
		return invalid("RENEWAL", "accept")
	case a.GetExpireTime() != nil && !a.GetExpireTime().AsTime().After(time.Now()):
		return invalid("EXPIRE_TIME", "accept.expire_time")
	case a.GetCache() != nil && a.GetCache().GetMaxAge().AsDuration() <= 0:
		return invalid("MAX_AGE", "accept.cache.max_age")
	}
	return checkRooms(a.GetRooms(), "accept.rooms")
}

// expireLocked arms the end of an authorization, and the question before it.
func expireLocked(h *Hub, s *socket, accept *hubv1.Accept) {
	s.client.stopTimers()
	if accept.GetExpireTime() == nil {
		return
	}
	left := time.Until(accept.GetExpireTime().AsTime())
	s.client.timers = append(s.client.timers, time.AfterFunc(left, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		leaveLocked(h, s, "forced server close", 0, "authorization expired")
	}))
	sub := h.subscriptions.authorizer(s.namespace)
	if sub == nil || accept.GetRefreshBefore() == nil {
		return
	}
	ask := &hubv1.AuthExpiring{ExpireTime: accept.GetExpireTime()}
	s.client.timers = append(s.client.timers, time.AfterFunc(left-accept.GetRefreshBefore().AsDuration(), func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		d := h.ledger.newDelivery(s, sub, &hubv1.Delivery{Body: &hubv1.Delivery_AuthExpiring{AuthExpiring: ask}})
		d.aside = true
		h.ledger.queueLocked(d)
	}))
}

// renewLocked applies the answer to the question.
func renewLocked(h *Hub, d *delivery, s *hubv1.Settlement) {
	switch {
	case d.socket.state != open:
	case s.GetAccept() != nil:
		if accept := s.GetAccept(); len(accept.GetData()) > 0 {
			d.socket.data = accept.GetData()
			d.socket.version++
		}
		d.socket.client.policy = s.GetAccept().GetPolicy()
		expireLocked(h, d.socket, s.GetAccept())
	case s.GetDeny() != nil:
		leaveLocked(h, d.socket, "forced server close", 0, "authorization expired")
	}
	h.ledger.doneLocked(d, s)
}

// revokeAuthLocked ends authorizations.
func revokeAuthLocked(h *Hub, op *hubv1.Revoke) *hubv1.Result {
	if len(op.GetUsers())+len(op.GetSockets()) == 0 {
		return &hubv1.Result{Status: invalid("EMPTY_TARGET", "revoke")}
	}
	result := &hubv1.Result{}
	for _, s := range liveLocked(h) {
		if slices.Contains(op.GetSockets(), s.id) || s.user != "" && slices.Contains(op.GetUsers(), s.user) {
			result.MatchedCount++
			result.QueuedCount++
			leaveLocked(h, s, "forced server close", 0, detailRevoked)
		}
	}
	for _, s := range awayLocked(h) {
		if slices.Contains(op.GetSockets(), s.id) || s.user != "" && slices.Contains(op.GetUsers(), s.user) {
			result.StoredCount++
			s.forgetLocked()
		}
	}
	return result
}
