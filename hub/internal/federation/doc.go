// Package federation is the sockets of all hubs of a cluster, as one hub sees them.
//
// # What it is
//
// A Federation stands between a hub and its cluster.Cluster. Down: it tells the other servers what was done here to
// sockets that may also be elsewhere (Publish), and gathers what they know (Ask). Up: its host is the cluster's Host, and does
// to the sockets here what the others say (apply.go), or tells them what they ask for (answer.go, lists.go):
//
//	hub ──► Federation ──► cluster.Cluster ··· engine ··· other servers
//	                         │
//	                         ▼
//	                       host: Apply, Answer, Concerns, MembersChanged
//	                         │
//	                         ▼
//	                  socketio.Server
//
// # What it is not
//
// It is not asked for what is here alone: a hub without a cluster has none, and a target of sockets that are all here
// never reaches the engine. It knows no engine and no service: what control planes tell each other goes through it as bytes
// (Peer).
//
// # What comes from outside
//
// Whoever may write to the engine may forge. What the others say is checked as what services say is (Checks): names, sizes,
// JSON. What is not right is dropped and counted, a question is answered as if nobody were here.
//
// # Goroutines and locks
//
// Commands, and questions that are answered at once, run on the cluster's goroutine. Lists of sockets and rooms are made by
// one goroutine, which there is while any are asked for: at most maxLists wait, further ones are not answered, so that this hub is
// missing in what the other gathers. No lock is
// held while a method of Cluster, Peer or socketio.Server runs, nor while answers are given.
package federation
