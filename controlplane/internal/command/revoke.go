package command

import (
	"errors"
	"maps"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/fault"
	"github.com/siohub/siohub/hub"
)

// DetailRevoked is what groups are told with the disconnect.
const DetailRevoked = "revoked"

// Revocation is whose authorization ends.
type Revocation struct {
	// Users are those that the command names, told first.
	Users []string
	// Sockets are all sockets that it meets here, of its users too, told once they are
	// found.
	Sockets []*hub.Socket
}

// revoke closes the connections of users and of sockets, in every namespace. Decisions
// that are kept for them end before, so that whoever comes back is decided upon anew.
func (x *Executor) revoke(r Request, op *hubv1.Revoke) *hubv1.Result {
	if len(op.GetUsers())+len(op.GetSockets()) == 0 {
		return failed(fault.At(fault.EmptyTarget, "revoke", "names nobody"))
	}
	// Decisions for users end before their sockets are looked for: whoever is let in by
	// one a moment later is either among these, or sees that it has ended.
	x.tellRevoked(Revocation{Users: op.GetUsers()})
	targets := make([]hub.Target, 0, 4)
	var met Revocation
	stats := x.hub.Stats()
	namespaces := maps.Clone(stats.Away)
	maps.Copy(namespaces, stats.Sockets)
	for namespace := range namespaces {
		t := hub.Target{Namespace: namespace, Users: op.GetUsers(), Sockets: op.GetSockets()}
		sockets, err := x.hub.FetchSockets(t)
		if err != nil {
			return failed(fault.Of(err, "revoke"))
		}
		if len(sockets) > 0 || stats.Away[namespace] > 0 {
			targets = append(targets, t)
			met.Sockets = append(met.Sockets, sockets...)
		}
	}
	x.tellRevoked(met)
	var failures []error
	stored := 0
	for _, t := range targets {
		// A connection that is closed in one namespace is closed in all.
		out, err := x.hub.Disconnect(r.Batch, t, hub.DisconnectOptions{MayReturn: true, Detail: DetailRevoked})
		stored += out.Stored
		failures = append(failures, err)
	}
	n := len(met.Sockets)
	return resultOf(hub.Outcome{Matched: n, Queued: n, Stored: stored}, fault.Of(errors.Join(failures...), "revoke"))
}

func (x *Executor) tellRevoked(r Revocation) {
	if x.config.Revoked != nil && len(r.Users)+len(r.Sockets) > 0 {
		x.config.Revoked(r)
	}
}
