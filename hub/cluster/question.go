package cluster

import "time"

// Kind is what a question asks for.
type Kind uint8

const (
	// Fetch asks for the sockets of the target: Answer.Sockets, any number of answers.
	Fetch Kind = iota + 1
	// Count asks how many there are: Answer.Count.
	Count
	// ListRooms asks for the rooms whose names start with the prefix: Answer.Names, any number of answers.
	ListRooms
	// ListUsers asks for users in the same way. Who is at several hubs is named by each: so the number of users cannot be
	// asked for otherwise.
	ListUsers
	// Acks sends Message to the target and asks each browser for an acknowledgement: an answer with Acks.Ack for
	// each that comes, one with Acks.Expected unless all is over before it, and the last one with Acks.Total.
	Acks
	// CarryOut carries out Command, and tells what came of it: Answer.Outcome.
	CarryOut
	// ServerSideEmit is `serverSideEmit` with an acknowledgement: each server gives one value, Answer.Value.
	ServerSideEmit
	// Signalled is what one control plane asks the others: Answer.Signal, any number of answers. Foreign servers are not
	// asked.
	Signalled
	// Surrender asks hubs for the session of a browser that has come here: Signal and Answer.Signal are the hubs' own.
	Surrender
)

// Question is asked of every other server.
type Question struct {
	Kind Kind
	// Namespace is where. Unused with Signalled and Surrender.
	Namespace string
	// Target is whom it concerns: of Fetch, Count and Acks.
	Target Target
	// Handshakes wants the handshake of each socket: of Fetch.
	Handshakes bool
	// Prefix is of ListRooms and ListUsers.
	Prefix string
	// Message is of Acks and ServerSideEmit.
	Message *Message
	// Command is of CarryOut.
	Command *Command
	// Signal is of Signalled and Surrender: what is asked.
	Signal []byte
	// Timeout is how long answers are waited for. Of Acks it is how long each browser has, and answers are waited for a
	// second longer, so that each server can tell how it ended. Zero means the engine's (cluster.request_timeout).
	Timeout time.Duration
	// Foreign says that foreign servers alone are asked.
	Foreign bool
	// To are the ids of the hubs that are asked. Nil means all servers.
	To []string
}

// Answer is what one server says.
type Answer struct {
	// From is the id of the server, or Unnamed. The asker's Cluster sets it.
	From string
	// More says that another answer of this server follows.
	More bool

	Sockets []Socket
	Count   int
	Names   []Size
	Acks    *AckPart
	Outcome *Outcome
	// Value is the one value of a ServerSideEmit as a JSON array of one, with its attachments.
	Value       []byte
	Attachments [][]byte
	Signal      []byte
}

// Size is a room, or a user, and how many sockets there are.
type Size struct {
	Name    string
	Sockets int
}

// AckPart is a part of the answer to Acks. Exactly one field is set.
type AckPart struct {
	// Expected is how many browsers were asked.
	Expected *int
	// Ack is one browser's acknowledgement.
	Ack *Ack
	// Total is how it ended. Of a foreign server it is made of what came.
	Total *AckTotal
}

// Ack is one browser's acknowledgement.
type Ack struct {
	// Socket is its id. Empty where a foreign server does not tell.
	Socket string
	// Args is a JSON array, Attachments are its binary arguments. Of a foreign server only the first argument comes.
	Args        []byte
	Attachments [][]byte
}

// AckTotal sums up: Expected = Acked + TimedOut + Disconnected.
type AckTotal struct {
	Expected, Acked, TimedOut, Disconnected int
}

// Outcome is what came of a command at one hub, as hub.Outcome.
type Outcome struct {
	Matched, Queued, Dropped, Stored int
	DataVersion                      uint64
}

// Socket is a socket at another server.
type Socket struct {
	ID, User, Transport, ClientID string
	// Rooms are those it is in, without its own.
	Rooms []string
	// Data is JSON; empty when there is none. DataVersion is zero at a foreign server.
	Data        []byte
	DataVersion uint64
	// ConnectTime is when it connected.
	ConnectTime time.Time
	// Handshake is nil unless it was asked for.
	Handshake *Handshake
}

// Handshake is what a browser said when it came.
type Handshake struct {
	// Address is the client's, URL the path and query of its request, Origin what it says of itself.
	Address, URL, Origin string
	// Transport is that of the request, and Protocol the Engine.IO revision. Empty and zero of foreign servers.
	Transport string
	Protocol  int
	// Secure says that it came over TLS. CrossDomain says that it has an Origin.
	Secure, CrossDomain bool
	// Time is when it came.
	Time time.Time
	// Headers and Query are in the order in which they came.
	Headers, Query []Pair
	// Auth is JSON; empty when there is none, or it is not told.
	Auth []byte
}

// Pair is a name and a value.
type Pair struct{ Name, Value string }
