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
func (b *brake) awaitEffect(a *attachment, batch *hub.Batch) {
	if a == nil || a.effect == nil {
		return
	}
	effect := a.effect
	a.effect = nil
	b.standStill(a, batch, func() time.Duration {
		begun := time.Now()
		timer := time.NewTimer(mostEffect)
		defer timer.Stop()
		select {
		case <-effect:
		case <-timer.C:
		case <-b.done:
		}
		return time.Since(begun)
	}, trace.SlowedAccept, slowTurn)
}

// awaitEngine does not carry out an action that goes over the engine, nor read the stream further, while the engine is behind.
// What does not go over it, and other streams, go on; an engine that cannot be reached is not waited for.
func (b *brake) awaitEngine(a *attachment, action *envelope.Action, batch *hub.Batch) {
	if !b.patience.Wants(b.commands) || !crosses(b.commands, action) {
		return
	}
	b.standStill(a, batch, func() time.Duration { return b.patience.Wait(b.commands, b.done) }, trace.SlowedEngine, 1)
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
