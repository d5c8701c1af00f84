package servicetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// socket is a browser in a namespace as the hub knows it. Guarded by Hub.mu.
type socket struct {
	id, namespace string
	clientID      string
	traceparent   string
	user          string
	data          []byte
	version       uint64
	toldData      uint64          // version that the service was told, and one more; 0: none
	rooms         map[string]bool // without its own
	roomsVersion  uint64
	handshake     *hubv1.Handshake
	transport     string
	auth          []byte
	keptAuth      []byte
	connectTime   *timestamppb.Timestamp
	state         state
	introduced    bool   // the service got, or will get, `connected`
	introductions uint32 // how often
	dedupeID      []byte // of its `connected`
	elsewhere     bool   // another instance holds it
	client        *Client
	session       // what there is for a browser that comes back
}

type state int

const (
	connecting state = iota
	open
	away // may take up its session
	gone
)

func (s *socket) name() string { return s.namespace + " " + s.id }

func (s *socket) proto() *hubv1.Socket {
	return &hubv1.Socket{
		Id: s.id, Namespace: s.namespace, User: s.user, Data: s.data, DataVersion: s.version,
		HubId: s.client.hub.id, Transport: s.transport, ClientId: s.clientID,
	}
}

// forDelivery is the socket with its data as far as the subscription wants it now.
func (s *socket) forDelivery(when hubv1.SocketData) *hubv1.Socket {
	p := s.proto()
	if when == hubv1.SocketData_SOCKET_DATA_NEVER ||
		when == hubv1.SocketData_SOCKET_DATA_ON_CHANGE && s.toldData == s.version+1 {
		p.Data = nil
	}
	s.toldData = s.version + 1
	return p
}

func (s *socket) roomNames() []string { return slices.Sorted(maps.Keys(s.rooms)) }

// in reports whether the socket is in a room: its id is the name of one.
func (s *socket) in(room string) bool { return s.rooms[room] || room == s.id }

// joinLocked lets the browser in.
func joinLocked(h *Hub, s *socket, accept *hubv1.Accept) {
	s.state = open
	s.user, s.data = accept.GetUser(), accept.GetData()
	if len(s.data) > 0 {
		s.version = 1
	}
	if accept.GetKeepAuth() {
		s.keptAuth = s.auth
	}
	s.connectTime = timestamppb.Now()
	s.client.policy = accept.GetPolicy()
	moveLocked(h, s, accept.GetRooms(), nil)
	userLocked(h, s.namespace, s.user, 1)
	expireLocked(h, s, accept)
}

// leaveLocked takes the browser out, and tells the service if it ever heard of it.
func leaveLocked(h *Hub, s *socket, reason string, code uint32, detail string) {
	if s.state != open {
		return
	}
	s.state = gone
	s.client.reason = reason
	s.client.stopTimers()
	gone := &hubv1.Disconnected{
		Reason: reason, CloseCode: code, Detail: detail, Rooms: s.roomNames(), DisconnectTime: timestamppb.Now(),
	}
	if h.recovery > 0 && recoverable(reason) && detail != detailRevoked {
		gone.RecoverableUntil = goAwayLocked(h, s)
	}
	observeLocked(h, s, hubv1.Kind_KIND_DISCONNECTED, "", &hubv1.Observation{Body: &hubv1.Observation_Disconnected{Disconnected: gone}})
	sub := h.subscriptions.of(s.namespace, hubv1.Kind_KIND_DISCONNECTED)
	if s.introduced && sub != nil && !s.elsewhere {
		d := h.ledger.newDelivery(s, sub, &hubv1.Delivery{Body: &hubv1.Delivery_Disconnected{Disconnected: gone}})
		h.ledger.holdLocked(d, sub.GetDisconnectGrace().AsDuration())
		h.ledger.queueLocked(d)
	}
	for room := range s.rooms {
		countRoomLocked(h, s.namespace, room, -1)
	}
	userLocked(h, s.namespace, s.user, -1)
	s.client.forgetAcksLocked()
	h.changedLocked()
}

// pickLocked returns the sockets of a target, by id.
func pickLocked(h *Hub, t *hubv1.Target) ([]*socket, *hubv1.Status) { return pickInLocked(h, t, open) }

// pickInLocked returns those in a state.
func pickInLocked(h *Hub, t *hubv1.Target, in state) ([]*socket, *hubv1.Status) {
	if !t.GetAll() && len(t.GetSockets())+len(t.GetRooms())+len(t.GetUsers()) == 0 {
		return nil, invalid("EMPTY_TARGET", "target")
	}
	var picked []*socket
	for _, id := range slices.Sorted(maps.Keys(h.sockets)) {
		s := h.sockets[id]
		if s.state == in && (s.namespace == t.GetNamespace() || t.GetAll() && matches(t.GetNamespace(), s.namespace)) &&
			(t.GetAll() || s.isOne(t.GetSockets(), t.GetRooms(), t.GetUsers())) &&
			!s.isOne(t.GetExceptSockets(), t.GetExceptRooms(), t.GetExceptUsers()) {
			picked = append(picked, s)
		}
	}
	return picked, nil
}

func (s *socket) isOne(sockets, rooms, users []string) bool {
	return slices.Contains(sockets, s.id) || slices.ContainsFunc(rooms, s.in) ||
		s.user != "" && slices.Contains(users, s.user)
}

func (s *socket) info(handshake bool) *hubv1.SocketInfo {
	info := &hubv1.SocketInfo{Socket: s.proto(), Rooms: s.roomNames(), ConnectTime: s.connectTime}
	if handshake {
		info.Handshake = s.handshake
	}
	return info
}

func roomsLocked(h *Hub, namespace, prefix string) []*hubv1.Room {
	counts := map[string]uint32{}
	for _, s := range h.sockets {
		if s.state != open || s.namespace != namespace {
			continue
		}
		for room := range s.rooms {
			counts[room]++
		}
	}
	var rooms []*hubv1.Room
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if strings.HasPrefix(name, prefix) {
			rooms = append(rooms, &hubv1.Room{Name: name, SocketCount: counts[name]})
		}
	}
	return rooms
}

func usersLocked(h *Hub, namespace, prefix string) []*hubv1.User {
	counts := map[string]uint32{}
	for _, s := range h.sockets {
		if s.state == open && s.namespace == namespace && s.user != "" && strings.HasPrefix(s.user, prefix) {
			counts[s.user]++
		}
	}
	var users []*hubv1.User
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		users = append(users, &hubv1.User{Id: id, SocketCount: counts[id]})
	}
	return users
}

func invalid(reason, field string) *hubv1.Status {
	return &hubv1.Status{
		Code: hubv1.Code_CODE_INVALID_ARGUMENT, Reason: reason, Field: field,
		Message: fmt.Sprintf("servicetest: %s", strings.ToLower(strings.ReplaceAll(reason, "_", " "))),
	}
}
