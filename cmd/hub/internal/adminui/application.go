package adminui

import (
	"time"

	"github.com/siohub/siohub/hub"
	"github.com/siohub/siohub/hub/cluster"
)

var (
	_ hub.Application = (*UI)(nil)
	_ hub.Watcher     = (*UI)(nil)
	_ hub.Keeper      = (*UI)(nil)
	_ hub.Decider     = (*UI)(nil)
	_ hub.Peer        = (*UI)(nil)
)

// next is the application behind the UI, with what else it may be. The hub takes the UI for all of it.
type next struct {
	hub.Application
	watcher hub.Watcher
	keeper  hub.Keeper
	decider hub.Decider
	peer    hub.Peer
}

func nextOf(app hub.Application) next {
	n := next{Application: app}
	n.watcher, _ = app.(hub.Watcher)
	n.keeper, _ = app.(hub.Keeper)
	n.decider, _ = app.(hub.Decider)
	n.peer, _ = app.(hub.Peer)
	return n
}

// Knows implements hub.Application.
func (u *UI) Knows(namespace string) bool { return u.site.mine(namespace) || u.next.Knows(namespace) }

// Connect implements hub.Application.
func (u *UI) Connect(a *hub.ConnectAttempt) {
	if u.site.mine(a.Namespace()) {
		u.guard.ask(a)
		return
	}
	u.next.Connect(a)
}

// Connected implements hub.Application.
func (u *UI) Connected(s *hub.Socket) {
	if u.site.mine(s.Namespace()) {
		u.pages.connected(s)
	} else {
		defer u.next.Connected(s)
	}
	if u.teller.tells.Load() {
		u.teller.connected(s)
	}
}

// Event implements hub.Application.
func (u *UI) Event(e *hub.Event) {
	if u.site.mine(e.Socket.Namespace()) {
		u.commands.said(e)
		return
	}
	if u.teller.tells.Load() {
		u.teller.received(e)
	}
	u.next.Event(e)
}

// Disconnected implements hub.Application.
func (u *UI) Disconnected(s *hub.Socket, d hub.Disconnect) {
	if u.site.mine(s.Namespace()) {
		u.pages.disconnected(s)
	} else {
		defer u.next.Disconnected(s, d)
	}
	if u.teller.tells.Load() {
		u.teller.disconnected(s, d)
	}
}

// RoomsChanged implements hub.Watcher.
func (u *UI) RoomsChanged(s *hub.Socket, change hub.RoomsChange) {
	if u.teller.tells.Load() {
		u.teller.roomsChanged(s, change)
	}
	if u.next.watcher != nil && !u.site.mine(s.Namespace()) {
		u.next.watcher.RoomsChanged(s, change)
	}
}

// Upgraded implements hub.Watcher.
func (u *UI) Upgraded(s *hub.Socket) {
	if u.teller.tells.Load() {
		u.teller.upgraded(s)
	}
	if u.next.watcher != nil && !u.site.mine(s.Namespace()) {
		u.next.watcher.Upgraded(s)
	}
}

// RoomOccupied implements hub.Watcher.
func (u *UI) RoomOccupied(namespace, room string) {
	if u.next.watcher != nil && !u.site.mine(namespace) {
		u.next.watcher.RoomOccupied(namespace, room)
	}
}

// RoomVacated implements hub.Watcher.
func (u *UI) RoomVacated(namespace, room string) {
	if u.next.watcher != nil && !u.site.mine(namespace) {
		u.next.watcher.RoomVacated(namespace, room)
	}
}

// UserPresent implements hub.Watcher.
func (u *UI) UserPresent(namespace, user string) {
	if u.next.watcher != nil && !u.site.mine(namespace) {
		u.next.watcher.UserPresent(namespace, user)
	}
}

// UserAbsent implements hub.Watcher.
func (u *UI) UserAbsent(namespace, user string) {
	if u.next.watcher != nil && !u.site.mine(namespace) {
		u.next.watcher.UserAbsent(namespace, user)
	}
}

// AttemptGone implements hub.Watcher.
func (u *UI) AttemptGone(a *hub.ConnectAttempt) {
	if u.next.watcher != nil && !u.site.mine(a.Namespace()) {
		u.next.watcher.AttemptGone(a)
	}
}

// ConnectFailed implements hub.Watcher.
func (u *UI) ConnectFailed(f hub.ConnectFailure) {
	if u.next.watcher != nil && !u.site.mine(f.Namespace) {
		u.next.watcher.ConnectFailed(f)
	}
}

// EventDropped implements hub.Watcher.
func (u *UI) EventDropped(s *hub.Socket, event string, reason hub.DropReason) {
	if u.next.watcher != nil && !u.site.mine(s.Namespace()) {
		u.next.watcher.EventDropped(s, event, reason)
	}
}

// Crowded implements hub.Keeper.
func (u *UI) Crowded() bool { return u.next.keeper != nil && u.next.keeper.Crowded() }

// Room implements hub.Keeper.
func (u *UI) Room(namespace, event string) hub.Room {
	if u.next.keeper == nil || u.site.mine(namespace) {
		return nil
	}
	return u.next.keeper.Room(namespace, event)
}

// DecidedBy implements hub.Decider: pages that wait for their password to be compared take no place from others.
func (u *UI) DecidedBy(namespace string) string {
	switch {
	case u.site.mine(namespace):
		return "admin_ui"
	case u.next.decider != nil:
		return u.next.decider.DecidedBy(namespace)
	}
	return namespace
}

// MembersChanged implements hub.Peer.
func (u *UI) MembersChanged() {
	if u.next.peer != nil {
		u.next.peer.MembersChanged()
	}
}

// Signalled implements hub.Peer.
func (u *UI) Signalled(signal []byte) error {
	if u.next.peer == nil {
		return nil
	}
	return u.next.peer.Signalled(signal)
}

// Asked implements hub.Peer.
func (u *UI) Asked(signal []byte, r cluster.Responder) error {
	if u.next.peer == nil {
		r.Answer(&cluster.Answer{})
		return nil
	}
	return u.next.peer.Asked(signal, r)
}

// ServerSide implements hub.Peer.
func (u *UI) ServerSide(namespace string, m *cluster.Message, reply func(value []byte, attachments [][]byte)) {
	switch {
	case u.site.mine(namespace):
		if m.Event == lookEvent {
			u.pages.lookFor(time.Now().Add(lookTime))
		}
	case u.next.peer != nil:
		u.next.peer.ServerSide(namespace, m, reply)
		return
	}
	if reply != nil {
		reply(nil, nil)
	}
}
