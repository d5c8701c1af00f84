package controlplane

import (
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/command"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/envelope"
)

// mostEffect is how long what follows an accept waits for it at most: a browser that is let in must not hold its service up.
const mostEffect = time.Second

// awaitEffect waits until an accept has taken effect, where another goroutine is at work with the browser's connection:
// what the service says next may be about the new socket.
func (st *stream) awaitEffect(batch *hub.Batch) {
	a := st.attachment
	if a == nil || a.effect == nil {
		return
	}
	effect := a.effect
	a.effect = nil
	st.standStill(batch, func() time.Duration {
		begun := time.Now()
		timer := time.NewTimer(mostEffect)
		defer timer.Stop()
		select {
		case <-effect:
		case <-timer.C:
		case <-st.done:
		}
		return time.Since(begun)
	}, trace.SlowedAccept, slowTurn)
}

// awaitEngine does not carry out an action that goes over the engine, nor read the stream further, while the engine is behind.
// What does not go over it, and other streams, go on; an engine that cannot be reached is not waited for.
func (st *stream) awaitEngine(action *envelope.Action, batch *hub.Batch) {
	if !st.patience.Wants(st.srv.commands) || !crosses(st.srv.commands, action) {
		return
	}
	st.standStill(batch, func() time.Duration { return st.patience.Wait(st.srv.commands, st.done) }, trace.SlowedEngine, 1)
}

// standStill waits in the middle of an envelope, without a turn and without being taken for silent. It tells of what took
// that long at least.
func (st *stream) standStill(batch *hub.Batch, wait func() time.Duration, why trace.Slowed, least time.Duration) {
	st.flush(batch) // browsers do not wait
	st.seat.End()
	st.pulse.held.Store(true)
	d := wait()
	st.pulse.heard.Store(true)
	st.pulse.held.Store(false)
	st.seat.Begin(0)
	if d >= least {
		st.srv.slowness.tell(why, d, st.caller, st.attachment.group.name)
	}
}

// crosses reports whether an action goes over the engine.
func crosses(x *command.Executor, action *envelope.Action) bool {
	if action.Bad != nil {
		return false
	}
	switch kind := action.GetKind().(type) {
	case *hubv1.Action_Command:
		return x.Crosses(kind.Command)
	case *hubv1.Action_Settlement:
		for _, c := range kind.Settlement.GetCommands() {
			if x.Crosses(c) {
				return true
			}
		}
	}
	return false
}
