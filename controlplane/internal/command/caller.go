package command

import (
	"slices"

	"google.golang.org/protobuf/proto"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/internal/envelope"
)

// Caller is who gives commands: a stream, or a unary call. It never changes.
type Caller struct {
	// Identity names whose idempotency keys they are. Empty when nobody asks for names.
	Identity string
	// Group and Instance are those of the stream. Empty in a unary call.
	Group, Instance string
	// Stream says that the commands come on a stream, where queries come in pages.
	Stream bool
	// Known says that the request of a unary call was looked through as it was decoded, and has nothing
	// that the hub does not know. False: it is looked for.
	Known bool
	// Permit says what the caller may do. Nil permits everything.
	Permit Permit
	// Turn is what a call holds while it works. Nil means that it needs none.
	Turn Turn
}

// unknown looks for what the hub does not know in a message of a unary call.
func (c *Caller) unknown(m proto.Message) *fault.Fault {
	if c.Known {
		return nil
	}
	return fault.OfBad(envelope.Check(m))
}

// Turn bounds who works at the same time. Its methods are for the goroutine of the call.
type Turn interface {
	// Begin waits for it, unless it is held already.
	Begin(bytes int)
	// Due reports whether others should have it now: then Pause waits for it anew.
	Due() bool
	Pause()
	// Reached notes that the work has sent something to that many browsers.
	Reached(browsers int)
	// End gives it back. To be called before something is waited for.
	End()
}

// work and rest begin and end the caller's turn.
func (c *Caller) work() {
	if c.Turn != nil {
		c.Turn.Begin(0)
	}
}

func (c *Caller) rest() {
	if c.Turn != nil {
		c.Turn.End()
	}
}

// Permit says what a caller may do. It is safe for concurrent use.
type Permit interface {
	// Allow returns nil for what is permitted, and otherwise why it is not.
	Allow(c *Check) *fault.Fault
	// Names reports whether the permissions name a namespace itself: a pattern that it fits does not.
	Names(namespace string) bool
}

// Verb is what a caller wants to do, as permissions name it.
type Verb string

// The verbs.
const (
	VerbEmit        Verb = "emit"
	VerbRooms       Verb = "rooms"
	VerbDisconnect  Verb = "disconnect"
	VerbData        Verb = "data"
	VerbCall        Verb = "call"
	VerbRevoke      Verb = "revoke"
	VerbAcknowledge Verb = "acknowledge"
	VerbFetch       Verb = "fetch"
	VerbCount       Verb = "count"
	VerbListRooms   Verb = "list_rooms"
	VerbListUsers   Verb = "list_users"
	VerbAdmin       Verb = "admin"
)

// Listing is what a query enumerates or counts by name.
type Listing string

// The listings.
const (
	ListsNothing Listing = ""
	ListsRooms   Listing = "rooms"
	ListsUsers   Listing = "users"
)

// Check asks for one command or query.
type Check struct {
	Verb Verb
	// Target is whom it is for. Nil for an acknowledgement and for VerbAdmin, which name
	// nobody. A namespace that is a pattern stands for all that fit it: `*` for all.
	Target *hubv1.Target
	// Event is the name that an emit or a call sends.
	Event string
	// Joins and Leaves are the rooms that sockets are put into and taken out of.
	Joins, Leaves []string
	// OwnSocket is the socket of the delivery that the command belongs to. Empty when it
	// belongs to none.
	OwnSocket string
	// Lists is what a query enumerates or counts, by names that start with Prefix.
	Lists  Listing
	Prefix string
	// Group is the group that is called, or forgotten. Empty in a call means all.
	Group string
}

// checkOf is the question that a command asks. It returns nil for a command without
// an op.
func checkOf(c *hubv1.Command) *Check {
	switch op := c.GetOp().(type) {
	case *hubv1.Command_Emit:
		return &Check{Verb: VerbEmit, Target: op.Emit.GetTarget(), Event: op.Emit.GetEvent()}
	case *hubv1.Command_UpdateRooms:
		o := op.UpdateRooms
		return &Check{Verb: VerbRooms, Target: o.GetTarget(), Joins: o.GetJoin(), Leaves: o.GetLeave()}
	case *hubv1.Command_Disconnect:
		return &Check{Verb: VerbDisconnect, Target: op.Disconnect.GetTarget()}
	case *hubv1.Command_SetData:
		return &Check{Verb: VerbData, Target: op.SetData.GetTarget()}
	case *hubv1.Command_Call:
		o := op.Call
		return &Check{
			Verb: VerbCall, Target: &hubv1.Target{Namespace: o.GetNamespace()}, Event: o.GetName(), Group: o.GetGroup(),
		}
	case *hubv1.Command_Revoke:
		o := op.Revoke
		return &Check{
			Verb: VerbRevoke, Target: &hubv1.Target{Namespace: "*", Users: o.GetUsers(), Sockets: o.GetSockets()},
		}
	case *hubv1.Command_Acknowledge:
		return &Check{Verb: VerbAcknowledge}
	case *hubv1.Command_Fetch:
		return &Check{Verb: VerbFetch, Target: op.Fetch.GetTarget()}
	case *hubv1.Command_Count:
		return &Check{Verb: VerbCount, Target: op.Count.GetTarget()}
	case *hubv1.Command_ListRooms:
		o := op.ListRooms
		return &Check{
			Verb: VerbListRooms, Target: &hubv1.Target{Namespace: o.GetNamespace()}, Lists: ListsRooms, Prefix: o.GetPrefix(),
		}
	case *hubv1.Command_CountUsers:
		return &Check{
			Verb: VerbCount, Target: &hubv1.Target{Namespace: op.CountUsers.GetNamespace()}, Lists: ListsUsers,
		}
	case *hubv1.Command_ListUsers:
		o := op.ListUsers
		return &Check{
			Verb: VerbListUsers, Target: &hubv1.Target{Namespace: o.GetNamespace()}, Lists: ListsUsers, Prefix: o.GetPrefix(),
		}
	}
	return nil
}

// permitted asks the caller's permissions for a command.
func (x *Executor) permitted(r Request) *fault.Fault {
	if r.Caller.Permit == nil && len(x.config.Private) == 0 {
		return nil
	}
	check := checkOf(r.Command)
	if n := check.Target.GetNamespace(); slices.Contains(x.config.Private, n) && (r.Caller.Permit == nil || !r.Caller.Permit.Names(n)) {
		return fault.Newf(fault.NotPermitted, "not permitted: namespace %q, which is none of services", n)
	}
	if r.Caller.Permit == nil {
		return nil
	}
	check.OwnSocket = r.OwnSocket
	return r.Caller.Permit.Allow(check)
}
