package cluster

import (
	"context"
	"errors"
	"time"
)

// Cluster is a hub's end of an engine. Its methods are safe for concurrent use and do not block, but for Open and Close.
type Cluster interface {
	// Open begins, once and before anything else. The host is called from then on until Close has returned. An engine
	// that cannot be reached is no error: it is tried again for ever. An error is a setting that cannot be.
	Open(self Self, host Host) error
	// Publish hands a command to every other server. Nothing of it may be kept: the caller uses it again. ErrAway, ErrFull: it reaches nobody,
	// or not everybody. ErrTooLarge: it is beyond cluster.max_message.
	Publish(c *Command) error
	// Ask hands a question to the other servers and gathers what they say. a.Done is called exactly once, at the latest when
	// the question's time is over or the returned stop was called; nothing is called after it. It may be called before Ask
	// has returned.
	Ask(q *Question, a Asking) (stop func())
	// Serve says that this hub has sockets in a namespace, or lists it (true), or not any more.
	Serve(namespace string, serves bool)
	// Describe is what others hear of this hub as Member.Description: at most MaxDescription bytes, which must not be changed
	// any more. It reaches them within a second.
	Describe(description []byte)
	// Members are the other servers that are known, sorted by id.
	Members() []Member
	// Status is how the engine is.
	Status() Status
	// Behind is nil, unless more than half of cluster.queue_bytes waits for an engine that can be reached: whoever makes it more
	// should wait then, until the channel is closed. It is the same channel for as long as that lasts.
	Behind() <-chan struct{}
	// Close leaves the cluster, tells the others, and waits for what was published, at the longest until ctx ends. The
	// host is not called after it.
	Close(ctx context.Context) error
}

// RoomSubscriber is a Cluster that wants to be told of rooms, as it subscribes to those that are here alone.
type RoomSubscriber interface {
	Cluster
	// Room says that a room of a namespace has its first member here (occupied), or none any more. For one room the calls
	// alternate and come in order. A socket's own room is not told of, unless others join it, or the engine is an
	// OwnRoomSubscriber.
	Room(namespace, room string, occupied bool)
}

// OwnRoomSubscriber is a RoomSubscriber that may want to be told of sockets' own rooms too.
type OwnRoomSubscriber interface {
	RoomSubscriber
	// OwnRooms reports whether Room is to say of the own room of each socket as well that it has its first member, which the
	// socket is as long as it is connected, or away, or none any more. It never changes.
	OwnRooms() bool
}

// Gatherer is a Cluster that writes to the engine once what is published together.
type Gatherer interface {
	Cluster
	// Gather says that more is published in a moment, and that Flush follows: what is published may wait for it, but no
	// longer than some milliseconds while there is other traffic.
	Gather()
	// Flush has everything written that waits.
	Flush()
}

// Host is the hub as its Cluster sees it. Methods come from any goroutine and must not block.
type Host interface {
	// Apply carries out a command of another server. Commands of one server in one namespace come in order, one at a time.
	Apply(c *Command)
	// Answer answers a question of another server: r takes at least one answer, of which the last has More unset, during the
	// call or later. Questions come in order with the commands of the same server, where the engine keeps it.
	Answer(q *Question, r Responder)
	// Concerns reports whether anybody here may be in a room: a cluster need not decode what is sent to it alone
	// otherwise.
	Concerns(namespace, room string) bool
	// MembersChanged says that Members has changed.
	MembersChanged()
}

// Responder takes the answers to one question. Its methods are safe for concurrent use.
type Responder interface {
	// Answer gives an answer. Nothing is taken after the last one.
	Answer(a *Answer)
	// Ended reports that nobody waits any more.
	Ended() bool
}

// Asking takes what others answer. Both functions are called one at a time, from any goroutine, and must not block.
type Asking struct {
	// Answer is called for each answer. Nil: nobody looks.
	Answer func(*Answer)
	// Done is called once, after the last one. missing are the ids of the servers that did not answer, or not all of it,
	// sorted; a server of which the engine tells no id is Unnamed. Required.
	Done func(missing []string)
}

// Unnamed stands for a server that has not answered and whose id is not known, as Node servers on a classic Redis.
const Unnamed = "unnamed"

// MaxDescription bounds Describe, in bytes.
const MaxDescription = 1 << 20

// Self is who this hub is.
type Self struct {
	// ID is the hub's id: 16 hexadecimal digits.
	ID string
	// Control is the address at which services reach its control plane, and Peer the one at which other hubs reach its
	// cluster listener. Either may be empty.
	Control, Peer string
}

// Member is another server.
type Member struct {
	Self
	// Foreign says that it is not a hub: it has no addresses and no description.
	Foreign bool
	// Description is what it said with Describe.
	Description []byte
	// Since is when it was first heard of.
	Since time.Time
	// Silent says that it has not been heard of for so long that questions do not wait for it. It is not lost yet: a
	// member that is lost is no member.
	Silent bool
}

// Status is how an engine is.
type Status struct {
	// Engine is its name, such as `redis`.
	Engine string
	// Connected says that it can be reached; Since when that is so, or not so.
	Connected bool
	Since     time.Time
	// Settled says that it has been reached for so long that whoever is there has been heard of: only then a hub that is
	// not among the members is lost.
	Settled bool
	// QueuedBytes is what waits to be written to it.
	QueuedBytes int64
	// Lag is how long the last message of this hub's own took to come back from it. Zero: not known.
	Lag time.Duration
}

var (
	// ErrAway says that the engine cannot be reached.
	ErrAway = errors.New("cluster: the engine cannot be reached")
	// ErrTooLarge says that a message is larger than may cross, or has too many parts.
	ErrTooLarge = errors.New("cluster: the message is too large")
	// ErrFull says that more waits to be written to the engine than is kept.
	ErrFull = errors.New("cluster: too much waits to be written to the engine")
)
