package controlplane

import (
	"context"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/caller"
	"github.com/siohub/siohub/controlplane/trace"
	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/internal/envelope"
)

// awaitEngine does not carry out an action that goes over the engine, nor read the stream further, while the engine is behind.
// What does not go over it, and other streams, go on; an engine that cannot be reached is not waited for.
func (st *stream) awaitEngine(action *envelope.Action, batch *hub.Batch) {
	if !st.patience.Wants(st.srv.commands) || !st.srv.crosses(action) {
		return
	}
	st.flush(batch) // browsers do not wait
	st.seat.End()
	st.pulse.held.Store(true)
	d := st.patience.Wait(st.srv.commands, st.done)
	st.pulse.heard.Store(true)
	st.pulse.held.Store(false)
	st.seat.Begin(0)
	if d > 0 {
		st.srv.slowness.tell(trace.SlowedEngine, d, st.caller, st.attachment.group.name)
	}
}

// crosses reports whether an action goes over the engine.
func (s *Server) crosses(action *envelope.Action) bool {
	if action.Bad != nil {
		return false
	}
	switch kind := action.GetKind().(type) {
	case *hubv1.Action_Command:
		return s.commands.Crosses(kind.Command)
	case *hubv1.Action_Settlement:
		for _, c := range kind.Settlement.GetCommands() {
			if s.commands.Crosses(c) {
				return true
			}
		}
	}
	return false
}

// waited tells of a unary call that has waited for the engine.
func (s *Server) waited(ctx context.Context, d time.Duration) {
	s.slowness.tell(trace.SlowedEngine, d, caller.Of(ctx), "")
}
