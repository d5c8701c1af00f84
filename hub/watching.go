package hub

import (
	"github.com/siohub/siohub/hub/internal/engineio"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/socketio"
)

// watching is the hub's Watcher as the two sides below see it.
type watching struct{ app Watcher }

var _ socketio.Watcher = watching{}

// watch returns the application's Watcher. Nil: it is none.
func watch(app Application) *watching {
	if w, ok := app.(Watcher); ok {
		return &watching{w}
	}
	return nil
}

// sockets is what the Socket.IO side tells. Nil for nil.
func (w *watching) sockets() socketio.Watcher {
	if w == nil {
		return nil
	}
	return *w
}

// engine is what the Engine.IO side tells. Nil for nil.
func (w *watching) engine() func(engineio.Refusal) {
	if w == nil {
		return nil
	}
	return func(r engineio.Refusal) {
		w.app.ConnectFailed(ConnectFailure{
			Why: RefusedHandshake, Code: r.Code, Status: r.Status, Message: r.Message,
			Origin: r.Origin, RemoteAddress: r.RemoteAddress,
		})
	}
}

func (w watching) RoomsChanged(s *socketio.Socket, change socketio.RoomsChange) {
	w.app.RoomsChanged((*Socket)(s), RoomsChange(change))
}

func (w watching) Upgraded(s *socketio.Socket) { w.app.Upgraded((*Socket)(s)) }

func (w watching) RoomOccupied(namespace, room string, occupied bool) {
	if occupied {
		w.app.RoomOccupied(namespace, room)
	} else {
		w.app.RoomVacated(namespace, room)
	}
}

func (w watching) UserPresent(namespace, user string, present bool) {
	if present {
		w.app.UserPresent(namespace, user)
	} else {
		w.app.UserAbsent(namespace, user)
	}
}

func (w watching) AttemptGone(a *socketio.Attempt) {
	if outer, ok := a.Tag().(*ConnectAttempt); ok { // else the application has not heard of it
		w.app.AttemptGone(outer)
	}
}

func (w watching) ConnectRefused(h *request.Handshake, namespace, why, message string) {
	w.app.ConnectFailed(ConnectFailure{
		Why: Refusal(why), Code: -1, Message: message, Namespace: namespace,
		Origin: h.Origin(), RemoteAddress: h.RemoteAddress(),
	})
}

func (w watching) EventDropped(s *socketio.Socket, event, reason string) {
	w.app.EventDropped((*Socket)(s), event, DropReason(reason))
}
