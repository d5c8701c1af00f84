// Package dispatch brings deliveries to the instances of application services: in
// order for each socket, to an instance that asked for them, within its windows, again
// after a loss, and parked within bounds while nobody can take them. It knows neither
// browsers nor gRPC: a delivery's body is opaque, and what leaves goes into a Sink.
//
// # The nouns
//
//	Node        what all groups share: numbers, budgets, limits
//	Group       one service: its instances, and a pool of lanes that none of them has
//	Instance    one process: two windows, a ledger of what is unsettled, its lanes
//	Attachment  the hold that one stream has on its instance
//	Lane        one socket seen by one group: a queue (parked) and a flight (unsettled)
//	Delivery    one thing to hand over and have settled; a Try is one handing over
//	Terms       how an instance takes a delivery; Sink.Accepts says it at hand-over
//	epochs      which introductions of a group's sockets still hold (anew.go)
//
//	                 Lane.Push                     accepted, and fits the window
//	browser ──► Lane ─────────► holder ──────────────────────────► Sink ──► stream
//	                              │  does not
//	                              └────► Lane.queue ··· its turn comes ···► Sink
//
// A lane belongs to exactly one holder: an instance, or its group's pool. What belongs
// to no socket (a connect attempt, an expiring authorization, a service call) has a solo
// lane: one delivery, a window apart, and not counted as parked. There it counts for a Share,
// which is its kind and the pattern of the subscription: while the decisions about one
// pattern do not come, those about another one do (share.go). Shares take turns like lanes of sockets: first those with
// nothing unsettled, which always have room.
//
// # Who gets a lane
//
// Group.pick chooses among the instances that take work and accept what the lane has in
// front: first one that takes all that the group asks for (Complete), then the one that
// the lane prefers, then one that is not full, then the one with the fewest lanes for its
// weight. There the lane stays until it ends, or until it has to leave: because the
// instance is lost, does not accept what comes next, gave it away (Elsewhere), is paused
// or drains. A lane moves only without a flight, so nothing overtakes; the one exception
// is a lost instance, whose flight comes back into the queue first. What nobody accepts
// is stuck in the pool until an instance attaches or takes work again. What came before there
// was an instance is given out a window at a time (feed.go): an instance takes more once it has handed
// over half of it, and looks then at the shares of which that is so and at no others.
//
// Rebalance gives an instance that came its share of idle sockets. The instance that
// loses a socket of which it was told hears Released; the one that gets it is told by an
// introduction first, if its Terms say OnInstance. An instance that keeps its sockets gives none away there.
//
// # Order
//
// A lane is first in, first out: its queue follows its flight, and what comes back
// goes in front of the queue in its old order. A socket is introduced (a Connected)
// before the group's first event of it is handed over; the lane does that itself at the
// last moment, so that an introduction can be made anew by moving an epoch on. Lanes with
// parked deliveries take turns, one delivery each: first those with nothing in flight, in
// their order, then those that have, within their share of the window (internal/window).
//
// # Holds
//
// An event is never dropped for lack of room unless its policy says so (Overflow). What a
// socket has parked holds its browser instead: from the bound in items, or in bytes, of
// the socket, the group or the node on it is not read further (hold.go), until half of it
// is free again or nothing of the lane is parked. One event always has room there; whoever
// reads large ones looks at Group.Room before. A group counts towards the bound of the node with at
// most its own, so that what its sockets add beyond that takes nothing from other groups. What is parked while no instance is
// there for Config.Age goes, and its browser with it (Owner.Starved). What a browser has sent
// that has gone is delivered still; when nothing of it is taken for as long, or for ten times as
// long while an instance has something of its lane in hand or is paused, it is dropped, and its Disconnected follows (departed.go).
//
// # Numbers
//
// Each try has a number from one counter of the node. The ledger of the instance
// finds the delivery by it; a number that is not in the ledger of the process that
// settles can do nothing at all. That is the whole of fencing. A life is the number of
// a process: another one that takes the instance id over has another life, and nothing
// of the old one's is its own.
//
// # Losses
//
// A lost stream is not a lost instance: it is suspended, keeps what it has unsettled, and is told on its next stream what
// became of its sockets meanwhile.
// After Config.FailoverDelay each lane that another instance takes moves there; the rest
// waits for Config.Suspend and goes to the pool then. Attach with Resume takes up what
// is left. What is taken from a process because it is gone counts as lost: after two
// losses a delivery goes alone on its instance, for a minute at most, and at the fifth it is dropped, unless others are lost without it as well, and at the twentieth in any case (poison.go).
// Losses and retries are spaced (ledger.Spacing).
//
// # A socket that comes back
//
// A socket that was away has a new lane, which follows the one of its earlier life (Lane.Succeed): nothing of it goes
// before all of that one is settled. Where a Disconnected is still held back it is dropped instead, and the group hears
// neither that the socket was away nor that it is back. The new lane goes to the instance that knows the socket then, which is
// told what it has missed (succession.go).
//
// # Locks
//
//	Group.pool.mu -> Instance.mu -> Node.mu, or the Sink's
//
// pool.mu guards the pool with its lanes, and the instances' coming and going.
// Instance.mu guards the instance with its lanes; two of them are never held together. A
// lane's fields are guarded by the mutex of its holder. A lane changes its holder only
// while both pool.mu and the instance's mutex are held; so under pool.mu alone all
// holders stand still, and Lane.lock (load the holder, lock it, look again) finds the
// right mutex without pool.mu. Who finds, with Instance.mu alone, that a lane has to move
// puts it among holder.stuck; Instance.unlock moves it once the mutex is released. Work on
// many lanes (evacuate, Drain, greetAll, Rebalance) is done in steps, with the locks
// released in between.
//
// Observer, Owner, SoloOwner and Sink are called with locks held: they do not call back.
// Sink.Accepts is called concurrently, with either lock.
//
// # Goroutines
//
// None. Timers (suspension, the delay of a retry, a held Disconnected) run their
// functions in goroutines of the runtime; once the group is closed they come to nothing.
// Expire and Rebalance are called by the owner about once a second.
package dispatch
