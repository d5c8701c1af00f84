package dispatch

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/siohub/siohub/controlplane/internal/ledger"
	"github.com/siohub/siohub/controlplane/internal/park"
)

// revokedMemory is how many revoked numbers are remembered, so that a late
// settlement hears ErrRevoked and not ErrUnknown.
const revokedMemory = 1 << 16

// Config has the limits of a node. All fields are required.
type Config struct {
	Socket     park.SocketLimit
	GroupBytes int64
	NodeBytes  int64
	// Age is how long an event is parked, and how long a lost instance is waited for.
	Age time.Duration
	// FailoverDelay is how long the work of a lost stream waits while another instance
	// could take it. Zero or less means not at all.
	FailoverDelay time.Duration
	// Lifecycle is how many lifecycle records a group may have parked.
	Lifecycle int
}

// Node is what the groups share. Its methods may be called at the same time.
type Node struct {
	config Config
	seq    atomic.Uint64
	bytes  *park.Budget

	mu      sync.Mutex // guards the fields below; a leaf
	revoked *ledger.Memory
}

// New returns a node.
func New(config Config) *Node {
	return &Node{
		config: config, bytes: park.NewBudget(config.NodeBytes), revoked: ledger.NewMemory(revokedMemory),
	}
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
