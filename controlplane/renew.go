package controlplane

import (
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/timequeue"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// What a disconnect says of an authorization that has ended.
const (
	detailExpired = "authorization expired"
	detailDenied  = "authorization denied"
)

// askAgain is when an authorizer is looked for again where there was none.
const askAgain = 5 * time.Second

// renewals watch the authorizations that end some day.
type renewals struct {
	srv *Server

	mu       sync.Mutex // guards the fields below, and expiries; a leaf
	queue    timequeue.Queue[*expiry]
	bySocket map[*socket]*expiry
}

func newRenewals(s *Server) *renewals {
	return &renewals{srv: s, bySocket: make(map[*socket]*expiry)}
}

// expiry is an authorization that ends. It is guarded by renewals.mu.
type expiry struct {
	socket  *socket
	end     time.Time
	refresh time.Duration
	asked   *renewal // the authorizer has been asked; nil before
	when    timequeue.Slot[*expiry]
}

// renewal is the body of an AuthExpiring.
type renewal struct {
	socket   *socket
	end      time.Time
	lane     *dispatch.Solo
	delivery *dispatch.Delivery
}

// add watches the authorization of a socket that has joined.
func (r *renewals) add(so *socket) {
	g := so.grant
	if g == nil || g.expire.IsZero() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watchLocked(so, g.expire, g.refresh)
}

// watchLocked replaces what is known of a socket's authorization.
func (r *renewals) watchLocked(so *socket, end time.Time, refresh time.Duration) {
	e := &expiry{socket: so, end: end, refresh: refresh}
	e.when.Value = e
	due := end
	if refresh > 0 {
		due = end.Add(-refresh) // it may have passed: then it is asked at once
	}
	r.bySocket[so] = e
	r.queue.Set(&e.when, due)
}

// renew puts what a renewal gave in the place of what was. A zero end is none. It
// reports false when the renewal does not count any more: the browser has gone, or its
// time was over.
func (r *renewals) renew(n *renewal, end time.Time, refresh time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.currentLocked(n) {
		return false
	}
	r.removeLocked(n.socket)
	if !end.IsZero() {
		r.watchLocked(n.socket, end, refresh)
	}
	return true
}

// currentLocked reports whether a renewal is still waited for.
func (r *renewals) currentLocked(n *renewal) bool {
	e := r.bySocket[n.socket]
	return e != nil && e.asked == n
}

// remove forgets a socket that has left.
func (r *renewals) remove(so *socket) (end time.Time) {
	r.mu.Lock()
	e := r.removeLocked(so)
	r.mu.Unlock()
	if e == nil {
		return time.Time{}
	}
	if e.asked != nil {
		e.asked.cancel(dispatch.ReasonBrowserGone)
	}
	return e.end
}

func (r *renewals) removeLocked(so *socket) *expiry {
	e := r.bySocket[so]
	if e != nil {
		delete(r.bySocket, so)
		r.queue.Remove(&e.when)
	}
	return e
}

// len counts the authorizations that end some day.
func (r *renewals) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.queue.Len()
}

// tend asks for renewals that are due, and closes the connections of those whose
// authorization has ended. The janitor calls it.
func (r *renewals) tend(now time.Time) {
	for {
		over, ask := r.next(now)
		switch {
		case ask != nil:
			r.ask(ask)
		case over != nil:
			over.socket.close(detailExpired)
			if over.asked != nil {
				over.asked.cancel(dispatch.ReasonCancelled)
			}
		default:
			return
		}
	}
}

// next takes the first authorization that something is due for: it is over, or its
// authorizer is to be asked.
func (r *renewals) next(now time.Time) (over *expiry, ask *renewal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		first := r.queue.Due(now)
		if first == nil {
			return nil, nil
		}
		e := first.Value
		if e.asked != nil || !now.Before(e.end) {
			return r.removeLocked(e.socket), nil
		}
		if e.asked = r.newRenewal(e); e.asked != nil {
			r.queue.Set(first, e.end)
			return nil, e.asked
		}
		r.queue.Set(first, earlier(e.end, now.Add(askAgain)))
	}
}

