package dispatch

import "time"

// Kind is the kind of a delivery.
type Kind uint8

// The kinds. Connect attempts stand outside of a socket's order: each has a lane of
// its own.
const (
	Connect Kind = iota
	Connected
	Event
	Disconnected
)

// Delivery is one thing that is handed over to a service and settled once. The
// exported fields are set before it is pushed and do not change.
type Delivery struct {
	Kind Kind
	// Body is what happened.
	Body any
	// Bytes count against windows and budgets.
	Bytes int
	// Strict keeps it from being handed over beside another one of its lane.
	Strict bool
	// AtMostOnce drops it when its stream is lost.
	AtMostOnce bool

	// The rest is guarded by the holder of the lane, but for a delivery in state
	// detached: that belongs to the settlement that is being carried out.
	lane     *Lane
	place    node[*Delivery] // in lane.queue or lane.flight
	state    state
	seq      uint64
	identity uint64
	attempt  uint32
	since    time.Time // parked since
	due      time.Time // not before; zero means now
	handed   time.Time
}

// state is where a delivery stands.
//
//	idle ─► parked ─► open ─► settling ─► over
//	  └───────────────▲ │        │
//	          ▲         │ lost   │ lost
//	          └─────────┘        └─► detached ─► over, or parked after Abandon and Retry
type state uint8

const (
	idle     state = iota
	parked         // in the queue
	open           // in the flight: handed over, not settled
	settling       // in the flight: its settlement is being carried out
	detached       // its settlement is being carried out though its stream is lost
	over
)

// Try is one handing over of a delivery.
type Try struct {
	*Delivery
	// Seq is the number to settle it by. It grows from try to try and is never given
	// twice.
	Seq uint64
	// Identity is the same for all tries: the number of the first one.
	Identity uint64
	// Attempt is 1 for the first try.
	Attempt uint32
}

// Lane is where the delivery belongs.
func (d *Delivery) Lane() *Lane { return d.lane }

// Sink takes what an instance is handed over. It is called with locks held: it
// queues, and neither blocks nor calls back.
type Sink interface {
	Deliver(Try)
}

// Owner is what a lane stands for: a socket as one group sees it.
type Owner interface {
	// Introduction makes a Connected. Late says that the socket had joined before. It is
	// called with locks held.
	Introduction(late bool) *Delivery
}

// Observer is told what happens in one group. It is called with locks held: it counts, and
// neither blocks nor calls back.
type Observer interface {
	// Delivered: a delivery was handed over.
	Delivered(kind Kind, attempt uint32)
	// Dropped: a delivery will not be handed over again.
	Dropped(kind Kind, why Drop)
	// Parked: that many more events and bytes wait, or fewer.
	Parked(events int, bytes int64)
	// Stalled: a delivery had to wait though an instance is attached.
	Stalled()
	// Moved: that many lanes left their instance.
	Moved(lanes int)
}

// Drop says why a delivery was dropped.
type Drop uint8

// The causes.
const (
	SocketFull     Drop = iota // too much of one socket is parked
	GroupFull                  // too much of the group is parked
	NodeFull                   // too much is parked altogether
	Expired                    // parked for too long
	Lost                       // at most once, and the stream was lost
	TooLarge                   // does not fit an envelope
	Nacked                     // given up by the service
	LifecycleLimit             // too many lifecycle records wait
	Forgotten                  // its group was forgotten
)
