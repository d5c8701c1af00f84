package command

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub/cluster"
)

// countHere counts sockets or users at this hub.
func (e *queries) countHere(c *hubv1.Command) *hubv1.Result {
	if op, ok := c.GetOp().(*hubv1.Command_Count); ok {
		return e.countSockets(op.Count)
	}
	return e.countUsers(c.GetCountUsers())
}

// countSockets counts.
func (e *queries) countSockets(c *hubv1.Count) *hubv1.Result {
	n, err := e.hub.CountSockets(targetOf(c.GetTarget()))
	if err != nil {
		return failed(fault.Of(err, "count"))
	}
	return &hubv1.Result{Count: uint32(n)}
}

// countUsers counts.
func (e *queries) countUsers(q *hubv1.CountUsers) *hubv1.Result {
	if f := checkNamespace(q.GetNamespace()); f != nil {
		return failed(f.Under("count_users"))
	}
	return &hubv1.Result{Count: uint32(e.hub.CountUsers(q.GetNamespace()))}
}

// countEverywhere counts sockets or users at all hubs.
func (e *queries) countEverywhere(c *hubv1.Command, then func(*hubv1.Result)) {
	here := e.countHere(c)
	if here.Status != nil || alone(e.hub) {
		then(here)
		return
	}
	if op := c.GetCount(); op != nil {
		t := targetOf(op.GetTarget())
		if e.hub.Cluster().Holds(t) {
			then(here)
			return
		}
		e.gather(&cluster.Question{Kind: cluster.Count, Namespace: t.Namespace, Target: t.Everywhere()}, 0, func(g *gathered, f *fault.Fault) {
			e.counted(here, g, f, func() int { return int(here.Count) + g.count }, then)
		})
		return
	}
	namespace := c.GetCountUsers().GetNamespace()
	e.gather(&cluster.Question{Kind: cluster.ListUsers, Namespace: namespace}, 0, func(g *gathered, f *fault.Fault) {
		e.counted(here, g, f, func() int { return e.union(namespace, g.names) }, then)
	})
}

// counted ends a count.
func (e *queries) counted(here *hubv1.Result, g *gathered, f *fault.Fault, count func() int, then func(*hubv1.Result)) {
	if f != nil {
		then(failed(f))
		return
	}
	here.Count, here.MissingHubIds = uint32(count()), g.missing
	g.held.giveBack()
	then(here)
}

// union is how many users there are: one may be at several hubs.
func (e *queries) union(namespace string, others []cluster.Size) int {
	users := make(map[string]struct{}, len(others))
	for _, user := range others {
		users[user.Name] = struct{}{}
	}
	for _, user := range e.hub.ListUsers(namespace, "") {
		users[user.User] = struct{}{}
	}
	return len(users)
}
