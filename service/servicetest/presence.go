package servicetest

import (
	"maps"
	"slices"

	hubv1 "github.com/siohub/siohub/gen/hub/v1"
)

// key names a room or a user in a namespace.
type key struct{ namespace, name string }

// moveLocked changes a socket's rooms, and tells who asked for it.
func moveLocked(h *Hub, s *socket, join, leave []string) {
	before := maps.Clone(s.rooms)
	for _, room := range join {
		s.rooms[room] = true
	}
	for _, room := range leave {
		delete(s.rooms, room)
	}
	joined, left := without(s.rooms, before), without(before, s.rooms)
	for _, room := range joined {
		countRoomLocked(h, s.namespace, room, 1)
	}
	for _, room := range left {
		countRoomLocked(h, s.namespace, room, -1)
	}
	if len(joined)+len(left) > 0 {
		s.roomsVersion++
		tellMovedLocked(h, s, joined, left)
	}
}

// without are the rooms of one set that are not in another one, sorted.
func without(rooms, others map[string]bool) (rest []string) {
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		if !others[room] {
			rest = append(rest, room)
		}
	}
	return rest
}

// tellMovedLocked tells who asked for it how a socket's rooms have changed.
func tellMovedLocked(h *Hub, s *socket, joined, left []string) {
	changed := &hubv1.RoomsChanged{
		SocketId: s.id, Namespace: s.namespace, Joined: joined, Left: left, RoomsVersion: s.roomsVersion,
	}
	if h.subscriptions.of(s.namespace, hubv1.Kind_KIND_ROOMS) != nil && !s.elsewhere && s.introduced {
		factLocked(h, &hubv1.Notice{Kind: hubv1.NoticeKind_NOTICE_KIND_ROOMS_CHANGED, Fact: &hubv1.Notice_RoomsChanged{RoomsChanged: changed}})
	}
}

func factLocked(h *Hub, n *hubv1.Notice) {
	n.Count = 1
	h.sayLocked(&hubv1.Item{Kind: &hubv1.Item_Notice{Notice: n}})
}

// count counts the sockets of a room or a user: first is their first, last that none is
// left.
func count(counts map[key]int, k key, change int) (first, last bool) {
	before := counts[k]
	counts[k] += change
	if counts[k] == 0 {
		delete(counts, k)
	}
	return before == 0, before+change == 0
}

// countRoomLocked counts the members of a room, and tells of the first and the last.
func countRoomLocked(h *Hub, namespace, room string, change int) {
	k := key{namespace, room}
	switch first, last := count(h.roomCounts, k, change); {
	case first:
		tellRoomLocked(h, k, hubv1.NoticeKind_NOTICE_KIND_ROOM_OCCUPIED)
	case last:
		tellRoomLocked(h, k, hubv1.NoticeKind_NOTICE_KIND_ROOM_VACATED)
	}
}

func tellRoomLocked(h *Hub, k key, kind hubv1.NoticeKind) {
	asked := slices.ContainsFunc(h.subscriptions, func(s *hubv1.Subscription) bool {
		return wants(s, hubv1.Kind_KIND_OCCUPANCY) && matches(s.GetNamespace(), k.namespace) && fits(s.GetRooms(), k.name)
	})
	if asked {
		factLocked(h, &hubv1.Notice{Kind: kind, Fact: &hubv1.Notice_Room{Room: &hubv1.RoomPresence{
			Namespace: k.namespace, Room: k.name, HubId: h.id,
		}}})
	}
}

// userLocked counts the sockets of a user, and tells of the first and the last.
func userLocked(h *Hub, namespace, user string, change int) {
	if user == "" {
		return
	}
	k := key{namespace, user}
	switch first, last := count(h.userCounts, k, change); {
	case first:
		tellUserLocked(h, k, hubv1.NoticeKind_NOTICE_KIND_USER_PRESENT)
	case last:
		tellUserLocked(h, k, hubv1.NoticeKind_NOTICE_KIND_USER_ABSENT)
	}
}

func tellUserLocked(h *Hub, k key, kind hubv1.NoticeKind) {
	if h.subscriptions.of(k.namespace, hubv1.Kind_KIND_USERS) != nil {
		factLocked(h, &hubv1.Notice{Kind: kind, Fact: &hubv1.Notice_User{User: &hubv1.UserPresence{
			Namespace: k.namespace, User: k.name, HubId: h.id,
		}}})
	}
}

// presentLocked tells an instance that attaches of rooms and users.
func presentLocked(h *Hub) {
	for k := range h.roomCounts {
		tellRoomLocked(h, k, hubv1.NoticeKind_NOTICE_KIND_ROOM_OCCUPIED)
	}
	for k := range h.userCounts {
		tellUserLocked(h, k, hubv1.NoticeKind_NOTICE_KIND_USER_PRESENT)
	}
}

// Upgrade lets the browser move from polling to WebSocket.
func (c *Client) Upgrade() {
	c.hub.mu.Lock()
	defer c.hub.mu.Unlock()
	c.socket.transport = "websocket"
	if c.hub.subscriptions.of(c.socket.namespace, hubv1.Kind_KIND_UPGRADED) != nil && !c.socket.elsewhere {
		factLocked(c.hub, &hubv1.Notice{Kind: hubv1.NoticeKind_NOTICE_KIND_UPGRADED, Fact: &hubv1.Notice_Upgraded{Upgraded: &hubv1.Upgraded{
			SocketId: c.socket.id, Namespace: c.socket.namespace, Transport: "websocket",
		}}})
	}
}
