package nodewire

import (
	"strconv"
	"strings"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// flags are the options of a broadcast or another command.
type flags struct {
	volatile, noCompress bool
	timeout              int64 // in milliseconds
	mark                 mark
}

// mark is what hubs add.
type mark struct {
	sockets, except   int
	detail            string
	mayReturn, forget bool
	sequence          uint64
	args              []byte   // of an event, as they were
	leave             []string // what is left as well
	closes            bool
}

// names reads an array of names.
func (c *Codec) names(array []byte) (names []string, err error) {
	if isNull(array) {
		return nil, nil
	}
	is := elements(array, func(value []byte) bool {
		n, ok := name(value)
		switch {
		case !ok:
			err = errShape
		case len(n) > c.limits.NameBytes:
			err = errName
		case len(names) == c.limits.Names:
			err = errNames
		}
		names = append(names, n)
		return err == nil
	})
	if !is {
		return nil, errShape
	}
	return names, err
}

// options reads opts: whom a message concerns, and how.
func (c *Codec) options(m *Message, opts []byte) (f flags, err error) {
	var rooms, except []string
	is := members(opts, func(key, value []byte) bool {
		switch string(key) {
		case "rooms":
			rooms, err = c.names(value)
		case "except":
			except, err = c.names(value)
		case "flags":
			f = c.readFlags(value)
		}
		return err == nil
	})
	if !is {
		return f, errShape
	}
	if err != nil {
		return f, err
	}
	t := &m.Target
	t.All = len(rooms) == 0
	t.Sockets, t.Rooms, t.Users = sorted(rooms, f.mark.sockets)
	t.ExceptSockets, t.ExceptRooms, t.ExceptUsers = sorted(except, f.mark.except)
	m.Sequence, m.Timeout = f.mark.sequence, f.timeout
	return f, nil
}

// sorted takes names apart: the first few are exact sockets, users have their prefix.
func sorted(names []string, exact int) (sockets, rooms, users []string) {
	if exact = min(exact, len(names)); exact > 0 {
		sockets = names[:exact:exact]
	}
	for _, n := range names[exact:] {
		if user, is := strings.CutPrefix(n, userPrefix); is {
			users = append(users, user)
		} else {
			rooms = append(rooms, n)
		}
	}
	return sockets, rooms, users
}

// readFlags reads what is known, and passes over what is of another shape as Node does.
func (c *Codec) readFlags(data []byte) (f flags) {
	members(data, func(key, value []byte) bool {
		switch string(key) {
		case "volatile":
			f.volatile = isTrue(value)
		case "compress":
			f.noCompress = string(value) == "false"
		case "timeout":
			f.timeout, _ = whole(value)
		case "hub":
			f.mark = c.readMark(value)
		}
		return true
	})
	return f
}

func (c *Codec) readMark(data []byte) (m mark) {
	members(data, func(key, value []byte) bool {
		switch string(key) {
		case "s":
			m.sockets = count(value)
		case "x":
			m.except = count(value)
		case "d":
			m.detail, _ = text(value)
		case "r":
			m.mayReturn = isTrue(value)
		case "f":
			m.forget = isTrue(value)
		case "c":
			m.closes = isTrue(value)
		case "l":
			m.leave, _ = c.names(value)
		case "a":
			args, _ := text(value)
			m.args = []byte(args)
		case "n":
			m.sequence, _ = strconv.ParseUint(string(value), 10, 64)
		}
		return true
	})
	return m
}

// count is a number of names.
func count(value []byte) int {
	const most = 1 << 30
	n, ok := whole(value)
	if !ok {
		return 0
	}
	return int(min(n, most))
}

// withoutReserved takes away the names that no room may have. It changes the slice.
func withoutReserved(names []string) (left []string, out int) {
	left = names[:0]
	for _, n := range names {
		if n != "" && n[0] == reserved {
			out++
			continue
		}
		left = append(left, n)
	}
	return left, out
}

// appendNames appends an array of names: sockets, rooms, and users.
func appendNames(buf []byte, sockets, rooms, users []string) []byte {
	buf = append(buf, '[')
	first := true
	comma := func() {
		if !first {
			buf = append(buf, ',')
		}
		first = false
	}
	for _, list := range [][]string{sockets, rooms} {
		for _, n := range list {
			comma()
			buf = siopacket.AppendString(buf, n)
		}
	}
	for _, n := range users {
		comma()
		buf = siopacket.AppendString(buf, userPrefix+n)
	}
	return append(buf, ']')
}

// appendOptions appends opts.
func appendOptions(buf []byte, m *Message) []byte {
	t := &m.Target
	buf = append(buf, `{"rooms":`...)
	if t.All {
		buf = append(buf, "[]"...)
	} else {
		buf = appendNames(buf, t.Sockets, t.Rooms, t.Users)
	}
	buf = append(buf, `,"except":`...)
	buf = appendNames(buf, t.ExceptSockets, t.ExceptRooms, t.ExceptUsers)
	buf = append(buf, `,"flags":{`...)
	from := len(buf)
	if e := m.Event; e != nil {
		buf = appendMember(buf, from, e.Volatile, `"volatile":true`)
		buf = appendMember(buf, from, e.NoCompress, `"compress":false`)
	}
	if m.Timeout > 0 {
		buf = appendMember(buf, from, true, `"timeout":`)
		buf = strconv.AppendInt(buf, m.Timeout, 10)
	}
	buf = appendMark(buf, from, m)
	return append(buf, "}}"...)
}

// appendMember appends a member to an object whose first one stands at from, if it is wanted.
func appendMember(buf []byte, from int, wanted bool, text string) []byte {
	if !wanted {
		return buf
	}
	if len(buf) > from {
		buf = append(buf, ',')
	}
	return append(buf, text...)
}

// appendMark appends what hubs add, if there is any.
func appendMark(buf []byte, flags int, m *Message) []byte {
	t, d := &m.Target, &m.Disconnect
	sockets := len(t.Sockets)
	if t.All {
		sockets = 0
	}
	var exact []byte
	if m.Event != nil && lossy(m.Event.Args) {
		exact = m.Event.Args
	}
	if sockets == 0 && len(t.ExceptSockets) == 0 && *d == (cluster.Disconnect{CloseTransport: d.CloseTransport}) && m.Sequence == 0 && len(exact) == 0 && len(m.Leave) == 0 {
		return buf
	}
	buf = appendMember(buf, flags, true, `"hub":{`)
	from := len(buf)
	number := func(text string, n uint64) {
		if n > 0 {
			buf = strconv.AppendUint(appendMember(buf, from, true, text), n, 10)
		}
	}
	number(`"s":`, uint64(sockets))
	number(`"x":`, uint64(len(t.ExceptSockets)))
	number(`"n":`, m.Sequence)
	if d.Detail != "" {
		buf = siopacket.AppendString(appendMember(buf, from, true, `"d":`), d.Detail)
	}
	if len(exact) > 0 {
		buf = siopacket.AppendString(appendMember(buf, from, true, `"a":`), string(exact))
	}
	if len(m.Leave) > 0 {
		buf = appendNames(appendMember(buf, from, true, `"l":`), nil, m.Leave, nil)
	}
	buf = appendMember(buf, from, d.MayReturn, `"r":true`)
	buf = appendMember(buf, from, d.MayReturn && d.CloseTransport, `"c":true`)
	buf = appendMember(buf, from, d.Forget, `"f":true`)
	return append(buf, '}')
}
