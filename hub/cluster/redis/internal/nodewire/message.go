package nodewire

import "github.com/siohub/siohub/hub/cluster"

// Kind is what a message says.
type Kind uint8

// The kinds. What follows a question in brackets answers it.
const (
	// Broadcast has Event and Target; with a RequestID browsers are asked for acknowledgements [ClientCount, Ack].
	Broadcast Kind = iota + 1
	// Join and Leave have Target and Names, Disconnect has Target and Disconnect. Of one that old servers send the
	// Target is one socket, and with a RequestID it is answered [Done].
	Join
	Leave
	Disconnect
	// ServerSideEmit has Event; with a RequestID each server answers [ServerSideAnswer].
	ServerSideEmit
	// FetchSockets has Target [SocketsAnswer]. ListIDs has it too [IDsAnswer], and ListRooms has nothing [RoomsAnswer]: the
	// classic adapter alone knows these two.
	FetchSockets
	ListIDs
	ListRooms

	// SocketsAnswer has Sockets, IDsAnswer and RoomsAnswer have Names.
	SocketsAnswer
	IDsAnswer
	RoomsAnswer
	// ServerSideAnswer and Ack have Value: a JSON array of at most one element.
	ServerSideAnswer
	Ack
	// ClientCount has Count: how many browsers a server asks for acknowledgements.
	ClientCount
	// Done has nothing.
	Done

	// InitialHeartbeat asks all for a Heartbeat, Leaving says that there will be no more.
	InitialHeartbeat
	Heartbeat
	Leaving
)

// Message is one message. Which fields are set is said by its Kind.
type Message struct {
	Kind Kind
	// UID is the sender's. Answers of the classic adapter have none, as most of what emitters ask for.
	UID       string
	Namespace string
	// RequestID ties answers to their question. Empty: nobody waits.
	RequestID string
	Target    cluster.Target
	Event     *cluster.Message
	Names     []string
	// Leave is what the sockets of a Join leave afterwards. Hubs alone see it: Node has to be told once more.
	Leave []string
	// Timeout is how long browsers have for their acknowledgements, in milliseconds. Zero: not said.
	Timeout    int64
	Disconnect cluster.Disconnect
	Sockets    []cluster.Socket
	// Value is a JSON array of at most one element, with its attachments.
	Value       []byte
	Attachments [][]byte
	Count       int
	// Sequence is what a hub counts its messages with. Zero: none.
	Sequence uint64
	// Origin is where a command stands in the log. It is no part of the message.
	Origin cluster.Origin
	// LeftOut is how many names were left out, as nobody but hubs may give them.
	LeftOut int
}

// Emitter is the UID of those that are no servers. It is nobody's own.
const Emitter = "emitter"

// userPrefix begins the room that a user is to others.
const userPrefix = "\x01user:"

// reserved begins all names that no room may have.
const reserved = '\x01'

// UserRoom is the room that a user is to others.
func UserRoom(user string) string { return userPrefix + user }

// IsReserved reports whether a name is one that no room may have.
func IsReserved(name string) bool { return name != "" && name[0] == reserved }
