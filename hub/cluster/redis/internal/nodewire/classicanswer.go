package nodewire

import (
	"strconv"

	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// AppendAnswer appends an answer of the classic adapter.
func AppendAnswer(buf []byte, m *Message) []byte {
	data := siopacket.AppendString(append(make([]byte, 0, 256), `{"requestId":`...), m.RequestID)
	typed := func(kind int) { data = strconv.AppendInt(append(data, `,"type":`...), int64(kind), 10) }
	switch m.Kind {
	case SocketsAnswer:
		data = appendSockets(append(data, `,"sockets":`...), m.Sockets)
	case IDsAnswer:
		data = appendNames(append(data, `,"sockets":`...), nil, m.Names, nil)
	case RoomsAnswer:
		data = appendNames(append(data, `,"rooms":`...), nil, m.Names, nil)
	case ServerSideAnswer:
		typed(classicServerSide)
		data = appendValue(append(data, `,"data":`...), m.Value)
	case ClientCount:
		typed(classicClientCount)
		data = strconv.AppendInt(append(data, `,"clientCount":`...), int64(m.Count), 10)
	case Ack:
		typed(classicAck)
		data = appendValue(append(data, `,"packet":`...), m.Value)
	}
	data = append(data, '}')
	if m.Kind == Ack || len(m.Attachments) > 0 {
		return msgpacket.AppendJSON(buf, data, m.Attachments)
	}
	return append(buf, data...)
}

// Answer reads an answer of the classic adapter that came in a namespace. Which question it answers is not known here: lists
// of sockets are SocketsAnswer if they describe them, and IDsAnswer if not; an empty one is a SocketsAnswer.
func (c *Codec) Answer(namespace string, message []byte) (*Message, error) {
	data, attachments, err := c.read(message)
	if tooMany(err) { // data of sockets may be binary
		attachments = nil
		data, err = c.readPlain(message)
	}
	if err != nil {
		return nil, err
	}
	r, is := readRequest(data)
	if !is {
		return nil, errShape
	}
	m := &Message{Namespace: namespace}
	if m.RequestID, is = text(r.id); !is || len(m.RequestID) > c.limits.NameBytes {
		return nil, errShape
	}
	return m, c.answer(m, &r, message, attachments)
}

func (c *Codec) answer(m *Message, r *request, message []byte, attachments [][]byte) (err error) {
	kind, typed := whole(r.kind)
	switch {
	case typed && kind == classicServerSide:
		m.Kind = ServerSideAnswer
		return c.value(m, r.data, attachments)
	case typed && kind == classicAck:
		m.Kind = Ack
		return c.value(m, r.packet, attachments)
	case typed && kind == classicClientCount:
		m.Kind = ClientCount
		n, ok := whole(r.count)
		if !ok {
			return errShape
		}
		m.Count = int(min(n, mostClients))
		return nil
	case typed:
		return errKind
	case r.sockets != nil:
		if len(attachments) > 0 {
			data, err := c.readPlain(message)
			if err != nil {
				return err
			}
			*r, _ = readRequest(data)
		}
		return c.sockets(m, r.sockets)
	case r.rooms != nil:
		m.Kind = RoomsAnswer
		m.Names, err = c.names(r.rooms)
		m.Names, m.LeftOut = withoutReserved(m.Names)
		return err
	}
	m.Kind = Done
	return nil
}

// mostClients is more than one server can have.
const mostClients = 1 << 31

// sockets reads a list of sockets, or of their ids.
func (c *Codec) sockets(m *Message, array []byte) (err error) {
	if first, _ := split(orEmpty(array)); len(first) > 0 && first[0] != '{' {
		m.Kind = IDsAnswer
		m.Names, err = c.names(array)
		return err
	}
	m.Kind = SocketsAnswer
	m.Sockets, err = c.readSockets(array)
	return err
}

// orEmpty is an array, and an empty one in place of anything else.
func orEmpty(array []byte) []byte {
	if array = trim(array); len(array) == 0 || array[0] != '[' {
		return []byte("[]")
	}
	return array
}
