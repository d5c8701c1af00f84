// Package dispatch brings deliveries to the instances of application services: in
// order for each socket, within each instance's window, again after a loss, and
// parked within bounds while nobody can take them. It knows neither browsers nor
// gRPC: a delivery's body is opaque, and what leaves goes into a Sink.
//
// # The nouns
//
//	Node        what all groups share: numbers, budgets, limits
//	Group       one service: its instances, and a pool of lanes that none of them has
//	Instance    one process: a window, a ledger of what is unsettled, its lanes
//	Attachment  the hold that one stream has on its instance, until it is lost or fenced
//	Lane        one socket seen by one group: a queue (parked) and a flight (unsettled)
//	Delivery    one thing to hand over and have settled; a Try is one handing over
//
//	                 Lane.Push                     fits the window
//	browser ──► Lane ─────────► holder ──────────────────────────► Sink ──► stream
//	                              │  does not fit
//	                              └────► Lane.queue ··· its turn comes ···► Sink
//
// A lane belongs to exactly one holder: an instance, or its group's pool. It comes
// to the instance with the fewest lanes for its window, to a full one only when all
// are, and stays there (sticky) until it ends, the instance pauses while the lane is
// idle, or the instance is lost. Lanes with parked deliveries take turns, one delivery
// each.
//
// # Order
//
// A lane is first in, first out: its queue follows its flight, and what comes back
// from a lost stream goes in front of the queue in its old order. A socket is
// introduced (a Connected) before the group's first event of it is handed over; the
// lane does that itself at the last moment, so that an introduction can be made anew
// by moving an epoch on.
//
// # Numbers
//
// Each try has a number from one counter of the node. The ledger of the instance
// finds the delivery by it; a number that is not in the ledger of the attachment
// that settles can do nothing at all. That is the whole of fencing.
//
// # Locks
//
//	Group.mu -> Instance.mu -> the Sink's
//
// Group.mu guards the pool with its lanes, and the instances' coming and going.
// Instance.mu guards the instance with its lanes. A lane's fields are guarded by the
// mutex of its holder. A lane changes its holder only while both the group's and the
// instance's mutex are held; so under Group.mu alone all holders stand still, and
// Lane.lock (load the holder, lock it, look again) finds the right mutex without
// Group.mu. Observer and Sink are called with locks held: they do not call back.
//
// # Goroutines
//
// None. Timers (failover, the delay of a retry) run their functions in goroutines of
// the runtime; Close stops them.
package dispatch
