package v09

import (
	"bytes"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Reasons and advice of an error packet, by their number.
//
// Source: socket.io 0.9, lib/parser.js.
const (
	unauthorized = "2"
	// notHandshaken, with the advice to reconnect, ends a client's session: it makes a new one.
	notHandshaken = "7:::1+0"
	noop          = "8::"
)

// fromServer acts on a packet of Engine.IO for the client. The data is its own.
func (t *translator) fromServer(binary bool, data []byte) {
	if binary || len(data) == 0 {
		return // an attachment of a packet that was dropped
	}
	switch eiopacket.Type(data[0]) {
	case eiopacket.Ping:
		t.beating = true
		t.reply(Packet{Type: Heartbeat})
	case eiopacket.Message:
		t.fromSocket(data[1:])
	}
	// The rest is between Engine.IO and its clients.
}

// fromSocket acts on a packet of Socket.IO for the client.
func (t *translator) fromSocket(data []byte) {
	p, _, err := t.json.Decode(data, false)
	if err != nil || p.Attachments > 0 {
		t.later = append(t.later, func() { t.dropped(p, err) })
		return
	}
	endpoint := endpointOf(p.Namespace)
	if _, known := t.endpoints[endpoint]; !known && p.Type != siopacket.ConnectError {
		return // left meanwhile
	}
	switch p.Type {
	case siopacket.Connect:
		t.endpoints[endpoint] = joined
		t.reply(Packet{Type: Connect, Endpoint: endpoint})
		t.release(endpoint, true)
	case siopacket.ConnectError:
		t.release(endpoint, false)
		delete(t.endpoints, endpoint)
		t.refuse(endpoint)
	case siopacket.Disconnect:
		delete(t.endpoints, endpoint)
		t.reply(Packet{Type: Disconnect, Endpoint: endpoint})
		if endpoint == "" {
			t.over, t.left = true, true
		}
	case siopacket.Event:
		t.reply(Packet{Type: Event, ID: p.ID, WithData: !p.ID.IsZero(), Endpoint: endpoint, Data: eventData(p)})
	case siopacket.Ack:
		t.reply(Packet{Type: Ack, Endpoint: endpoint, Data: ackData(p)})
	}
}

// refuse refuses a namespace to the client.
func (t *translator) refuse(endpoint string) {
	t.reply(Packet{Type: Error, Endpoint: endpoint, Data: []byte(unauthorized)})
}

// eventData is an event's name and arguments.
func eventData(p siopacket.Packet) []byte {
	data := siopacket.AppendString([]byte(`{"name":`), p.Name)
	data = append(data, `,"args":`...)
	return append(append(data, p.Payload...), '}')
}

// ackData is an acknowledgement's id and arguments. The client reads them up to the end of the line, and takes U+2028 and
// U+2029 for one; in JSON these are within a text, and the others between values.
func ackData(p siopacket.Packet) []byte {
	args := bytes.Clone(p.Payload)
	for i, c := range args {
		if c == '\n' || c == '\r' {
			args[i] = ' '
		}
	}
	args = bytes.ReplaceAll(args, []byte("\u2028"), []byte(`\u2028`))
	args = bytes.ReplaceAll(args, []byte("\u2029"), []byte(`\u2029`))
	return append(append(p.ID.Append(nil), '+'), args...)
}
