package service

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// maxNotices bounds the notices whose handlers have not run: the hub's window does not
// count them. Beyond it they are dropped, and counted.
const maxNotices = 64 << 10

// tell runs a handler that nobody settles, behind what its lane has already. What comes
// of it is logged. It reports false when too many wait.
func (s *Service) tell(lane string, n *Namespace, socket *Socket, task func(context.Context) error) bool {
	if s.notices.Add(1) > maxNotices {
		s.notices.Add(-1)
		return false
	}
	if socket == nil {
		socket = &Socket{svc: s, s: &hubv1.Socket{Namespace: n.Name()}}
	}
	s.lanes.Add(&work{
		Context: s.life.base, svc: s, key: lane, sub: &subscription{namespace: n}, socket: socket,
		task: func(ctx context.Context) error {
			s.notices.Add(-1)
			return task(ctx)
		},
	})
	return true
}

// notify is tell for a notice, which may be dropped.
func (a *attachment) notify(lane string, n *Namespace, socket *Socket, task func(context.Context) error) {
	if !a.svc.tell(lane, n, socket, task) {
		a.svc.countDropped(1)
	}
}

// countDropped counts notices that had no room.
func (s *Service) countDropped(n int) {
	if n == 0 {
		return
	}
	if sum := s.noticesDropped.Add(int64(n)); sum == int64(n) || sum/1024 != (sum-int64(n))/1024 {
		s.log.Warn("handlers of notices do not keep up: notices are dropped", "count", sum)
	}
	if hook := s.opts.Trace.NoticesDropped; hook != nil {
		hook(n)
	}
}

// noticeCounts are of what is not settled. Safe for concurrent use.
type noticeCounts struct {
	notices        atomic.Int64
	noticesDropped atomic.Int64
}

// notice deals with a fact that the hub tells.
func (a *attachment) notice(n *hubv1.Notice) {
	switch n.GetKind() {
	case hubv1.NoticeKind_NOTICE_KIND_ROOMS_CHANGED:
		a.roomsChanged(n.GetRoomsChanged())
	case hubv1.NoticeKind_NOTICE_KIND_UPGRADED:
		a.upgraded(n.GetUpgraded())
	case hubv1.NoticeKind_NOTICE_KIND_ROOM_OCCUPIED, hubv1.NoticeKind_NOTICE_KIND_ROOM_VACATED:
		a.fact(roomFact(n.GetRoom()), n.GetKind() == hubv1.NoticeKind_NOTICE_KIND_ROOM_OCCUPIED)
	case hubv1.NoticeKind_NOTICE_KIND_USER_PRESENT, hubv1.NoticeKind_NOTICE_KIND_USER_ABSENT:
		a.fact(userFact(n.GetUser()), n.GetKind() == hubv1.NoticeKind_NOTICE_KIND_USER_PRESENT)
	case hubv1.NoticeKind_NOTICE_KIND_INTRODUCED:
		a.introduced()
	case hubv1.NoticeKind_NOTICE_KIND_HUBS:
		a.svc.log.Debug("hubs", "by", a.peer.hubID, "hubs", n.GetHubs())
		a.svc.hubs.hear(a.peer, n.GetHubs().GetHubs())
	default:
		a.warning(n)
	}
}

// warning deals with a notice of something that went wrong.
func (a *attachment) warning(n *hubv1.Notice) {
	svc, err := a.svc, statusError(n.GetStatus())
	if err == nil {
		err = &StatusError{Message: n.GetKind().String()}
	}
	log := svc.log.With("hub", a.peer.hubID, "count", n.GetCount(), "err", err)
	switch n.GetKind() {
	case hubv1.NoticeKind_NOTICE_KIND_COMMAND_FAILED:
		svc.traceCommandFailed(err, uint64(n.GetCount()))
		level := slog.LevelWarn
		if err.Code == codes.Aborted {
			level = slog.LevelDebug // another try does it
		}
		log.Log(a.ctx, level, "commands failed")
	case hubv1.NoticeKind_NOTICE_KIND_DELIVERIES_DROPPED:
		if hook := svc.opts.Trace.DeliveriesDropped; hook != nil {
			hook(err, uint64(n.GetCount()))
		}
		log.Warn("the hub has dropped deliveries")
	case hubv1.NoticeKind_NOTICE_KIND_LIFECYCLE_LOST:
		a.peer.mu.Lock()
		a.peer.dropped = true
		a.peer.mu.Unlock()
		log.Warn("the hub has dropped lifecycle records; live sockets are introduced anew")
	case hubv1.NoticeKind_NOTICE_KIND_UNHANDLED:
		u := n.GetUnhandled()
		if hook := svc.opts.Trace.Unhandled; hook != nil {
			hook(u.GetNamespace(), u.GetEvent(), uint64(n.GetCount()))
		}
		log.Warn("nobody gets an event", "namespace", u.GetNamespace(), "event", u.GetEvent())
	default:
		log.Warn("notice from the hub", "kind", n.GetKind())
	}
}

