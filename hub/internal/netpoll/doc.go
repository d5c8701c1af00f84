// Package netpoll watches sockets at rest: a few goroutines for any number of connections. It knows
// nothing of what travels on them.
//
// Set is what is watched, shared by as many pollers as there are processors; Descriptor is one socket in
// it; Watched is whoever hears of that socket. A connection comes in by Set.Add, without being heard of
// yet, is heard of after Descriptor.Watch, and leaves by Descriptor.Leave, which closes the socket.
//
// # Pollers
//
// A poller is one goroutine with an epoll set of its own. Sockets are in it once and for every event,
// edge-triggered, so that no message needs a call to say what to watch for. It waits for the set in Go's
// own network poller, where the set is one descriptor among others: no thread is spent on waiting. Its work is
// done inside of that wait (poller.collect), so that an event that comes during the work is a new
// event for Go's network poller, and a set that has just given less than was asked of it need not be asked again.
//
// Watched.Readable runs on the poller's goroutine and must not block: all other connections of the poller
// wait for it. Who has more to read than one turn's worth says so, and comes again after the others: a few of these are
// served between two looks at the set, and one only of those that are in the middle of something large (Descriptor.Bulk), so
// that many of them delay nobody else.
//
// # The number of a descriptor
//
// It is never used after its close, when it may be somebody else's: only Leave closes, and only when nobody is
// between enter and leave; everybody else shuts the socket down, of which the poller hears.
//
// # Locks
//
// Set.mu and poller.mu are leaves: none is held across a call of Watched.
//
// There are no pollers on other systems than Linux: Set.Add always fails.
package netpoll
