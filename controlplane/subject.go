package controlplane

import (
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/hub"
)

// subject is whom a debug line is about.
type subject struct {
	namespace, socket, user string
}

// subjectOf has the namespace alone for a delivery that is about no socket.
func subjectOf(d *dispatch.Delivery) subject {
	if t, ok := d.Body.(*try); ok {
		return subjectOfAttempt(t.connect.attempt)
	}
	if so := socketOf(d); so != nil {
		return subjectOfSocket(so.hub)
	}
	return subject{namespace: namespaceOf(d)}
}

func subjectOfSocket(hs *hub.Socket) subject {
	return subject{namespace: hs.Namespace(), socket: hs.ID(), user: hs.User()}
}

// subjectOfAttempt has no user: that is what the decision gives.
func subjectOfAttempt(a *hub.ConnectAttempt) subject {
	return subject{namespace: a.Namespace(), socket: a.SocketID()}
}