func (a *attachment) roomsChanged(c *hubv1.RoomsChanged) {
	m := a.peer.roomsChanged(c)
	if m == nil || m.namespace.handlers.rooms == nil {
		return
	}
	changed := &RoomsChanged{
		Socket: &Socket{svc: a.svc, s: m.socket}, Joined: c.GetJoined(), Left: c.GetLeft(),
	}
	a.notify(c.GetSocketId(), m.namespace, changed.Socket, func(ctx context.Context) error {
		return m.namespace.handlers.rooms(ctx, changed)
	})
}

// upgraded finds the namespace by its name or, without members, asks each: the notice
// has no subscription.
func (a *attachment) upgraded(u *hubv1.Upgraded) {
	for _, n := range a.svc.registry.within(u.GetNamespace()) {
		if n.handlers.upgraded == nil {
			continue
		}
		socket := &Socket{svc: a.svc, s: &hubv1.Socket{Id: u.GetSocketId(), Namespace: u.GetNamespace(), Transport: u.GetTransport()}}
		if m := a.peer.find(u.GetSocketId()); m != nil {
			socket.s = m.socket
		}
		upgraded := &Upgraded{Socket: socket, Transport: u.GetTransport()}
		a.notify(u.GetSocketId(), n, socket, func(ctx context.Context) error { return n.handlers.upgraded(ctx, upgraded) })
		return
	}
}

// introduced reconciles what this process knows with who is there.
func (a *attachment) introduced() {
	released, gone := a.peer.introduced()
	for _, m := range released {
		a.svc.release(m, "MOVED")
	}
	for _, m := range gone {
		a.svc.ghost(m, "")
	}
	a.svc.countDropped(a.svc.facts.sweep(a.peer.hubID, a.peer.current()))
	if h := a.svc.registry.introduced; h != nil {
		h(a.peer.hubID)
	}
}

// released tells the program of sockets that are another process's by now.
func (a *attachment) released(r *hubv1.Released) {
	for _, m := range a.peer.release(r.GetSocketIds()) {
		a.svc.release(m, r.GetReason())
	}
}

// release runs OnReleased. It is bounded by the members that there are.
func (s *Service) release(m *member, reason string) {
	h := m.namespace.handlers.released
	if h == nil {
		return
	}
	released := &Released{Socket: &Socket{svc: s, s: m.socket}, Reason: reason}
	s.lanes.Add(&work{
		Context: s.life.base, svc: s, key: m.socket.GetId(), sub: &subscription{namespace: m.namespace},
		socket: released.Socket, task: func(ctx context.Context) error { return h(ctx, released) },
	})
}

// ghost makes the disconnect of a socket whose hub cannot tell it any more.
func (s *Service) ghost(m *member, detail string) {
	if m.namespace.handlers.disconnect == nil {
		return
	}
	s.lanes.Add(&work{
		Context: s.life.base, svc: s, key: m.socket.GetId(), sub: &subscription{namespace: m.namespace},
		socket: &Socket{svc: s, s: m.socket}, delivery: m.disconnected(detail),
	})
}

func deadlineOf(d *hubv1.Drain) time.Time {
	if d.GetDeadline() == nil {
		return time.Time{}
	}
	return d.GetDeadline().AsTime()
}