// newRenewal makes the question to the authorizer of the namespace; nil where there is
// none.
func (r *renewals) newRenewal(e *expiry) *renewal {
	claim := r.srv.routes.table.Load().View(e.socket.hub.Namespace()).Authorizer()
	if claim == nil {
		return nil
	}
	share := dispatch.Share{Kind: dispatch.AuthExpiring, Of: claim.Namespace}
	n := &renewal{socket: e.socket, end: e.end, lane: claim.Group.NewSolo(nil, share)}
	n.delivery = &dispatch.Delivery{Kind: dispatch.AuthExpiring, Body: n}
	return n
}

// ask hands the question over.
func (r *renewals) ask(n *renewal) {
	n.delivery.Bytes = n.socket.dataBytes()
	n.lane.Push(n.delivery)
	r.mu.Lock()
	current := r.currentLocked(n)
	r.mu.Unlock()
	if !current {
		// The browser has gone meanwhile; what was not pushed yet could not be cancelled.
		n.cancel(dispatch.ReasonBrowserGone)
	}
}

// cancel takes the question back, wherever it is.
func (n *renewal) cancel(why dispatch.Reason) { n.lane.Cancel(n.delivery, why) }

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// close ends the connection of the socket's browser. Its client comes back by itself.
func (s *socket) close(detail string) { s.closeIn(nil, detail) }

// closeIn is close, behind what the batch has for the browser. The batch may be nil.
func (s *socket) closeIn(b *hub.Batch, detail string) {
	_, _ = s.srv.hub.Disconnect(b, hub.Target{Namespace: s.hub.Namespace(), Sockets: []string{s.hub.ID()}},
		hub.DisconnectOptions{MayReturn: true, Detail: detail})
}

// prepareRenewal settles a renewal.
func (x *settling) prepareRenewal(n *renewal) (effect, *fault.Fault) {
	switch o := x.Outcome.(type) {
	case *hubv1.Settlement_Accept:
		return x.prepareRenewed(n, o.Accept)
	case *hubv1.Settlement_Deny:
		return effect{outcome: trace.OutcomeDeny, do: func(*hub.Batch) error {
			n.socket.close(detailDenied)
			return nil
		}}, nil
	}
	return effect{}, faultMisfit
}

// checkRenewed says what an accept must not change.
func checkRenewed(m *hubv1.Accept) *fault.Fault {
	for _, c := range []struct {
		field string
		set   bool
	}{
		{"user", m.GetUser() != ""}, {"rooms", len(m.GetRooms()) > 0},
		{"cache", m.GetCache() != nil}, {"keep_auth", m.GetKeepAuth()},
	} {
		if c.set {
			return fault.At(fault.NotAllowed, "accept."+c.field, "cannot be changed by a renewal")
		}
	}
	return nil
}

// prepareRenewed lets the browser stay: expiry, data and policy may change, never user
// or rooms.
func (x *settling) prepareRenewed(n *renewal, m *hubv1.Accept) (effect, *fault.Fault) {
	if f := checkRenewed(m); f != nil {
		return effect{}, f
	}
	g, f := grantOf(m)
	if f != nil {
		return effect{}, f.Under("accept")
	}
	srv, so := x.a.srv, n.socket
	if err := srv.hub.CheckData(m.GetData()); err != nil {
		return effect{}, fault.Of(err, "accept")
	}
	policy := contract.PolicyOf(m.GetPolicy())
	if err := policy.Check(); err != nil {
		return effect{}, fault.Of(err, "accept")
	}
	return effect{outcome: trace.OutcomeAccept, do: func(*hub.Batch) error {
		if !srv.renewals.renew(n, g.expire, g.refresh) {
			return hub.ErrGone
		}
		return so.renewed(policy, m.GetData())
	}}, nil
}

// renewed puts what a renewal brings into force. Nil and empty leave what is there.
func (s *socket) renewed(policy *hub.Policy, data []byte) error {
	if policy != nil {
		if err := s.hub.SetPolicy(policy); err != nil {
			return err
		}
	}
	if len(data) == 0 {
		return nil
	}
	_, err := s.srv.hub.SetData(hub.Target{Namespace: s.hub.Namespace(), Sockets: []string{s.hub.ID()}},
		hub.DataChange{Data: data})
	return err
}
