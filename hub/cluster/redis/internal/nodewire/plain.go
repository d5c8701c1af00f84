package nodewire

import (
	"unicode/utf8"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/msgpacket"
)

// isPlain reports whether a broadcast has nothing that hubs add, but for how many of the names are sockets, and only
// texts that JSON says as they are. Most are, and are written without a detour over JSON, which is more than half of
// the work.
func isPlain(m *Message) bool {
	const most = 127 // a number of one byte
	t := &m.Target
	if m.Timeout > 0 || m.Sequence > 0 || len(m.Leave) > 0 || m.Disconnect != (cluster.Disconnect{}) || len(t.Sockets) > most || len(t.ExceptSockets) > most || lossy(m.Event.Args) {
		return false
	}
	for _, list := range [...][]string{t.Sockets, t.Rooms, t.Users, t.ExceptSockets, t.ExceptRooms, t.ExceptUsers} {
		for _, n := range list {
			if !utf8.ValidString(n) {
				return false
			}
		}
	}
	return utf8.ValidString(m.UID) && utf8.ValidString(m.Namespace) && utf8.ValidString(m.Event.Event)
}

// appendPackedOptions appends what appendOptions does, for a broadcast that is plain.
func appendPackedOptions(buf []byte, m *Message) []byte {
	t, e := &m.Target, m.Event
	sockets, except := len(t.Sockets), len(t.ExceptSockets)
	buf = append(buf, "\x83\xa5rooms"...)
	if t.All {
		buf, sockets = msgpacket.AppendArrayLen(buf, 0), 0
	} else {
		buf = appendPackedNames(buf, t.Sockets, t.Rooms, t.Users)
	}
	buf = appendPackedNames(append(buf, "\xa6except"...), t.ExceptSockets, t.ExceptRooms, t.ExceptUsers)
	buf = appendMapLen(append(buf, "\xa5flags"...), e.Volatile, e.NoCompress, sockets+except > 0)
	if e.Volatile {
		buf = append(buf, "\xa8volatile\xc3"...)
	}
	if e.NoCompress {
		buf = append(buf, "\xa8compress\xc2"...)
	}
	if sockets+except == 0 {
		return buf
	}
	buf = appendMapLen(append(buf, "\xa3hub"...), sockets > 0, except > 0)
	if sockets > 0 {
		buf = append(buf, '\xa1', 's', byte(sockets))
	}
	if except > 0 {
		buf = append(buf, '\xa1', 'x', byte(except))
	}
	return buf
}

// appendMapLen appends the head of a map with the members that there are.
func appendMapLen(buf []byte, members ...bool) []byte {
	head := byte(0x80)
	for _, is := range members {
		if is {
			head++
		}
	}
	return append(buf, head)
}

func appendPackedNames(buf []byte, sockets, rooms, users []string) []byte {
	buf = msgpacket.AppendArrayLen(buf, len(sockets)+len(rooms)+len(users))
	for _, n := range sockets {
		buf = msgpacket.AppendString(buf, n)
	}
	for _, n := range rooms {
		buf = msgpacket.AppendString(buf, n)
	}
	for _, n := range users {
		buf = msgpacket.AppendString(buf, userPrefix+n)
	}
	return buf
}

// sizeOf is about how long a message is in any form: to be wrong costs a copy.
func sizeOf(m *Message) int {
	const frame = 192 // the names of the members, and the sender
	n := frame + len(m.Namespace) + len(m.RequestID)
	if m.Event != nil {
		n += len(m.Event.Event) + len(m.Event.Args)
	}
	t := &m.Target
	for _, list := range [...][]string{t.Sockets, t.Rooms, t.Users, t.ExceptSockets, t.ExceptRooms, t.ExceptUsers} {
		for _, name := range list {
			n += len(name) + 4
		}
	}
	for _, a := range attachmentsOf(m) {
		n += len(a) + 5
	}
	return n
}
