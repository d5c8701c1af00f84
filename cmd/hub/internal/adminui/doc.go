// Package adminui is the server side of Socket.IO's official Admin UI, whose page connects as an ordinary client to a
// namespace, by default /admin.
//
// # What it is
//
// A UI is a hub.Application that stands in front of another one, the control plane. It takes the admin namespace for itself
// and passes all else on (application.go):
//
//	browser ──► Hub ──► UI ──► control plane
//	page ─────► Hub ──► UI
//
// Its parts are these; what they have in common is a site:
//
//	guard      who comes in: names, passwords, attempts, logins    login.go
//	pages      who looks, here and at other servers                pages.go
//	teller     what happens, as it happens                         tell.go, queue.go
//	lists      all sockets, to a page that has come                list.go
//	counter    counts                                              stats.go
//	others     the other servers of the cluster                    cluster.go
//	commands   what pages want done                                commands.go
//	loop       the goroutine that all but the guard work on        loop.go, tasks.go
//
// What the page is told and what it says are those of @socket.io/admin-ui 0.5, so that Node servers with its instrumentation and
// hubs show themselves to one page: what a hub tells is an emit to the admin namespace, which crosses to the page's server
// by itself.
//
//	session       after a login with the password   guard, pages
//	config        what the page may do              loop
//	server_stats  every two seconds                 counter
//	all_sockets   to a page that has come           lists
//	socket_connected, socket_updated, socket_disconnected, room_joined, room_left, event_received, event_sent
//	              as they happen                    teller
//
// # What it is not
//
// It is no door for services, and they hear nothing of it: neither its sockets nor who failed to log in. It has no page of
// its own.
//
// # While nobody looks
//
// teller.tells is false then: an event costs one load of it and no allocation, and nothing ticks unless the hub has others. Of those each asks
// every five seconds whether anybody looks there (cluster.go), and a hub to which a page comes tells the others at once.
//
// # Bounds
//
// What happens is put into a queue, by whoever does it, and a browser never waits for that. What is more than the queue takes in a
// second, or in all, is dropped and counted (Trace.Dropped); of sockets and rooms the pages get the whole list again
// afterwards, as they do of what changed while a list was made: after ten seconds, and more seldom while that goes on. A page
// that does not read is closed by the hub's own bounds (limits.outbox_bytes). A password is compared by one goroutine, which rests three times as long as that took; each address has five attempts a minute. Names and passwords that are
// wrong take the same time. Logins are remembered, 1000 at most, unless hubs share a secret: then they are signed (tickets.go), and cost nothing.
//
// # Goroutines
//
// Run has two, which end with its context: one tells, counts and carries out, the other compares passwords. A list of other servers'
// sockets has one until it is whole.
//
// # Locks
//
// queue.mu, attempts.mu, sessions.mu, listing.mu, pages.mu, others.mu, tasks.mu and Password.mu are leaves.
package adminui
