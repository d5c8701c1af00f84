package controlplane

import (
	"slices"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/internal/envelope"
)

// routes are who is there and what they have claimed. What changes both changes them at once.
type routes struct {
	srv *Server
	roster
	register
}

func newRoutes(s *Server) *routes {
	r := &routes{
		srv: s, roster: roster{groups: make(map[string]*group), instances: make(map[string]int)},
		register: register{log: s.log, after: s.config.Parking.Routes},
	}
	r.table.Store(&table{})
	r.known.Store(&route.Namespaces{})
	return r
}

// entered is an attachment that has just begun.
type entered struct {
	attachment *attachment
	results    []*hubv1.SubscriptionResult
	before     *attachment // the one that had the instance id; may be nil
	first      bool        // no other instance of the group was attached
}

// enter begins an attachment: it joins its group, puts its subscriptions into force,
// and takes the instance over from the process before it, if there is one. All at once:
// of two hellos with the same instance_id the later one wins everywhere, and nobody
// takes the routes of a group that is just coming back.
func (r *routes) enter(st *stream, h *hubv1.Hello, bad map[int]*envelope.Bad, numbered bool) (*entered, *fault.Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g, f := r.groupLocked(h.Group)
	if f != nil {
		return nil, f
	}
	before := g.attachments[h.InstanceId]
	if f := r.mayEnterLocked(st, before); f != nil {
		return nil, f
	}
	a := newAttachment(st, g, h, numbered)
	a.greetLocked(h)
	claims, results := r.subscribeLocked(a, h, bad)
	r.countLocked(before, -1)
	g.attachments[h.InstanceId] = a
	r.countLocked(a, 1)
	r.putLocked(a, claims)
	lease, _, first, _ := g.Attach(h.InstanceId, a, attachOptions(h, false, g.isComplete(a)))
	a.lease.Store(lease)
	r.warn(g, results)
	r.warnTooSmall(a, results)
	return &entered{attachment: a, results: results, before: before, first: first}, nil
}

// reenter goes on with an attachment whose stream broke, with the subscriptions of the
// hello that resumes it. It returns the numbers of the deliveries that went to others.
func (r *routes) reenter(a *attachment, h *hubv1.Hello, bad map[int]*envelope.Bad) (results []*hubv1.SubscriptionResult, revoked []uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := a.group
	if g.attachments[a.instance] != a {
		return nil, nil, false
	}
	claims, results := r.subscribeLocked(a, h, bad)
	r.putLocked(a, claims)
	lease, _, _, revoked := g.Attach(a.instance, a, attachOptions(h, true, g.isComplete(a)))
	if !lease.Resumed() {
		return nil, nil, false
	}
	a.lease.Store(lease)
	a.greetLocked(h)
	r.warn(g, results)
	r.warnTooSmall(a, results)
	slices.Sort(revoked)
	return results, slices.Compact(revoked), true
}

func attachOptions(h *hubv1.Hello, resume, complete bool) dispatch.AttachOptions {
	return dispatch.AttachOptions{Resume: resume, Weight: h.Weight, Keep: h.KeepSockets, Anew: h.Anew, Complete: complete}
}

// putLocked puts the claims of an attachment into force, in the place of those that it
// had.
func (r *routes) putLocked(a *attachment, claims []*claim) {
	a.claims = claims
	a.interests.Store(subscription.NewInterests(subscriptionsOf(claims)))
	r.uniteLocked(a.group)
	r.installLocked()
	r.rememberLocked(claims)
}

// leave takes an attachment that is over out of its group. A group without a claim is
// forgotten.
func (r *routes) leave(a *attachment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := a.group
	if g.attachments[a.instance] != a {
		return
	}
	delete(g.attachments, a.instance)
	r.countLocked(a, -1)
	if len(g.attachments) > 0 {
		r.uniteLocked(g)
		r.installLocked()
		return
	}
	r.srv.decisions.Leave(g.name)
	// Copies do not wait for anybody: nothing is left of observers.
	r.claimLocked(g, slices.DeleteFunc(slices.Clone(g.claims), func(c *claim) bool { return c.Role == route.Observer }))
	if len(g.claims) == 0 && g.Quiet() && r.groups[g.name] == g {
		r.forgetLocked(g)
		return
	}
	r.installLocked()
}

// groupLocked returns the group of a name, made if it is not there.
func (r *routes) groupLocked(name string) (*group, *fault.Fault) {
	if g := r.groups[name]; g != nil {
		return g, nil
	}
	if len(r.groups) >= r.srv.config.Stream.MaxInstances && !r.forgetOldestLocked(time.Now()) {
		return nil, fault.New(fault.TooManyGroups, "too many groups are known")
	}
	g := newGroup(r.srv, name)
	r.groups[name] = g
	return g, nil
}

// forgetOldestLocked forgets the group that has been absent for the longest time, if
// it is long enough.
func (r *routes) forgetOldestLocked(now time.Time) bool {
	var oldest *group
	var longest time.Duration
	for _, g := range r.groups {
		if absent := g.Absent(now); len(g.attachments) == 0 && absent > longest {
			oldest, longest = g, absent
		}
	}
	if oldest == nil || longest <= max(r.srv.config.Parking.Age, r.srv.config.Parking.Routes) {
		return false
	}
	r.forgetLocked(oldest)
	return true
}

// forgetLocked forgets a group that has no attachment.
func (r *routes) forgetLocked(g *group) {
	r.claimLocked(g, nil)
	r.installLocked()
	g.Close()
	delete(r.groups, g.name)
	r.srv.trace.Backlog(g.name, trace.Backlog{})
}

// yield lets others have what is held for a group once it has been away for long enough.
func (r *routes) yield(g *group, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !g.yields && len(g.claims) > 0 && r.yieldsLocked(g, now) {
		r.srv.log.Warn("a service is away: others get what they handle, too", "group", g.name, "option", "parking.routes",
			"help", "hub forget ends what is kept for a service that does not come back")
		r.claimLocked(g, g.claims)
		r.installLocked()
	}
}
