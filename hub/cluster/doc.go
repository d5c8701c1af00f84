// Package cluster is the port through which hubs find each other.
//
// # What it is
//
// A Cluster is one hub's end of an engine (Redis, NATS) that it shares with other servers: hubs, and the Node servers and
// emitters that speak the same engine. The hub publishes commands, which nobody answers, asks questions, which every server
// answers for its own sockets, and hears who is there. Its other end is the Host:
//
//	hub ── Publish(command) ─► engine ─► Host.Apply(command)          of every other hub
//	hub ── Ask(question) ────► engine ─► Host.Answer(question, r)
//	hub ◄─ Asking.Answer ◄──── engine ◄─ r.Answer(answer)
//	hub ◄─ Host.MembersChanged
//
// What crosses is an event's name, its arguments as raw JSON, its attachments, and targets made of names. A cluster never
// sees a member of a room: rooms are the hub's own.
//
// # What it is not
//
// It decides nothing and carries out nothing. It does not bring back what this hub has published: that has been carried
// out here already. It knows no services: what control planes say to each other are bytes to it (Signal).
//
// # Promises
//
// What one hub publishes in one namespace reaches another hub in that order or, where the engine loses it, not at all;
// of different hubs there is no order. Nobody waits for a hub that is known to be gone. Which server did not answer is
// told with its id. Bytes that come from an engine may be forged: an implementation refuses what is not of the right shape
// or beyond its limits, and counts it; a Host checks names and sizes as it does those of services.
//
// # Recovery
//
// A Recorder keeps for a while what was published, and sessions of browsers that are away. Then a command has an Origin: its
// Position in the log of its namespace, and its publisher's own Number for it. A hub has applied the log up to a position
// (what comes is applied in order) and its own up to a number, and these two say what a browser there has got.
//
// Packages redis and nats implement it; clustertest holds an implementation to it, and has one in memory.
package cluster
