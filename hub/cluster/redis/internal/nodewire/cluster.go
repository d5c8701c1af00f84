package nodewire

import (
	"encoding/base64"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// clusterKinds are the kinds of cluster messages by their number.
//
// Source: socket.io-adapter 2.5, MessageType.
var clusterKinds = [...]Kind{
	1: InitialHeartbeat, 2: Heartbeat, 3: Broadcast, 4: Join, 5: Leave, 6: Disconnect, 7: FetchSockets, 8: SocketsAnswer,
	9: ServerSideEmit, 10: ServerSideAnswer, 11: ClientCount, 12: Ack, 13: Leaving,
}

// clusterType is the number of a kind; 0 if cluster messages have none.
func clusterType(k Kind) int { return max(0, slices.Index(clusterKinds[:], k)) }

// AppendCluster appends a cluster message: as MessagePack if packed is set or it holds binary, otherwise as JSON.
func AppendCluster(buf []byte, m *Message, packed bool) []byte {
	attachments := attachmentsOf(m)
	if packed || len(attachments) > 0 {
		return msgpacket.AppendJSON(buf, appendEnvelope(make([]byte, 0, sizeOf(m)), m), attachments)
	}
	if buf == nil {
		buf = make([]byte, 0, sizeOf(m))
	}
	return appendEnvelope(buf, m)
}

func appendEnvelope(buf []byte, m *Message) []byte {
	buf = siopacket.AppendString(append(buf, `{"uid":`...), m.UID)
	buf = siopacket.AppendString(append(buf, `,"nsp":`...), m.Namespace)
	buf = strconv.AppendInt(append(buf, `,"type":`...), int64(clusterType(m.Kind)), 10)
	if m.Kind < InitialHeartbeat {
		buf = appendBody(append(buf, `,"data":`...), m)
	}
	return append(buf, '}')
}

func attachmentsOf(m *Message) [][]byte {
	if m.Event != nil {
		return m.Event.Attachments
	}
	return m.Attachments
}

// appendBody appends the data of a cluster message, nothing if it has none.
func appendBody(buf []byte, m *Message) []byte {
	if m.Kind >= InitialHeartbeat {
		return buf
	}
	buf = append(buf, '{')
	from := len(buf)
	member := func(text string) { buf = appendMember(buf, from, true, text) }
	if m.RequestID != "" {
		member(`"requestId":`)
		buf = siopacket.AppendString(buf, m.RequestID)
	}
	switch m.Kind {
	case Broadcast, Join, Leave, Disconnect, FetchSockets:
		member(`"opts":`)
		buf = appendOptions(buf, m)
	}
	switch m.Kind {
	case Broadcast:
		buf = appendPacket(append(buf, `,"packet":`...), m)
	case Join, Leave:
		buf = appendNames(append(buf, `,"rooms":`...), nil, m.Names, nil)
	case Disconnect:
		buf = strconv.AppendBool(append(buf, `,"close":`...), m.Disconnect.CloseTransport || m.Disconnect.MayReturn)
	case ServerSideEmit:
		member(`"packet":`)
		buf = appendEvent(buf, m.Event)
	case SocketsAnswer:
		member(`"sockets":`)
		buf = appendSockets(buf, m.Sockets)
	case ServerSideAnswer, Ack:
		member(`"packet":`)
		buf = appendValue(buf, m.Value)
	case ClientCount:
		member(`"clientCount":`)
		buf = strconv.AppendInt(buf, int64(m.Count), 10)
	}
	return append(buf, '}')
}

// Cluster reads a cluster message, as JSON or MessagePack.
func (c *Codec) Cluster(message []byte) (*Message, error) {
	data, attachments, err := c.read(message)
	again := func() ([]byte, error) { return c.readPlain(message) }
	if tooMany(err) {
		data, err = again()
		return c.envelope(data, nil, again, err, true)
	}
	return c.envelope(data, attachments, again, err, false)
}

// envelope reads the members of a cluster message. again reads it without attachments; answered says that only an answer may
// have been read like this.
func (c *Codec) envelope(data []byte, attachments [][]byte, again func() ([]byte, error), err error, answered bool) (*Message, error) {
	if err != nil {
		return nil, err
	}
	m, body, err := c.head(data)
	switch {
	case err != nil:
		return nil, err
	case answered && m.Kind != SocketsAnswer:
		return nil, siopacket.ErrAttachments
	case m.Kind == SocketsAnswer && len(attachments) > 0:
		if data, err = again(); err != nil {
			return nil, err
		}
		if _, body, err = c.head(data); err != nil {
			return nil, err
		}
	}
	return m, c.body(m, body, attachments)
}

// head reads all but the data of a cluster message.
func (c *Codec) head(data []byte) (m *Message, body []byte, err error) {
	m = new(Message)
	kind := int64(0)
	is := members(data, func(key, value []byte) bool {
		switch string(key) {
		case "uid":
			m.UID, _ = name(value)
		case "nsp":
			m.Namespace, _ = text(value)
		case "type":
			kind, _ = whole(value)
		case "data":
			body = value
		}
		return true
	})
	switch {
	case !is:
		return nil, nil, errShape
	case len(m.UID) > c.limits.NameBytes || len(m.Namespace) > c.limits.NameBytes:
		return nil, nil, errName
	case kind <= 0 || kind >= int64(len(clusterKinds)):
		return nil, nil, errKind
	}
	m.Kind = clusterKinds[kind]
	return m, body, nil
}

// body reads the data of a cluster message.
func (c *Codec) body(m *Message, data []byte, attachments [][]byte) (err error) {
	if m.Kind >= InitialHeartbeat {
		return nil
	}
	namespace := m.Namespace
	var opts, packet, rooms, closes, sockets, number []byte
	is := members(data, func(key, value []byte) bool {
		switch string(key) {
		case "requestId":
			m.RequestID, _ = text(value)
		case "opts":
			opts = value
		case "packet":
			packet = value
		case "rooms":
			rooms = value
		case "close":
			closes = value
		case "sockets":
			sockets = value
		case "clientCount":
			number = value
		}
		return true
	})
	if !is {
		return errShape
	}
	if len(m.RequestID) > c.limits.NameBytes {
		return errName
	}
	switch m.Kind {
	case Broadcast:
		err = c.broadcast(m, packet, opts, attachments)
		m.Namespace = namespace // the packet's is not looked at
	case Join, Leave, Disconnect, FetchSockets:
		err = c.command(m, opts, rooms, closes)
	case ServerSideEmit:
		m.Event, err = c.event(packet, attachments)
	case SocketsAnswer:
		m.Sockets, err = c.readSockets(sockets)
	case ServerSideAnswer, Ack:
		err = c.value(m, packet, attachments)
	case ClientCount:
		n, ok := whole(number)
		if m.Count = int(min(n, mostClients)); !ok {
			err = errShape
		}
	}
	return err
}

// Entry is a cluster message as the fields of a stream's entry.
type Entry struct {
	UID, Namespace, Type, Data string
	// Hub says that hubs pass it over: they have been told, or asked, elsewhere. Node does not look at the field.
	Hub bool
	// Number and After are what a hub says of a command (cluster.Origin), in decimal and as the id of an entry. Empty: nothing.
	// Node does not look at them.
	Number, After string
}

// EntryOf makes an entry. Its data is JSON, or base64 of MessagePack if it holds binary.
func EntryOf(m *Message) Entry {
	e := Entry{UID: m.UID, Namespace: m.Namespace, Type: strconv.Itoa(clusterType(m.Kind))}
	body := appendBody(nil, m)
	if attachments := attachmentsOf(m); len(attachments) > 0 {
		e.Data = base64.StdEncoding.EncodeToString(msgpacket.AppendJSON(nil, body, attachments))
	} else {
		e.Data = string(body)
	}
	return e
}

// Entry reads an entry.
func (c *Codec) Entry(e Entry) (*Message, error) {
	kind, err := strconv.Atoi(e.Type)
	switch {
	case err != nil || kind <= 0 || kind >= len(clusterKinds):
		return nil, errKind
	case len(e.UID) > c.limits.NameBytes || len(e.Namespace) > c.limits.NameBytes:
		return nil, errName
	case !utf8.ValidString(e.UID) || !utf8.ValidString(e.Namespace):
		return nil, errText
	case int64(len(e.Data)) > 2*c.limits.Message:
		return nil, errLarge
	}
	m := &Message{Kind: clusterKinds[kind], UID: e.UID, Namespace: e.Namespace}
	if m.Kind >= InitialHeartbeat {
		return m, nil
	}
	data := []byte(e.Data)
	if len(data) > 0 && data[0] != '{' {
		if data, err = base64.StdEncoding.AppendDecode(nil, data); err != nil {
			return nil, errBase64
		}
	}
	body, attachments, err := c.read(data)
	if m.Kind == SocketsAnswer && (tooMany(err) || len(attachments) > 0) {
		attachments = nil
		body, err = c.readPlain(data)
	}
	if err != nil {
		return nil, err
	}
	return m, c.body(m, body, attachments)
}
