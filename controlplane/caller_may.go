package controlplane

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/controlplane/internal/permit"
)

// The questions that calls, hellos and commands ask of their caller. Each is nil when
// it is permitted. They cost nothing where no permissions are configured.

// mayAttach asks for a stream of an instance of a group.
func (c *caller) mayAttach(group string) *fault.Fault {
	return refused(c.permissions().Attach(group))
}

// maySubscribe asks for one subscription, whose role is known and whose patterns are
// valid.
func (c *caller) maySubscribe(sub *hubv1.Subscription) *fault.Fault {
	set := c.permissions()
	if set == nil {
		return nil
	}
	role := permit.Handler
	if sub.GetRole() == hubv1.Role_ROLE_AUTHORIZER {
		role = permit.Authorizer
	}
	return refused(set.Subscribe(permit.Subscription{Role: role, Namespace: sub.GetNamespace(), Events: sub.GetEvents()}))
}

// permit is the caller's permissions for commands. Nil permits everything.
func (c *caller) permit() command.Permit {
	if set := c.permissions(); set != nil {
		return commandPermit{set}
	}
	return nil
}

// commandPermit asks a set of permissions for commands.
type commandPermit struct{ set *permit.Set }

// Allow implements command.Permit.
func (p commandPermit) Allow(c *command.Check) *fault.Fault {
	verb, ok := permitVerbs[c.Verb]
	if !ok {
		// A verb without a line is not yet thought about: nobody with rules may.
		return refused(&permit.Refusal{Kind: "op", Value: string(c.Verb)})
	}
	return refused(p.set.Do(&permit.Command{
		Verb: verb, Target: permitTarget(c.Target), Event: c.Event, Joins: c.Joins, Leaves: c.Leaves,
		OwnSocket: c.OwnSocket, Lists: permitListings[c.Lists], Prefix: c.Prefix,
	}))
}

var permitVerbs = map[command.Verb]permit.Verb{
	command.VerbEmit: permit.Emit, command.VerbRooms: permit.Rooms, command.VerbDisconnect: permit.Disconnect,
	command.VerbData: permit.Data, command.VerbCall: permit.Call, command.VerbRevoke: permit.Revoke,
	command.VerbAcknowledge: permit.Acknowledge, command.VerbFetch: permit.Fetch, command.VerbCount: permit.Count,
	command.VerbListRooms: permit.ListRooms, command.VerbListUsers: permit.ListUsers, command.VerbAdmin: permit.Admin,
}

var permitListings = map[command.Listing]permit.Listing{
	command.ListsNothing: permit.ListsNothing, command.ListsRooms: permit.ListsRooms, command.ListsUsers: permit.ListsUsers,
}

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
