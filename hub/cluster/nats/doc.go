// Package nats is a cluster engine over NATS, for hubs alone.
//
// # What it is
//
// New returns a cluster.Cluster: package mesh over one connection of the NATS client, core NATS without JetStream. Messages go
// to subjects below a prefix (subjects.go):
//
//	<prefix>.hubs                       every hub
//	<prefix>.hub.<id>                   one hub
//	<prefix>.ns.<namespace>             hubs that serve a namespace
//	<prefix>.room.<namespace>.<room>    hubs with members of a room
//
// so that what nobody here wants does not arrive. A hub subscribes to each room that has members here; beyond
// Config.MaxSubscriptions to all rooms of the namespace that has most, until it has few again (rooms.go).
//
// # The server away
//
// The client connects again for ever, every quarter of a second, with all subscriptions. Meanwhile nothing is kept for it: what
// is published is refused (cluster.ErrAway), so that nothing old arrives late.
//
// # Goroutines and locks
//
// Beside those of package mesh and of the client there are four, from Open to Close: subscribe alone changes subscriptions,
// as the client's calls may block; intake takes what the client has read, so that the client need not drop it, and queues it
// within Settings.QueueBytes; receive hands it to the mesh. All subscriptions share one channel, which keeps the order among
// them. The locks here are leaves, but for turn, which is held around Mesh.Up and Mesh.Down. measure, the fourth, asks for the lag.
package nats
