// Package roll has the live sockets that a group still has to be introduced to. They are
// taken in steps, as the group's instances have room, so that a hundred thousand sockets
// neither fill the parking nor hold a stream up.
//
// Call begins a Roll; whoever has room takes some with Next, introduces them, and says Done.
// It introduces nobody itself. The package starts no goroutine; its lock is a leaf.
package roll
