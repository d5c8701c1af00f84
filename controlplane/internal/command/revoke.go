package command

import (
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

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
	// Away are all sessions that it meets whose browsers are away, told with Sockets.
	Away []hub.SessionRecovery
}

// revocations ends authorizations, here and at the other hubs. Its methods are safe for concurrent use.
type revocations struct {
	// Set by New.
	private []string         // namespaces that are left alone
	tell    func(Revocation) // nil: nobody is told

	// Set by Bind, before there is traffic.
	hub *hub.Hub
}

// revoke closes the connections of users and of sockets, in every namespace. Decisions
// that are kept for them end before, and their sessions with them, those that are away too,
// so that whoever comes back is decided upon anew, and begins anew.
func (v *revocations) revoke(r Request, op *hubv1.Revoke) *hubv1.Result {
	if len(op.GetUsers())+len(op.GetSockets()) == 0 {
		return failed(fault.At(fault.EmptyTarget, "revoke", "names nobody"))
	}
	result := v.here(r.Batch, op)
	if result.Status != nil {
		return result
	}
	missing, f := v.everywhere(op)
	if f != nil {
		return failed(f)
	}
	result.MissingHubIds = missing
	return result
}

// here does it at this hub.
func (v *revocations) here(b *hub.Batch, op *hubv1.Revoke) *hubv1.Result {
	// Decisions for users end before their sockets are looked for: whoever is let in by
	// one a moment later is either among these, or sees that it has ended.
	v.told(Revocation{Users: op.GetUsers()})
	var targets []hub.Target
	var met Revocation
	for _, namespace := range v.hub.Namespaces() {
		if slices.Contains(v.private, namespace) {
			continue
		}
		t := hub.Target{Namespace: namespace, Users: op.GetUsers(), Sockets: op.GetSockets()}
		sockets, err := v.hub.FetchSockets(t)
		if err != nil {
			return failed(fault.Of(err, "revoke"))
		}
		away, err := v.hub.FetchAway(t)
		if err != nil {
			return failed(fault.Of(err, "revoke"))
		}
		targets = append(targets, t) // one may come just now
		met.Sockets, met.Away = append(met.Sockets, sockets...), append(met.Away, away...)
	}
	v.told(met)
	var failures []error
	stored := 0
	for _, t := range targets {
		// A connection that is closed in one namespace is closed in all.
		out, err := v.hub.Disconnect(b, t, hub.DisconnectOptions{MayReturn: true, Forget: true, Local: true, Detail: DetailRevoked})
		stored += out.Stored
		failures = append(failures, err)
	}
	n := len(met.Sockets)
	return resultOf(hub.Outcome{Matched: n, Queued: n, Stored: stored}, fault.Of(errors.Join(failures...), "revoke"))
}

func (v *revocations) told(r Revocation) {
	if v.tell != nil && len(r.Users)+len(r.Sockets)+len(r.Away) > 0 {
		v.tell(r)
	}
}

// everywhere tells the other hubs whose authorization ends.
func (v *revocations) everywhere(op *hubv1.Revoke) (missing []string, f *fault.Fault) {
	if alone(v.hub) {
		return nil, nil
	}
	data, err := proto.Marshal(op)
	if err != nil {
		return nil, fault.Of(err, "revoke")
	}
	return v.hub.Cluster().Signal((&signal{Revoke: data}).encode()), nil
}
