package adapter

// Member is something that is in rooms: a socket. Values have to be comparable; pointers are. Its names
// never change.
type Member interface {
	// ID is the member's own name, which is also a room that it alone is in.
	ID() string
	// User is the user to whom the member belongs. Empty: none.
	User() string
}

// Target picks members: the union of sockets, rooms and users, each member once, less the exceptions. The
// zero target picks nobody.
type Target struct {
	// Sockets are ids: exactly these members. Rooms are rooms; the id of a member is a room that it is
	// in, and others may be. Users are users, which have nothing to do with rooms. Unused with All.
	Sockets, Rooms, Users []string
	// ExceptSockets, ExceptRooms and ExceptUsers are left out.
	ExceptSockets, ExceptRooms, ExceptUsers []string
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
	// Disconnect makes the members leave the namespace; CloseTransport ends their connections too, and
	// MayReturn does so without a word, so that their clients come back. Forget ends the chance of the sessions to be
	// taken up again.
	Disconnect, CloseTransport, MayReturn, Forget bool
	// Detail says why they have to leave. It may be empty.
	Detail string
}

// RoomSize is a room, or a user, and how many members there are.
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

// Watcher is a Host that is told of rooms and users that come and go on this node. For one name the calls
// alternate. They are made with a lock held: they take a note and return, and call nobody.
type Watcher interface {
	Host
	// RoomOccupied says that a room has its first member (occupied), or none any more. A member's own room
	// is not told of, unless others join it.
	RoomOccupied(room string, occupied bool)
	// UserPresent says that a user has a first member (present), or none any more.
	UserPresent(user string, present bool)
}

// Builder makes the adapter of a namespace. It is called with a lock held: it neither blocks nor calls the
// host. The host may be a Watcher.
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
	// Join puts a member into rooms and returns those that it was not in before, which may be the same
	// slice. Its own room it can neither join nor leave; for an unknown member nothing happens.
	Join(m Member, rooms ...string) []string
	// Leave takes a member out of rooms and returns those that it was in, which may be the same slice. A
	// room without members ceases to be.
	Leave(m Member, rooms ...string) []string
	// Rooms are the rooms a member is in, without its own, in no order.
	Rooms(Member) []string
	// Select appends the members of this node that the target picks to buf and returns it.
	Select(t Target, buf []Member) []Member
	// Count is the number of members of this node that the target picks.
	Count(Target) int
	// RoomSizes lists the rooms whose names start with the prefix, in no order. A member's own room is
	// not listed, nor when others have joined it.
	RoomSizes(prefix string) []RoomSize
	// UserSizes lists the users whose names start with the prefix, in no order.
	UserSizes(prefix string) []RoomSize
	// UserCount is the number of users that have members.
	UserCount() int
	// Publish hands a command to the other nodes. This node has carried it out already.
	Publish(Command) error
	// Close ends the adapter; the namespace has no members any more.
	Close() error
}
