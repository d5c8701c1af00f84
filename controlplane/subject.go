package controlplane

import (
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// subject is whom a delivery is about, for metrics and debug lines.
type subject struct {
	namespace, socket, user string
}

// subjectOf is empty for a delivery that is about no socket.
func subjectOf(d *dispatch.Delivery) subject {
	switch body := d.Body.(type) {
	case *hub.Event:
		return subjectOfSocket(body.Socket)
	case *connect:
		return subject{namespace: body.attempt.Namespace(), socket: body.attempt.SocketID()}
	case *introduction:
		return subjectOfSocket(body.socket.hub)
	case *departure:
		return subjectOfSocket(body.socket.hub)
	}
	return subject{}
}

func subjectOfSocket(hs *hub.Socket) subject {
	if hs == nil {
		return subject{}
	}
	return subject{namespace: hs.Namespace(), socket: hs.ID(), user: hs.User()}
}
