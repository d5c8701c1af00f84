package controlplane

import (
	"time"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/internal/toll"
	"github.com/siohub/siohub/controlplane/internal/turns"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
)

// brake makes a stream's recvLoop wait: for its turns, for what its service owes, and for what it has set going. It belongs
// to that goroutine.
type brake struct {
	// Set at construction.
	slowness *slowness
	commands *command.Executor
	caller   *caller.Caller
	done     <-chan struct{} // closed when the stream ends
	pulse    *pulse

	seat     *turns.Seat // set as recvLoop begins
	owed     toll.Debt
	patience command.Patience
}

// flush writes to browsers what was gathered for them, and lets that pay for its work.
func (b *brake) flush(batch *hub.Batch) { b.seat.Reached(batch.Flush()) }

// hold does not read the stream further for that long.
func (b *brake) hold(why trace.Slowed, d time.Duration, group string) {
	if d <= 0 {
		return
	}
	b.seat.End()
	b.slowness.tell(why, d, b.caller, group)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.done:
	}
}

// payFaults waits for what was at fault in an envelope.
func (b *brake) payFaults(a *attachment) {
	if a == nil {
		return
	}
	if n := a.faults.Load(); n > 0 {
		a.faults.Add(-n)
		b.hold(trace.SlowedFaults, b.owed.Add(time.Now(), int(n), faultTariff), a.group.name)
	}
}

// payTurns tells of an envelope that waited long for its turns.
func (b *brake) payTurns(a *attachment) {
	if d := b.seat.Waited(); d >= slowTurn && a != nil {
		b.slowness.tell(trace.SlowedTurns, d, b.caller, a.group.name)
	}
}

// standStill waits in the middle of an envelope, without a turn and without being taken for silent. It tells of what took
// that long at least.
func (b *brake) standStill(a *attachment, batch *hub.Batch, wait func() time.Duration, why trace.Slowed, least time.Duration) {
	b.flush(batch) // browsers do not wait
	b.seat.End()
	b.pulse.held.Store(true)
	d := wait()
	b.pulse.heard.Store(true)
	b.pulse.held.Store(false)
	b.seat.Begin(0)
	if d >= least {
		b.slowness.tell(why, d, b.caller, a.group.name)
	}
}
