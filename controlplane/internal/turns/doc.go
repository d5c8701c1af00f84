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
// # What it costs
//
// While nobody waits, Begin and End are one compare-and-swap each and Pause is one load: no
// lock, no clock, no allocation. Time is looked at only while somebody waits.
//
// The package starts no goroutine. Turns.mu is a leaf; it is held for a walk over the seats
// that wait, and a hundred times a second over all accounts.
package turns
