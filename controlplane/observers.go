package controlplane

import (
	"slices"
	"strings"
	"time"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/copies"
	"github.com/siohub/siohub/controlplane/internal/route"
	"github.com/siohub/siohub/controlplane/internal/subscription"
	"github.com/siohub/siohub/hub"
)

// Seats implements copies.Hall.
func (r *register) Seats() any {
	if t := r.table.Load(); t.Observed() {
		return t
	}
	return nil
}

// Observers implements copies.Hall.
func (r *register) Observers(seats any, namespace string) []copies.Observer {
	var all []copies.Observer
	for _, c := range observersOf(seats.(*table), namespace) {
		if a := c.Policy.owner; a != nil {
			all = append(all, copies.Observer{
				Group: c.Group.name, Instance: a.instance, Attached: a.attached, To: a.out.Copies, Wants: c.Policy.Subscription,
			})
		}
	}
	return all
}

// observersOf are the claims that observe a namespace: all for the empty one, and for a
// pattern, to which an emit may go, all that have a namespace in common with it.
func observersOf(t *table, namespace string) []*claim {
	pattern := strings.HasSuffix(namespace, "*")
	if namespace != "" && !pattern {
		return t.View(namespace).AllObservers()
	}
	return slices.DeleteFunc(t.Observers(), func(c *claim) bool {
		return pattern && c.Namespace != namespace && !route.Match(c.Namespace, namespace) && !route.Match(namespace, c.Namespace)
	})
}

// Hub implements copies.Socket.
func (s *socket) Hub() *hub.Socket { return s.hub }

// Introduction implements copies.Socket.
func (s *socket) Introduction(sub *subscription.Subscription) *hubv1.Connected {
	return connectedOf(&introduction{socket: s}, sub)
}

// LeftRooms implements copies.Departure.
func (d *departure) LeftRooms() []string { return d.Rooms }

// LeftTime implements copies.Departure.
func (d *departure) LeftTime() time.Time { return d.time }

// Message implements copies.Departure.
func (d *departure) Message() *hubv1.Disconnected {
	m := &hubv1.Disconnected{
		Reason: string(d.Reason), CloseCode: uint32(d.CloseCode),
		Detail: contract.Readable(d.Detail), // it may repeat what a browser sent
		Rooms:  d.Rooms, DisconnectTime: contract.TimeOf(d.time),
	}
	if !d.RecoverableUntil.IsZero() {
		m.RecoverableUntil = contract.TimeOf(d.RecoverableUntil)
	}
	return m
}

// EventDropped implements hub.Watcher.
func (w *watching) EventDropped(hs *hub.Socket, event string, reason hub.DropReason) {
	if so, ok := hs.Tag().(*socket); ok {
		w.observers.Dropped(so, event, "", string(reason))
	}
}

// ConnectFailed implements hub.Watcher.
func (w *watching) ConnectFailed(f hub.ConnectFailure) { w.observers.Failed(f) }
