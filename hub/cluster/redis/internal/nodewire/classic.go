package nodewire

import (
	"strconv"

	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// The types of requests of the classic adapter. Its answers have a type only where it says so.
//
// Source: @socket.io/redis-adapter 8.3, RequestType.
const (
	classicListIDs = iota
	classicListRooms
	classicJoin
	classicLeave
	classicDisconnect
	classicFetch
	classicServerSide // of answers as well
	classicBroadcast
	classicClientCount // of answers
	classicAck         // of answers
)

// classicKinds are the kinds of requests.
var classicKinds = [...]Kind{
	classicListIDs: ListIDs, classicListRooms: ListRooms, classicJoin: Join, classicLeave: Leave, classicDisconnect: Disconnect,
	classicFetch: FetchSockets, classicServerSide: ServerSideEmit, classicBroadcast: Broadcast,
}

// AppendBroadcast appends a broadcast of the classic adapter.
func AppendBroadcast(buf []byte, m *Message) []byte {
	if buf == nil {
		buf = make([]byte, 0, sizeOf(m))
	}
	if isPlain(m) {
		buf = msgpacket.AppendString(msgpacket.AppendArrayLen(buf, 3), m.UID)
		buf = msgpacket.AppendEvent(buf, m.Namespace, m.Event.Event, m.Event.Args, m.Event.Attachments)
		return appendPackedOptions(buf, m)
	}
	data := make([]byte, 0, 256+len(m.Event.Args))
	data = siopacket.AppendString(append(data, '['), m.UID)
	data = appendPacket(append(data, ','), m)
	data = appendOptions(append(data, ','), m)
	return msgpacket.AppendJSON(buf, append(data, ']'), m.Event.Attachments)
}

// Broadcast reads a broadcast of the classic adapter.
func (c *Codec) Broadcast(message []byte) (*Message, error) {
	data, attachments, err := c.read(message)
	if err != nil {
		return nil, err
	}
	m := &Message{Kind: Broadcast, Namespace: "/"}
	at := 0
	var f flags
	is := elements(data, func(value []byte) bool {
		switch at {
		case 0:
			m.UID, _ = name(value)
		case 1:
			err = c.packet(m, value, attachments)
		case 2:
			f, err = c.options(m, value)
		}
		at++
		return err == nil
	})
	switch {
	case err != nil:
		return nil, err
	case !is || at < 3:
		return nil, errShape
	}
	return m, c.flagged(m, &f)
}

// AppendRequest appends a request of the classic adapter. Its namespace is that of the channel.
func AppendRequest(buf []byte, m *Message) []byte {
	kind := classicListIDs
	for i, k := range classicKinds {
		if k == m.Kind {
			kind = i
		}
	}
	data := siopacket.AppendString(append(make([]byte, 0, 256), `{"uid":`...), m.UID)
	if m.RequestID != "" {
		data = siopacket.AppendString(append(data, `,"requestId":`...), m.RequestID)
	}
	data = strconv.AppendInt(append(data, `,"type":`...), int64(kind), 10)
	switch m.Kind {
	case ListIDs:
		data = appendNames(append(data, `,"rooms":`...), m.Target.Sockets, m.Target.Rooms, m.Target.Users)
	case Join, Leave:
		data = appendOptions(append(data, `,"opts":`...), m)
		data = appendNames(append(data, `,"rooms":`...), nil, m.Names, nil)
	case Disconnect:
		data = appendOptions(append(data, `,"opts":`...), m)
		data = strconv.AppendBool(append(data, `,"close":`...), m.Disconnect.CloseTransport || m.Disconnect.MayReturn)
	case FetchSockets:
		data = appendOptions(append(data, `,"opts":`...), m)
	case ServerSideEmit:
		data = appendEvent(append(data, `,"data":`...), m.Event)
	case Broadcast:
		data = appendPacket(append(data, `,"packet":`...), m)
		data = appendOptions(append(data, `,"opts":`...), m)
	}
	data = append(data, '}')
	if m.Kind == Broadcast || m.Event != nil && len(m.Event.Attachments) > 0 {
		return msgpacket.AppendJSON(buf, data, m.Event.Attachments)
	}
	return append(buf, data...)
}

// request is what stands in a request or answer of the classic adapter.
type request struct {
	kind, uid, id, opts, rooms, closes, sid, room, data, packet, sockets, count []byte
}

func readRequest(data []byte) (r request, is bool) {
	is = members(data, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			r.kind = value
		case "uid":
			r.uid = value
		case "requestId":
			r.id = value
		case "opts":
			r.opts = value
		case "rooms":
			r.rooms = value
		case "close":
			r.closes = value
		case "sid":
			r.sid = value
		case "room":
			r.room = value
		case "data":
			r.data = value
		case "packet":
			r.packet = value
		case "sockets":
			r.sockets = value
		case "clientCount":
			r.count = value
		}
		return true
	})
	return r, is
}

