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
	user          string
	data          []byte
	version       uint64
	rooms         map[string]bool // without its own and its user's
	handshake     *hubv1.Handshake
	connectTime   *timestamppb.Timestamp
	state         state
	introduced    bool // the service got, or will get, `connected`
	client        *Client
}

type state int

const (
	connecting state = iota
	open
	gone
)

func (s *socket) name() string { return s.namespace + " " + s.id }

func (s *socket) proto() *hubv1.Socket {
	return &hubv1.Socket{Id: s.id, Namespace: s.namespace, User: s.user, Data: s.data, DataVersion: s.version, Transport: "websocket"}
}

func (s *socket) roomNames() []string { return slices.Sorted(maps.Keys(s.rooms)) }

func (s *socket) in(room string) bool {
	return s.rooms[room] || room == s.id || s.user != "" && room == "user:"+s.user
}

// joinLocked lets the browser in.
func (h *Hub) joinLocked(s *socket, accept *hubv1.Accept) {
	s.state = open
	s.user, s.data = accept.GetUser(), accept.GetData()
	if len(s.data) > 0 {
		s.version = 1
	}
	for _, room := range accept.GetRooms() {
		s.rooms[room] = true
	}
	s.connectTime = timestamppb.Now()
}

// leaveLocked takes the browser out, and tells the service if it ever heard of it.
func (h *Hub) leaveLocked(s *socket, reason string, code uint32) {
	if s.state != open {
		return
	}
	s.state = gone
	s.client.reason = reason
	if s.introduced {
		h.ledger.deliverLocked(s, &hubv1.Delivery{Body: &hubv1.Delivery_Disconnected{Disconnected: &hubv1.Disconnected{
			Reason: reason, CloseCode: code, Rooms: s.roomNames(), DisconnectTime: timestamppb.Now(),
		}}}, true)
	}
	s.client.forgetAcksLocked()
	h.changedLocked()
}

// pickLocked returns the sockets of a target, by id.
func (h *Hub) pickLocked(t *hubv1.Target) ([]*socket, *hubv1.Status) {
	if !t.GetAll() && len(t.GetSockets())+len(t.GetRooms())+len(t.GetUsers()) == 0 {
		return nil, invalid("EMPTY_TARGET", "target")
	}
	var picked []*socket
	for _, id := range slices.Sorted(maps.Keys(h.sockets)) {
		s := h.sockets[id]
		if s.state == open && s.namespace == t.GetNamespace() &&
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

func (h *Hub) roomsLocked(namespace, prefix string) []*hubv1.Room {
	counts := map[string]uint32{}
	for _, s := range h.sockets {
		if s.state != open || s.namespace != namespace {
			continue
		}
		for room := range s.rooms {
			counts[room]++
		}
		if s.user != "" {
			counts["user:"+s.user]++
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

func invalid(reason, field string) *hubv1.Status {
	return &hubv1.Status{
		Code: hubv1.Code_CODE_INVALID_ARGUMENT, Reason: reason, Field: field,
		Message: fmt.Sprintf("servicetest: %s", strings.ToLower(strings.ReplaceAll(reason, "_", " "))),
	}
}
