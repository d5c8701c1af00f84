package command

import (
	"context"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/hub"
)

// Config is what an Executor works with.
type Config struct {
	// Trace is told what happens. Nil means nobody looks.
	Trace Trace
	// HubID is the id of this process.
	HubID string
	// Knows reports whether a namespace exists. Nil means that all do.
	Knows func(namespace string) bool
	// Handshake says a handshake in the contract's words. Required.
	Handshake func(*hub.Handshake) *hubv1.Handshake
	// Services are the instances that calls go to. Nil means that there are none.
	Services Services
	// Elsewhere knows which instances are attached to other hubs too. Nil means that none are.
	Elsewhere Elsewhere
	// Groups forgets groups. Nil means that it cannot be done.
	Groups Groups
	// Revoked is told whose authorization ends, before their connections are closed: it
	// ends decisions that are kept for them. It must not block. Nil means that none are.
	Revoked func(Revocation)
	// Emitted is told of each emit that was carried out, and of what it has done. The emit
	// must not be changed, and its messages must not be kept; its texts, lists and bytes may. It must not block. Nil means that nobody looks.
	Emitted func(by *Caller, e *hubv1.Emit, o hub.Outcome)
	// Waited is told of each unary call that has waited for an engine that was behind. Nil means that nobody looks.
	Waited func(ctx context.Context, d time.Duration)
	// Private are namespaces that commands and queries are refused for, unless the caller's permissions name them.
	Private []string
	// KeptBytes is what all callers together can make the hub keep: results under idempotency keys have half
	// of it, and acknowledgements, snapshots, calls and open acknowledgements an eighth each. Zero means 512 MiB.
	KeptBytes int64
	// Within runs what a timer does, which may panic for the fault of others. Nil means that
	// it just runs.
	Within func(func())
}

// keptBytes is the default of Config.KeptBytes.
const keptBytes = 512 << 20

// withDefaults returns a copy.
func (c Config) withDefaults() *Config {
	if c.Trace == nil {
		c.Trace = silent{}
	}
	if c.Within == nil {
		c.Within = func(f func()) { f() }
	}
	if c.KeptBytes == 0 {
		c.KeptBytes = keptBytes
	}
	return &c
}
