package caller

import (
	"slices"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/permit"
)

// The questions that calls, hellos and commands ask of their caller. Each is nil when
// it is permitted. They cost nothing where no permissions are configured.

// MayAttach asks for a stream of an instance of a group.
func (c *Caller) MayAttach(group string) *fault.Fault {
	return refused(c.permissions().Attach(group))
}

// MaySubscribe asks for one subscription, whose role is known and whose patterns are
// valid.
func (c *Caller) MaySubscribe(sub *hubv1.Subscription) *fault.Fault {
	set := c.permissions()
	if set == nil {
		return nil
	}
	role, ok := permitRoles[sub.GetRole()]
	if !ok {
		return refused(&permit.Refusal{Kind: "role", Value: sub.GetRole().String()})
	}
	return refused(set.Subscribe(permit.Subscription{
		Role: role, Namespace: sub.GetNamespace(), Events: sub.GetEvents(), Rooms: sub.GetRooms(), Users: sub.GetUsers(),
		Sockets: sub.GetSockets(), AllUsers: slices.Contains(sub.GetKinds(), hubv1.Kind_KIND_USERS),
	}))
}

var permitRoles = map[hubv1.Role]permit.Role{
	hubv1.Role_ROLE_AUTHORIZER: permit.Authorizer, hubv1.Role_ROLE_HANDLER: permit.Handler,
	hubv1.Role_ROLE_OBSERVER: permit.Observer,
}

// Allow implements command.Permit. Each command and query that is asked for counts
// against the rate of the identity, also one that is refused.
func (c *Caller) Allow(check *command.Check) *fault.Fault {
	set := c.permissions()
	if set == nil {
		return nil
	}
	if f := c.spend(1); f != nil {
		return f
	}
	verb, ok := permit.VerbOf(string(check.Verb))
	if !ok {
		// An op without a verb of its own is not yet thought about: nobody with rules may.
		return refused(&permit.Refusal{Kind: "op", Value: string(check.Verb)})
	}
	question := permit.Command{
		Verb: verb, Event: check.Event, Joins: check.Joins, Leaves: check.Leaves,
		OwnSocket: check.OwnSocket, Prefix: check.Prefix,
	}
	if check.Target != nil {
		question.Target = permitTarget(check.Target)
	}
	switch check.Lists {
	case command.ListsRooms:
		question.Lists = permit.ListsRooms
	case command.ListsUsers:
		question.Lists = permit.ListsUsers
	}
	return refused(set.Do(&question))
}

// Names implements command.Permit.
func (c *Caller) Names(namespace string) bool { return c.permissions().Names(namespace) }

func permitTarget(t *hubv1.Target) permit.Target {
	return permit.Target{
		Namespace: t.GetNamespace(), All: t.GetAll(), Rooms: t.GetRooms(), Users: t.GetUsers(), Sockets: t.GetSockets(),
	}
}

// refused is a refusal in the contract's words.
func refused(r *permit.Refusal) *fault.Fault {
	if r == nil {
		return nil
	}
	return fault.New(fault.NotPermitted, r.Error())
}
