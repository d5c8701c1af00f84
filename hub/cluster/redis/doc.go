// Package redis makes hubs one cluster over Redis, beside Node servers and emitters of Socket.IO.
//
// # What it is
//
// New returns a cluster.Cluster for one of three engines, each of which speaks what a Node adapter of the same name speaks, so
// that hubs and Node servers serve the same rooms (package nodewire has the forms). Among themselves hubs exchange what Node
// has no words for through a mesh.Mesh, of which this package is the Bus: on channels that Node never reads.
//
//	                     ┌ post ──────► road ─► Mesh.SendForeign ┐
//	Publish, Ask ─► engine                                       ├► outbox ─► bus.Send ─► PUBLISH, SPUBLISH
//	                     └ Mesh.PublishTo, Mesh.SendQuestion ────┘
//	subscriber ─► road ─┬ Mesh.Receive                    from hubs
//	                    └ codec ─► inbox.take ─► Host     in Node's form, from hubs too
//
// What Node servers have to see is published once, in Node's form, for hubs and Node servers alike. A question goes to hubs
// over the mesh; and to Node servers in their own form, if there are any, under a sender's name that hubs pass over
// (askSuffix): inquiries have those that are open, and take the answers. Each hub answers the questions of Node servers
// (responder). Whether Redis can be reached, and what the log is told of that, is reach's.
//
// # Who is there
//
// Hubs are members of the mesh. Node servers on PUB/SUB tell nobody that they are there; they are counted, as they count each
// other: by the subscriptions to a channel, less those to a twin of it that hubs alone subscribe to (nodes.count), once for all who ask
// at a time (census). Those of version 0.2 of the adapter for Streams are heard in the stream (oldServers).
//
// # Roads
//
// A road is what differs between the engines: classic.go, sharded.go, streams.go with its parts (streamWriter, appender,
// streamReader, streamInbox, oldServers, sessions). Classic listens with one pattern, and passes over what is sent to a room that
// nobody here is in before it is read. Sharded subscribes to each room, and with DynamicPrivate to the own room of each socket, on
// the node that has its slot. Streams reads commands from a stream, where they wait for a hub that was away, and everything else as classic
// does.
//
// # Recovery
//
// Streams is a cluster.Recorder: the stream of a namespace is its log, and a Position is the id of an entry. What a hub says of a
// command stands in fields that Node does not look at. Everything that is written goes through the appender in order: entries, then
// changes of sessions, then fences, so that who finds a session or a fence finds what belongs to it in the stream. A fence
// costs a read of the stream's end, for all that wait at once (fence.go). Replay reads what was read of late from memory, once
// for all who ask (package pages). A place that is not in the stream any more is ErrGone, as is one of another stream under its
// name. Sessions are keys, Node's and the hubs' side by side (sessions).
//
// # What it is not
//
// It keeps no log on PUB/SUB. It does not decide who is recovered, or what was for whom.
//
// # Goroutines and locks
//
// Each subscriber has one goroutine that connects and listens, and one that pings; each stream has one that reads it, and one
// writes what is published to streams, both over connections of their own (streamreply.go, append.go), but for a Redis Cluster,
// which go-redis reads and writes. An entry of this hub's own, or for a room that nobody here is in, is passed over before it is
// decoded. Fences end on them: nothing of that stream is applied
// meanwhile. The mesh has its own, one of which calls Send and owns the publisher's connection: a batch is one write, its replies
// are waited for, and a Redis Cluster is left to go-redis. An open question to Node servers has one while they are counted, and
// each namespace in which they are being counted. With Sentinel one more asks where the master is, as connections that are kept
// have to follow it. Close ends all and waits. Locks are leaves, except that a subscriber's is held while it writes a command.
package redis
