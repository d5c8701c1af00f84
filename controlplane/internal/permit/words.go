package permit

import "slices"

// Role is what a subscription is for.
type Role uint8

// The roles.
const (
	Authorizer Role = iota
	Handler
	Observer
	roles
)

var roleNames = [roles]string{"authorizer", "handler", "observer"}

// String is the name in a configuration.
func (r Role) String() string { return roleNames[r] }

// Verb is what a caller wants to do.
type Verb uint8

// The verbs.
const (
	// Attach opens a stream.
	Attach Verb = iota
	// Emit sends an event to browsers.
	Emit
	// Rooms changes the rooms of sockets.
	Rooms
	// Disconnect disconnects sockets.
	Disconnect
	// Data changes the data of sockets.
	Data
	// Fetch, Count, ListRooms and ListUsers are the queries.
	Fetch
	Count
	ListRooms
	ListUsers
	// Call calls other services.
	Call
	// Revoke ends what browsers were permitted.
	Revoke
	// Acknowledge acknowledges an event after it was settled.
	Acknowledge
	// Observe receives copies.
	Observe
	// Admin is what operators do: forgetting a group.
	Admin
	verbs
)

var verbNames = [verbs]string{
	"attach", "emit", "rooms", "disconnect", "data", "fetch", "count", "list_rooms", "list_users",
	"call", "revoke", "acknowledge", "observe", "admin",
}

// String is the name in a configuration.
func (v Verb) String() string { return verbNames[v] }

// RoleNames and VerbNames are the words that a configuration may use, in the order of
// the documentation.
func RoleNames() []string { return slices.Clone(roleNames[:]) }

// VerbNames are the words for verbs.
func VerbNames() []string { return slices.Clone(verbNames[:]) }

// words makes a bit set of words. It returns the first one that is not known.
func words(list, known []string) (bits uint32, unknown string, ok bool) {
	for _, w := range list {
		i := slices.Index(known, w)
		if i < 0 {
			return 0, w, false
		}
		bits |= 1 << i
	}
	return bits, "", true
}

// VerbOf is the verb of a name in a configuration.
func VerbOf(name string) (Verb, bool) {
	i := slices.Index(verbNames[:], name)
	return Verb(max(i, 0)), i >= 0
}
