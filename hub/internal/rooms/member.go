package rooms

// Member is something that is in rooms: a socket. Values have to be comparable; pointers are. Its names
// never change.
type Member interface {
	// ID is the member's own name, which is also a room that it alone is in.
	ID() string
	// User is the user to whom the member belongs. Empty: none.
	User() string
}

// Watch is told of rooms and users that come and go. For one name the calls alternate. They are made with a
// lock held: they take a note and return, and call nobody. Either may be nil.
type Watch struct {
	// RoomOccupied says that a room has its first member (occupied), or none any more. A member's own room
	// is not told of by it, unless others join it.
	RoomOccupied func(room string, occupied bool)
	// UserPresent says that a user has a first member (present), or none any more.
	UserPresent func(user string, present bool)
	// Own says that a member is known (there), whose own room it is in, or is not any more. It is told with RoomOccupied: a room
	// of that name is another one to both.
	Own func(id string, there bool)
}
