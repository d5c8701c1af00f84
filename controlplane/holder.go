package controlplane

import (
	hubv1 "github.com/siohub/siohub/gen/hub/v1"

	"github.com/siohub/siohub/controlplane/internal/contract"
	"github.com/siohub/siohub/controlplane/internal/dispatch"
	"github.com/siohub/siohub/controlplane/internal/facts"
	"github.com/siohub/siohub/hub"
)

// RoomsChanged implements hub.Watcher.
func (w *watching) RoomsChanged(hs *hub.Socket, change hub.RoomsChange) {
	tellHolder(hs, func(m *member, sink dispatch.Sink) {
		m.tell(sink, hubv1.Kind_KIND_ROOMS, func(hs *hub.Socket) *hubv1.Notice { return roomsChanged(hs, change) })
	})
}

// roomsChanged says how the rooms of a socket have changed.
func roomsChanged(hs *hub.Socket, change hub.RoomsChange) *hubv1.Notice {
	return &hubv1.Notice{Kind: hubv1.NoticeKind_NOTICE_KIND_ROOMS_CHANGED, Count: 1,
		Fact: &hubv1.Notice_RoomsChanged{RoomsChanged: &hubv1.RoomsChanged{
			SocketId: hs.ID(), Namespace: hs.Namespace(), Joined: change.Joined, Left: change.Left, RoomsVersion: change.Version,
		}}}
}

// Upgraded implements hub.Watcher.
func (w *watching) Upgraded(hs *hub.Socket) {
	tellHolder(hs, func(m *member, sink dispatch.Sink) {
		m.tell(sink, hubv1.Kind_KIND_UPGRADED, func(hs *hub.Socket) *hubv1.Notice {
			return &hubv1.Notice{Kind: hubv1.NoticeKind_NOTICE_KIND_UPGRADED, Count: 1,
				Fact: &hubv1.Notice_Upgraded{Upgraded: &hubv1.Upgraded{
					SocketId: hs.ID(), Namespace: hs.Namespace(), Transport: hs.Transport(),
				}}}
		})
	})
}

// tellHolder tells a fact of a socket to the instances that hold it, one of each group.
func tellHolder(hs *hub.Socket, tell func(*member, dispatch.Sink)) {
	so, ok := hs.Tag().(*socket)
	if !ok {
		return
	}
	for _, m := range so.all() {
		m.lane.Tell(func(sink dispatch.Sink) { tell(m, sink) })
	}
}

// tell tells a fact of the socket to an instance, if that asks for its kind.
func (m *member) tell(sink dispatch.Sink, kind hubv1.Kind, notice func(*hub.Socket) *hubv1.Notice) {
	if a, ok := sink.(*attachment); ok && m.interest(a).Wants(kind) {
		a.TellFact(contract.NoticeItem(notice(m.socket.hub)))
	}
}

// TellFact implements facts.Instance.
func (o *outbound) TellFact(item *hubv1.Item) { o.a.out.Fact(item) }

// Waiting implements facts.Instance.
func (o *outbound) Waiting() int { return o.a.out.Queue.Len() }

// Closed implements facts.Instance.
func (o *outbound) Closed() bool { return o.a.isClosed() }

// RoomOccupied implements hub.Watcher.
func (w *watching) RoomOccupied(namespace, room string) {
	w.listeners.Learn(facts.Room(namespace, room), true)
}

// RoomVacated implements hub.Watcher.
func (w *watching) RoomVacated(namespace, room string) {
	w.listeners.Learn(facts.Room(namespace, room), false)
}

// UserPresent implements hub.Watcher.
func (w *watching) UserPresent(namespace, user string) {
	w.listeners.Learn(facts.User(namespace, user), true)
}

// UserAbsent implements hub.Watcher.
func (w *watching) UserAbsent(namespace, user string) {
	w.listeners.Learn(facts.User(namespace, user), false)
}
