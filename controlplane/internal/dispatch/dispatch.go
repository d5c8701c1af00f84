package dispatch

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/controlplane/internal/park"
)

// revokedMemory is how many revoked numbers are remembered, so that a late
// settlement hears ErrRevoked and not ErrUnknown.
const revokedMemory = 1 << 16

// Config has the limits of a node. All fields without a default are required.
type Config struct {
	// Numbers is the number that deliveries are counted from; the first one has the
	// number after it. A hub draws it, so that numbers of an earlier process mean
	// nothing. It has to leave room below 2^53. The default is 0.
	Numbers uint64
	// Socket, GroupBytes and NodeBytes bound what is parked.
	Socket     park.SocketLimit
	GroupBytes int64
	NodeBytes  int64
	// HandedBytes bounds what instances have unsettled in all. Zero means that it does not.
	HandedBytes int64
	// Age is how long an event is parked.
	Age time.Duration
	// FailoverDelay is how long the work of a suspended instance stays with it while
	// another instance could take it. Zero or less means not at all.
	FailoverDelay time.Duration
	// Suspend is how long an instance that lost its stream is waited for. Zero or less
	// means not at all: a lost stream is a lost instance.
	Suspend time.Duration
	// Lifecycle is how many lifecycle records a group may have parked.
	Lifecycle int
	// Within runs what a timer does, which may panic for the fault of a Sink, an Owner or an
	// Observer. Nil means that it just runs.
	Within func(func())
	// Random returns numbers from 0 to less than 1, for the spacing of retries. It has to
	// be safe for concurrent use. Nil means math/rand.
	Random func() float64
}

// Node is what the groups share. It is safe for concurrent use.
type Node struct {
	config Config
	seq    atomic.Uint64
	bytes  *park.Budget // each group counts with at most GroupBytes
	all    atomic.Int64 // bytes that are parked, all of them
	handed atomic.Int64 // bytes that instances have unsettled

	mu      sync.Mutex // guards the fields below; a leaf
	revoked *ledger.Memory
}

// New returns a node.
func New(config Config) *Node {
	if config.Random == nil {
		config.Random = rand.Float64
	}
	if config.Within == nil {
		config.Within = func(f func()) { f() }
	}
	n := &Node{
		config: config, bytes: park.NewBudget(config.NodeBytes), revoked: ledger.NewMemory(revokedMemory),
	}
	n.seq.Store(config.Numbers)
	return n
}

// handedPart is the part of HandedBytes that an instance always gets: what others do not settle takes it from nobody.
const handedPart = 64

// Spent reports whether instances have as much unsettled as all of them may have.
func (n *Node) Spent() bool {
	return n.config.HandedBytes > 0 && n.handed.Load() >= n.config.HandedBytes
}

// revoke remembers a number that was taken away.
func (n *Node) revoke(seq uint64) {
	n.mu.Lock()
	n.revoked.Add(seq)
	n.mu.Unlock()
}

// wasRevoked reports whether a number was taken away.
func (n *Node) wasRevoked(seq uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.revoked.Has(seq)
}
