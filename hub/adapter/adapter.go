package adapter

// Member is something that is in rooms: a socket. Values have to be comparable; pointers are.
type Member interface {
	// ID is the name under which the member alone is addressed, as if it were in a room of that name.
	ID() string
}

// Target picks members: the union of rooms, each member once, less the exceptions. A room may be the id
// of a member. The zero target picks nobody.
type Target struct {
	// Rooms are the rooms to pick. Unused with All.
	Rooms []string
	// Except are rooms whose members are left out.
	Except []string
	// All picks every member.
	All bool
}

// Message is an event on its way to many.
type Message struct {
	// Event is its name.
	Event string
	// Args is a JSON array without the name, with placeholders for the attachments.
	Args []byte
	// Attachments are the binary arguments.
	Attachments [][]byte
	// Volatile may be dropped where a browser cannot take it; NoCompress is never compressed.
	Volatile, NoCompress bool
}

// Command is what one node asks of the others. Exactly one of the fields after Target is meant: the
// first that is set, in their order.
type Command struct {
	// Target is whom it concerns.
	Target Target
	// Message is sent to the members. Nil for the other commands.
	Message *Message
	// Join and Leave are rooms the members join and then leave.
	Join, Leave []string
	// Disconnect makes the members leave the namespace; CloseTransport ends their connections too.
	Disconnect, CloseTransport bool
}

// RoomSize is a room and how many members are in it.
type RoomSize struct {
	Name    string
	Members int
}

// Host is the namespace on this node, as seen by its adapter.
type Host interface {
	// Apply carries out, on this node's members, a command that another node published. It does not
	// block.
	Apply(Command)
}

// Builder makes the adapter of a namespace. It is called with a lock held: it neither blocks nor calls the
// host.
type Builder func(namespace string, host Host) Adapter

// Adapter keeps the rooms of one namespace. All methods may be called at the same time; Add, Join, Leave and
// Remove are called one at a time for one member, in the order of its life: Add first, Remove last. None may
// call the Host before it has returned.
type Adapter interface {
	// Add makes a member known: from now on All and its id pick it.
	Add(Member)
	// Remove forgets a member and takes it out of all rooms, which it returns. A second time it returns
	// nothing.
	Remove(Member) []string
	// Join puts a member into rooms. A room it is in already is no error; for an unknown member
	// nothing happens.
	Join(m Member, rooms ...string)
	// Leave takes a member out of rooms. A room without members ceases to be.
	Leave(m Member, rooms ...string)
	// Rooms are the rooms a member is in, in no order.
	Rooms(Member) []string
	// Select appends the members of this node that the target picks to buf and returns it.
	Select(t Target, buf []Member) []Member
	// Count is the number of members of this node that the target picks.
	Count(Target) int
	// RoomSizes lists the rooms whose names start with the prefix, in no order.
	RoomSizes(prefix string) []RoomSize
	// Publish hands a command to the other nodes. This node has carried it out already.
	Publish(Command) error
	// Close ends the adapter; the namespace has no members any more.
	Close() error
}
