// Package nodewire reads and writes what Node servers of Socket.IO, and the emitters, say to each other over Redis.
//
// # The forms
//
// The classic adapter (@socket.io/redis-adapter, createAdapter) has broadcasts and requests. A broadcast is MessagePack:
//
//	[uid, {type: 2, data: [event, …args], nsp}, {rooms, except, flags}]
//
// A request, and an answer to one, is JSON when it begins with a brace and MessagePack otherwise, with a number that says
// which it is (classic.go). Sharded, Streams and the other adapters exchange cluster messages (cluster.go), as JSON,
// as MessagePack, or as the fields of a stream's entry:
//
//	{uid, nsp, type, data: {…}}
//
// All of them become a Message, with targets and events in the words of package cluster, and arguments as raw JSON with
// attachments. MessagePack is read as JSON first (package msgpacket), so that each form has one reader.
//
// # What hubs add
//
// Node knows rooms alone. To it an exact socket is its room, and a user a room whose name begins with U+0001 `user:`, which
// no other room may. What a hub has to know beyond that stands in opts.flags.hub, which Node passes over:
//
//	s, x   how many of the first rooms, and of the first exceptions, are exact sockets
//	d      why sockets have to leave
//	r, f   they may return; their sessions are forgotten
//	c      they may return, and would not have been left their connections otherwise
//	a      the arguments, where a number in them is not the same in MessagePack
//	l      the rooms that sockets leave once they have joined others
//	n      the number of the message among those of this sender, where the engine may repeat one
//
// # What it does not trust
//
// Whoever may write to the engine may forge. Depth, attachments, arguments, names and their number have limits, which hold
// before anything of that size is allocated; what is of the wrong shape is an error. Names of users where rooms are expected
// are left out.
//
// There are no goroutines; a Codec is safe for concurrent use.
//
// Source: @socket.io/redis-adapter 8.3, @socket.io/redis-streams-adapter 0.2 and 0.3, @socket.io/redis-emitter 5,
// socket.io-adapter 2.5, notepack.io 3.
package nodewire
