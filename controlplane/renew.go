package controlplane

import (
	"container/heap"
	"sync"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// What a disconnect says of an authorization that has ended.
const (
	detailExpired = "authorization expired"
	detailDenied  = "authorization denied"
)

// renewals watch the authorizations that end some day.
type renewals struct {
	srv *Server

	mu       sync.Mutex // guards the fields below, and expiries; a leaf
	queue    expiryQueue
	bySocket map[*socket]*expiry
}

func newRenewals(s *Server) *renewals {
	return &renewals{srv: s, bySocket: make(map[*socket]*expiry)}
}

// expiry is an authorization that ends. It is guarded by renewals.mu.
type expiry struct {
	socket  *socket
	due     time.Time // when to look at it: at its end, or when it is to be renewed
	end     time.Time
	refresh time.Duration
	asked   *renewal // the authorizer has been asked; nil before
	place   int      // in the queue
}

// add watches the authorization of a socket that has joined.
func (r *renewals) add(so *socket) {
	if g := so.grant; g != nil && !g.expire.IsZero() {
		r.set(so, g.expire, g.refresh)
	}
}

// set replaces what is known of a socket's authorization. A zero end is none.
func (r *renewals) set(so *socket, end time.Time, refresh time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removeLocked(so)
	if end.IsZero() {
		return
	}
	e := &expiry{socket: so, due: end, end: end, refresh: refresh}
	if refresh > 0 {
		e.due = end.Add(-refresh)
	}
	r.bySocket[so] = e
	heap.Push(&r.queue, e)
}

// remove forgets a socket that has left.
func (r *renewals) remove(so *socket) {
	r.mu.Lock()
	e := r.removeLocked(so)
	r.mu.Unlock()
	if e != nil && e.asked != nil {
		e.asked.lane.Cancel(e.asked.delivery, dispatch.ReasonBrowserGone)
	}
}

func (r *renewals) removeLocked(so *socket) *expiry {
	e := r.bySocket[so]
	if e != nil {
		delete(r.bySocket, so)
		heap.Remove(&r.queue, e.place)
	}
	return e
}

// len counts the authorizations that end some day.
func (r *renewals) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue)
}

// tend asks for renewals that are due, and closes the connections of those whose
// authorization has ended. The janitor calls it.
func (r *renewals) tend(now time.Time) {
	for {
		r.mu.Lock()
		if len(r.queue) == 0 || r.queue[0].due.After(now) {
			r.mu.Unlock()
			return
		}
		e := r.queue[0]
		if e.asked == nil && now.Before(e.end) {
			e.asked, e.due = &renewal{socket: e.socket, end: e.end}, e.end
			heap.Fix(&r.queue, e.place)
			r.mu.Unlock()
			r.ask(e.asked)
			continue
		}
		r.removeLocked(e.socket)
		r.mu.Unlock()
		if e.asked != nil && e.asked.lane != nil {
			e.asked.lane.Cancel(e.asked.delivery, dispatch.ReasonCancelled)
		}
		e.socket.close(detailExpired)
	}
}

// renewal is the body of an AuthExpiring.
type renewal struct {
	socket *socket
	end    time.Time
	// Set before it is pushed.
	lane     *dispatch.Lane
	delivery *dispatch.Delivery
}

// ask hands the question to the authorizer of the namespace. Where there is none
// nobody answers it.
func (r *renewals) ask(n *renewal) {
	claim := r.srv.routes.table.Load().View(n.socket.hub.Namespace()).Authorizer()
	if claim == nil {
		return
	}
	lane := claim.Group.NewSolo(nil)
	d := &dispatch.Delivery{Kind: dispatch.AuthExpiring, Body: n, Bytes: n.socket.dataBytes()}
	r.mu.Lock()
	n.lane, n.delivery = lane, d
	r.mu.Unlock()
	lane.Push(d)
}

// close ends the connection of the socket's browser. Its client comes back by itself.
func (s *socket) close(detail string) {
	_, _ = s.srv.hub.Disconnect(nil, hub.Target{Namespace: s.hub.Namespace(), Sockets: []string{s.hub.ID()}},
		hub.DisconnectOptions{MayReturn: true, Detail: detail})
}

// prepareRenewal settles a renewal.
func (x *settling) prepareRenewal(n *renewal) (effect, *fault.Fault) {
	switch o := x.Outcome.(type) {
	case *hubv1.Settlement_Accept:
		return x.prepareRenewed(n, o.Accept)
	case *hubv1.Settlement_Deny:
		return effect{outcome: OutcomeDeny, do: func(*hub.Batch) error {
			n.socket.close(detailDenied)
			return nil
		}}, nil
	}
	return effect{}, faultMisfit
}

// prepareRenewed lets the browser stay: expiry, data and policy may change, never user
// or rooms.
func (x *settling) prepareRenewed(n *renewal, m *hubv1.Accept) (effect, *fault.Fault) {
	for _, c := range []struct {
		field string
		set   bool
	}{
		{"user", m.GetUser() != ""}, {"rooms", len(m.GetRooms()) > 0},
		{"cache", m.GetCache() != nil}, {"keep_auth", m.GetKeepAuth()},
	} {
		if c.set {
			return effect{}, fault.At(fault.NotAllowed, "accept."+c.field, "cannot be changed by a renewal")
		}
	}
	g, f := grantOf(m)
	if f != nil {
		return effect{}, f.Under("accept")
	}
	srv, so := x.a.srv, n.socket
	if err := srv.hub.CheckData(m.GetData()); err != nil {
		return effect{}, fault.Of(err, "accept")
	}
	policy := policyOf(m.GetPolicy())
	if err := policy.Check(); err != nil {
		return effect{}, fault.Of(err, "accept")
	}
	return effect{outcome: OutcomeAccept, do: func(*hub.Batch) error {
		srv.renewals.set(so, g.expire, g.refresh)
		if policy != nil {
			if err := so.hub.SetPolicy(policy); err != nil {
				return err
			}
		}
		if len(m.GetData()) == 0 {
			return nil
		}
		_, err := srv.hub.SetData(hub.Target{Namespace: so.hub.Namespace(), Sockets: []string{so.hub.ID()}},
			hub.DataChange{Data: m.GetData()})
		return err
	}}, nil
}

// expiryQueue is a heap by due.
type expiryQueue []*expiry

func (q expiryQueue) Len() int           { return len(q) }
func (q expiryQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q expiryQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

// Push implements heap.Interface.
func (q *expiryQueue) Push(e any) {
	e.(*expiry).place = len(*q)
	*q = append(*q, e.(*expiry))
}

// Pop implements heap.Interface.
func (q *expiryQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return e
}
