// Package turns bounds how much of the hub's processors services can have, so that
// browsers' work always finds one that is free: what a service sends is decoded and carried
// out in turns, of which there are a few.
//
// A Seat is the place of one goroutine: of a stream, or of a call. It has a turn from Begin
// to End. Nobody who only waits has one: a seat ends its turn before it waits for the
// network, for browsers or for another stream.
//
//	Begin ──► a turn is free?  ──yes──► works ──► Pause ──► nobody waits, or the slice is
//	             │ no                     ▲          │      not over: works on
//	             ├─ wants little: a guest ┤          │ otherwise
//	             └─ waits ◄───────────────┼──────────┘
//	                   └── handed on ─────┘
//
// # Who comes first
//
// Usage is what a customer has worked while others waited, halved every half second.
// Customers are named by the caller: one service of an identity is one, however many
// streams it has. Whoever has used least comes first; of equals, who waits longest. One that
// comes anew counts as if it had used its share.
//
// Who has used less than half of its share is light; the share is of all who have worked
// lately, whether they wait for a turn or for the network just now. The light do not wait at
// all, but are guests beside the turns, for there is a seat for as many guests as turns. So a
// service that answers its browsers does not wait behind one that sends all it can, even where
// a single action of that takes long. A message of more than LargeBytes is no guest's: its decoding
// does not pause, and would leave no processor to anybody else.
//
// A message of ShortBytes at most may be a guest's as well while a turn decodes a large one, or if its customer has used less than
// an equal part of all that the turns had to give, and works nowhere else just now: who answers browsers all the time has used more than each of eight that send
// 4 MiB now and then, and would wait for three of these in a row. Where the heavy are held back neither makes one of them a guest.
//
// # The heavy are held back
//
// Turns leave processors free, but not from what goes on beside them: gRPC reads and writes, and Go collects garbage, on all
// processors of a small machine at once. So whoever takes all he can gets less than that where others suffer.
//
// Ten times a second Look is told how the hub fares (Meter): there is strain while goroutines wait for a processor for more
// than 1 ms, at the 99th percentile, or with fewer than four processors garbage is collected more than 1.3 times a second.
// With strain, and more than one customer, all work is counted: in turns, and between two reads of a connection (Link). Not
// counted is what browsers account for: an answer to one of them pays for 1 ms of work, and each one that something is sent
// to for 20 µs. What is left is work that nobody asked for. Heavy is who does at least half of an equal part of it, or did in the
// last 5 s: who is held back does little.
//
// While there is strain, and somebody there who is not heavy, the share that the heavy have of all processors shrinks by a
// fifth with each look; it grows again, slower, without strain. It is never less than least, nor less than what browsers
// account for: where the strain comes from them there is nothing to be won. If all are heavy, or none, it is soon 1.
//
// Each of the heavy has an equal part of the share, and rests after its work until that is paid: before it has a turn, and
// before its connection is read, so that its service can send no more. Nothing is dropped; all rests together are at most
// 2 s for one thing. What one is likely to work is owed before it is done, so that of a hundred calls which rest at the same time
// each waits for those before it. Meanwhile the light are those that are not heavy: they are guests, and come first.
//
// # What it costs
//
// While nobody waits and there is no strain, Begin and End are one compare-and-swap and one addition each and Pause is one load: no
// lock, no clock, no allocation. Time is looked at only while somebody waits, or while there is strain.
//
// The package starts no goroutine. Turns.mu is a leaf; it is held for a walk over the seats
// that wait, and a hundred times a second over all accounts.
package turns
