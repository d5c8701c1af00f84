package dispatch

// Sink is the stream of an attached instance. Its methods are called with locks held:
// they must be cheap, and must neither block nor call back.
//
// A sink outlives the loss of its stream as the instance does: it is given facts (Lane.Tell) until another process has come or the
// instance is forgotten, and what it has to say then goes to the stream that resumes. All else comes while there is a stream.
type Sink interface {
	// Accepts says whether the instance asked for a delivery, and how it takes it. The
	// answer for a delivery must not change while the sink is attached. An instance that
	// accepts events of a socket has to accept its lifecycle, Silent if it does not want
	// to hear of it. Accepts is called concurrently.
	Accepts(d *Delivery) (Terms, bool)
	// Deliver takes a delivery.
	Deliver(t Try)
	// Revoked tells numbers of deliveries that were unsettled and were taken away.
	Revoked(seqs []uint64, why Reason)
	// Released tells sockets that the instance was told of, and that are not its own any
	// more.
	Released(owners []Owner, why Reason)
}

// Owner is what a lane stands for: a socket as one group sees it.
type Owner interface {
	// Introduction makes a Connected. Late says that the socket had joined before; moved
	// that it comes from another instance, which knew of it. It is called with locks held.
	Introduction(late, moved bool) *Delivery
	// Overflow is called by Push, once, without a lock, when an event with the policy
	// Disconnect did not fit: the socket is to be disconnected.
	Overflow()
	// Hold says how far the socket's browser is to be read from now on, each time that it
	// changes. It is called with locks held, and not after the last delivery was pushed.
	Hold(from, to Hold)
	// Starved is called by Expire, without a lock, when events with the policy Pause have
	// waited for too long while no instance was there. They are dropped: the browser is to
	// be disconnected.
	Starved()
	// LaneEnded says that nothing will come of the lane any more. It is called once, with locks held.
	LaneEnded()
}

// SoloOwner is what a lane without a socket stands for.
type SoloOwner interface {
	// Ended tells that the delivery came to an end without anybody's asking for it, and
	// that its lane has ended: Tries (it was lost with too many instances) or Lost (it was
	// to be handed over at most once, or to one instance only). It is called with locks
	// held: it must neither block nor call back.
	Ended(d *Delivery, why Drop)
}

// Observer is told what happens in one group. It is called with locks held: it counts,
// and neither blocks nor calls back.
type Observer interface {
	// Delivered: a delivery was handed over.
	Delivered(kind Kind, attempt uint32)
	// Dropped: a delivery will not be handed over again.
	Dropped(d *Delivery, why Drop)
	// Revoked: an unsettled delivery was taken from its instance.
	Revoked(kind Kind, why Reason)
	// Parked: that many more events and bytes wait, or fewer.
	Parked(events int, bytes int64)
	// Stalled: a delivery had to wait though an instance is attached.
	Stalled()
	// Moved: that many lanes left their instance.
	Moved(lanes int, why Reason)
}

// Drop says why a delivery was dropped.
type Drop uint8

// The causes.
const (
	SocketFull     Drop = iota // too much of one socket is parked
	GroupFull                  // too much of the group is parked
	NodeFull                   // too much is parked altogether
	Expired                    // parked for too long
	Lost                       // at most once, and the instance was lost
	TooLarge                   // does not fit an envelope
	Nacked                     // given up by the service
	LifecycleLimit             // too many lifecycle records wait
	Forgotten                  // its group was forgotten
	Tries                      // lost with its instance, or not settled in time, too often
	Oldest                     // made room for a newer event of its socket
	NoService                  // waited too long for an instance, while its browser was not read
	Abandoned                  // its browser has gone, and nothing of it was handed over for too long
)

// Reason says why a delivery was revoked, or why a lane left its instance.
type Reason uint8

// The reasons.
const (
	// ReasonLost: the instance lost its stream and did not come back in time.
	ReasonLost Reason = iota
	// ReasonReplaced: another process took over the instance id.
	ReasonReplaced
	// ReasonLeft: the instance left.
	ReasonLeft
	// ReasonTimeout: it was not settled in time.
	ReasonTimeout
	// ReasonDecided: another instance has decided.
	ReasonDecided
	// ReasonBrowserGone: the browser has left.
	ReasonBrowserGone
	// ReasonCancelled: its owner took it back.
	ReasonCancelled
	// ReasonDrained: the instance drains.
	ReasonDrained
	// ReasonPaused: the instance is paused and another one is not.
	ReasonPaused
	// ReasonMoved: the instance does not ask for what comes next, or gave it away.
	ReasonMoved
	// ReasonRebalanced: an instance that came gets its share.
	ReasonRebalanced
)
