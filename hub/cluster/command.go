package cluster

// Target picks sockets of one namespace: the union of sockets, rooms and users, each socket once, less the exceptions. The
// zero target picks nobody.
type Target struct {
	// Sockets are ids: exactly these sockets. Rooms are rooms; the id of a socket is a room that it is
	// in, and others may be. Users are users, which have nothing to do with rooms. Unused with All.
	Sockets, Rooms, Users []string
	// ExceptSockets, ExceptRooms and ExceptUsers are left out.
	ExceptSockets, ExceptRooms, ExceptUsers []string
	// All picks every socket.
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

// Command is what one server wants all others to do with their sockets. Exactly one of the fields after Target is meant: the
// first that is set, in their order.
type Command struct {
	// Namespace is where. With a Message and Target.All it may be a pattern, as hub.Target has it. Unused with a Signal.
	Namespace string
	// Target is whom it concerns. Unused with a Signal.
	Target Target
	// Message is sent to the sockets.
	Message *Message
	// Join and Leave are rooms that the sockets join and then leave.
	Join, Leave []string
	// Disconnect makes them leave.
	Disconnect *Disconnect
	// Data changes their data. Foreign servers cannot do it.
	Data *Data
	// ServerSide is told to the other servers themselves, as `serverSideEmit` of Socket.IO. Target is unused.
	ServerSide *Message
	// Foreign says that the command is for foreign servers alone: hubs are told otherwise.
	Foreign bool
	// Signal is what one control plane tells the others. Foreign servers do not hear of it.
	Signal []byte
	// KeepOnly says that it is for the log of a Recorder alone: it has a Message, and nobody carries it out.
	KeepOnly bool
	// Origin is set where there is a Recorder: by the publisher its Number and After, where it reads the log all of it.
	// Without a Recorder it does not cross.
	Origin Origin
}

// Disconnect says how sockets leave. The zero value sends each a DISCONNECT packet.
type Disconnect struct {
	// CloseTransport ends their connections too, and MayReturn does so without a word, so that their clients come back.
	// Forget ends the chance of their sessions to be taken up again.
	CloseTransport, MayReturn, Forget bool
	// Detail says why they have to leave. It may be empty.
	Detail string
}

// Data is a change of socket data.
type Data struct {
	// JSON is what the data becomes, or the merge patch (RFC 7396). Empty removes the data.
	JSON []byte
	// Merge takes JSON as a merge patch.
	Merge bool
	// Expected leaves sockets alone whose data has another version. Nil: any.
	Expected *uint64
}