// Request reads a request of the classic adapter that came in a namespace.
func (c *Codec) Request(namespace string, message []byte) (*Message, error) {
	data, attachments, err := c.read(message)
	if err != nil {
		return nil, err
	}
	r, is := readRequest(data)
	if !is {
		return nil, errShape
	}
	kind, ok := whole(r.kind)
	if !ok || kind >= int64(len(classicKinds)) {
		return nil, errKind
	}
	m := &Message{Kind: classicKinds[kind], Namespace: namespace}
	m.UID, _ = name(r.uid)
	if m.RequestID, _ = text(r.id); len(m.RequestID) > c.limits.NameBytes || len(m.UID) > c.limits.NameBytes {
		return nil, errName
	}
	if err := c.request(m, &r, attachments); err != nil {
		return nil, err
	}
	m.Namespace = namespace // a packet may name another
	return m, nil
}

// request reads what a request of a certain kind has.
func (c *Codec) request(m *Message, r *request, attachments [][]byte) (err error) {
	switch m.Kind {
	case ListIDs:
		names, err := c.names(r.rooms)
		m.Target.All = len(names) == 0
		m.Target.Sockets, m.Target.Rooms, m.Target.Users = sorted(names, 0)
		return err
	case ListRooms:
		return nil
	case ServerSideEmit:
		m.Event, err = c.event(r.data, attachments)
		return err
	case Broadcast:
		return c.broadcast(m, r.packet, r.opts, attachments)
	}
	if len(attachments) > 0 {
		return errShape
	}
	if isNull(r.opts) {
		return c.old(m, r)
	}
	return c.command(m, r.opts, r.rooms, r.closes)
}

// broadcast reads packet and opts.
func (c *Codec) broadcast(m *Message, packet, opts []byte, attachments [][]byte) error {
	if err := c.packet(m, packet, attachments); err != nil {
		return err
	}
	f, err := c.options(m, opts)
	if err != nil {
		return err
	}
	return c.flagged(m, &f)
}

// command reads what a Join, Leave, Disconnect or FetchSockets has.
func (c *Codec) command(m *Message, opts, rooms, closes []byte) error {
	f, err := c.options(m, opts)
	if err != nil {
		return err
	}
	switch m.Kind {
	case Join, Leave:
		if m.Names, err = c.names(rooms); err != nil {
			return err
		}
		if len(m.Names) == 0 {
			return errShape
		}
		m.Names, m.LeftOut = withoutReserved(m.Names)
		if m.Kind == Join && len(f.mark.leave) > 0 {
			left, out := withoutReserved(f.mark.leave)
			m.Leave, m.LeftOut = left, m.LeftOut+out
		}
	case Disconnect:
		d := &m.Disconnect
		d.Detail, d.MayReturn, d.Forget = f.mark.detail, f.mark.mayReturn, f.mark.forget
		d.CloseTransport = isTrue(closes) && (!d.MayReturn || f.mark.closes)
	}
	return nil
}

// old reads the form in which a command is for one socket.
func (c *Codec) old(m *Message, r *request) error {
	id, ok := text(r.sid)
	if !ok || m.Kind == FetchSockets || len(id) > c.limits.NameBytes {
		return errShape
	}
	m.Target.Sockets = []string{id}
	if m.Kind == Disconnect {
		m.Disconnect.CloseTransport = isTrue(r.closes)
		return nil
	}
	room, ok := name(r.room)
	if !ok || len(room) > c.limits.NameBytes {
		return errShape
	}
	m.Names, m.LeftOut = withoutReserved([]string{room})
	return nil
}
