// Package nats is a cluster engine over NATS, for hubs alone.
//
// # What it is
//
// New returns a cluster.Cluster: package mesh over one connection of the NATS client, on core NATS. Messages go to subjects
// below a prefix (subjects.go):
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
// # A log
//
// NewRecorder returns a cluster.Recorder: with JetStream commands go through one stream for all namespaces instead of the subjects
// of namespaces and rooms, and everything else as without it.
//
//	Publish, KeepSession, Fence ─► logWriter ─► <prefix>.log, <prefix>.session.<key>
//	Host.Apply ◄─ fence.Gate ◄─ logReader ◄─ ordered consumer of the stream
//	Replay ─► pages.Pages ─► Recorder.page
//
// A message of the log holds many commands of one hub (logframe.go), as one is written at a time: so order is kept whatever fails, and
// what is written again is known by its id, or its number. A Position has in it when the stream was made, the sequence of a
// message, and the place in it. Sessions are the last messages of their subjects; who takes one writes an empty one, and says which it has
// seen (logsessions.go).
//
// # Goroutines and locks
//
// A Recorder has two goroutines more: logWriter.run and logReader.run, which Close ends and waits for.
//
// Beside those of package mesh and of the client there are four, from Open to Close: subscribe alone changes subscriptions,
// as the client's calls may block; intake takes what the client has read, so that the client need not drop it, and queues it
// within Settings.QueueBytes; receive hands it to the mesh. All subscriptions share one channel, which keeps the order among
// them. The locks here are leaves, but for turn, which is held around Mesh.Up and Mesh.Down. measure, the fourth, asks for the lag.
package nats
