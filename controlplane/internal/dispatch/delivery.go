package dispatch

import "time"

// Kind is the kind of a delivery.
type Kind uint8

// The kinds. Connected, Event and Disconnected are a socket's, in this order; each of
// the others has a lane of its own (NewSolo).
const (
	Connect Kind = iota
	Connected
	Event
	Disconnected
	AuthExpiring
	ServiceCall
)

// lifecycle reports whether the kind is kept until it is settled, whatever happens.
func (k Kind) lifecycle() bool { return k == Connected || k == Disconnected }

// Delivery is one thing that is handed over to a service and settled once. The
// exported fields are set before it is pushed and do not change.
type Delivery struct {
	Kind Kind
	// Overflow says what happens when an event is more than its socket may have parked.
	// The default is Pause.
	Overflow Overflow
	// isolation is guarded by the holder of the lane.
	isolation isolation
	// Like is the same number for events that a service has the same to do with, such as
	// those of one name. It tells events that take long from those that wait.
	Like uint32
	// Body is what happened.
	Body any
	// Hint is the caller's: what its Sink.Accepts needs to answer without a search.
	Hint any
	// Bytes count against windows and budgets.
	Bytes int

	// The rest is guarded by the holder of the lane, but for a delivery in state
	// detached: that belongs to the settlement that is being carried out.
	lane   *Lane
	place  node[*Delivery] // in lane.queue or lane.flight
	state  state
	losses uint8 // how often it was lost with an instance, as far as it counts; see poison.go
	// lossesInAll are all of them, and deaths is Group.deaths as of the first.
	lossesInAll uint8
	deaths      uint32
	tries       uint8 // how often it was nacked for a retry, or not settled in time
	first       bool  // its lane had nothing in flight when it was handed over
	attempt     uint32
	seq         uint64
	identity    uint64
	terms       Terms   // those of the last try
	since       instant // parked since
	due         instant // not before; zero means now
	handed      instant
}

// like is Like for an event; what else there is is alike by its kind.
func (d *Delivery) like() uint32 {
	if d.Kind == Event {
		return d.Like
	}
	return uint32(d.Kind)
}

// state is where a delivery stands. While its instance is suspended it stays open.
//
//	idle ─► parked ─► open ─► settling ─► over
//	  └───────────────▲ │        │
//	          ▲         │ taken  │ taken
//	          └─────────┘        └─► detached ─► over, or parked after Abandon and Retry
type state uint8

const (
	idle     state = iota
	parked         // in the queue
	open           // in the flight: handed over, not settled
	settling       // in the flight: its settlement is being carried out
	detached       // its settlement is being carried out though its instance lost it
	over
)

// Terms are how an instance takes a delivery. They are resolved when it is handed over.
type Terms struct {
	// Strict keeps it from being handed over beside another one of its lane.
	Strict bool
	// AtMostOnce drops it when its instance is lost. Lifecycle is not dropped.
	AtMostOnce bool
	// OnInstance says that the socket is introduced to each instance that it comes to,
	// before anything else of it.
	OnInstance bool
	// Silent says that the instance does not want to hear of it: it counts as handed
	// over and settled, and nothing leaves.
	Silent bool
	// Timeout is how long the instance may take to settle it. Zero means as long as it
	// likes. It is looked at about once a second.
	Timeout time.Duration
	// Subscription is the caller's.
	Subscription any
}

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
	// Terms are how the instance takes it.
	Terms Terms
}

// Lane is where the delivery belongs.
func (d *Delivery) Lane() *Lane { return d.lane }

// Preset makes a delivery that was not pushed yet a further try of another one: it has
// its identity, and comes after that attempt. Both are told by a Try.
func (d *Delivery) Preset(identity uint64, attempt uint32) { d.identity, d.attempt = identity, attempt }
