// Package redis makes hubs one cluster over Redis, beside Node servers and emitters of Socket.IO.
//
// # What it is
//
// New returns a cluster.Cluster for one of three engines, each of which speaks what a Node adapter of the same name speaks, so
// that hubs and Node servers serve the same rooms (package nodewire has the forms). Among themselves hubs exchange what Node
// has no words for through a mesh.Mesh, of which this package is the Bus: on channels that Node never reads.
//
//	                     ┌ post ──────► road ─► Mesh.SendForeign ┐
//	Publish, Ask ─► engine                                       ├► outbox ─► Send ─► PUBLISH, SPUBLISH
//	                     └ Mesh.PublishTo, Mesh.SendQuestion ────┘
//	subscriber ─► road ─┬ Mesh.Receive                    from hubs
//	                    └ codec ─► engine.take ─► Host    in Node's form, from hubs too
//
// What Node servers have to see is published once, in Node's form, for hubs and Node servers alike. A question goes to hubs
// over the mesh; and to Node servers in their own form, if there are any, under a sender's name that hubs pass over
// (askSuffix). Each hub answers the questions of Node servers.
//
// # Who is there
//
// Hubs are members of the mesh. Node servers on PUB/SUB tell nobody that they are there; they are counted, as they count each
// other: by the subscriptions to a channel, less those to a twin of it that hubs alone subscribe to (nodes.count).
//
// # Roads
//
// A road is what differs between the engines: classic.go, sharded.go, streams.go. Classic listens with one pattern, and passes
// over what is sent to a room that nobody here is in before it is read. Sharded subscribes to each room, on the node that
// has its slot. Streams reads commands from a stream, where they wait for a hub that was away, and everything else as classic
// does.
//
// # What it is not
//
// It keeps no session in Redis, and recovers none.
//
// # Goroutines and locks
//
// Each subscriber has one goroutine that connects and listens, and one that pings; each stream has one that reads it, and one
// writes what is published to streams. The mesh has its own, one of which calls Send and owns the publisher's connection: a batch is
// one write, its replies are waited for, and a Redis Cluster is left to go-redis. An open question to Node servers has one
// while they are counted, and each namespace in which they are being counted. With Sentinel one more asks where the master is, as
// connections that are kept have to follow it. Close ends all and waits. Locks are leaves, except that a subscriber's is held while it writes a
// command.
package redis
