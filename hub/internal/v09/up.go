package v09

import (
	"bytes"
	"encoding/json"

	"github.com/siohub/siohub/hub/internal/eiopacket"
	"github.com/siohub/siohub/hub/internal/request"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// messageEvent is the event that a text or a JSON value is without a name.
const messageEvent = "message"

// payload acts on a body or a message of the client: valid UTF-8 with at most so many packets. An error means that the client
// has sent what it must not; the packets before that were acted on.
func (t *translator) payload(text []byte, most int) error {
	for n := 0; len(text) > 0 || n == 0; n++ {
		if n == most {
			return ErrPackets
		}
		one, rest, err := Cut(text)
		if err != nil {
			return err
		}
		p, err := Decode(one)
		if err != nil {
			return err
		}
		up, held := len(t.up), t.heldBytes
		if err := t.fromClient(p); err != nil {
			return err
		}
		if len(t.up) == up && t.heldBytes == held {
			t.charge(one)
		}
		text = rest
	}
	return nil
}

// charge passes on, in place of a packet that means nothing, one that means nothing to engineio either: it counts what reaches it
// against the rates.
func (t *translator) charge(packet []byte) {
	t.up = eiopacket.AppendStreamHeader(t.up, eiopacket.StreamHeader{Len: uint64(len(packet))})
	t.up = append(append(t.up, byte(eiopacket.Noop)), packet[1:]...)
}

// fromClient acts on a packet of the client.
func (t *translator) fromClient(p Packet) error {
	switch p.Type {
	case Disconnect:
		t.leave(p.Endpoint)
	case Connect:
		return t.join(p)
	case Heartbeat:
		if t.beating { // engineio hears each at once, whatever the rates are
			t.beating = false
			t.pass([]byte{byte(eiopacket.Pong)})
		}
	case Message, JSON, Event:
		return t.event(p)
	case Ack:
		return t.ack(p)
	}
	return nil // as in the reference, an error or a noop of a client means nothing
}

// join asks for a namespace. Asking again changes nothing.
func (t *translator) join(p Packet) error {
	at, known := t.endpoints[p.Endpoint]
	switch {
	case known && at == joined:
		t.reply(Packet{Type: Connect, Endpoint: p.Endpoint})
		return nil
	case known || p.Endpoint == "":
		return nil
	case len(p.Endpoint) > t.namespaceBytes: // there is none of that name
		t.refuseFor(nameBytesKey, p.Endpoint)
		return nil
	case len(t.endpoints) >= t.namespaces:
		t.refuseFor(namespacesKey, p.Endpoint)
		return nil
	}
	text := messageOf(siopacket.Packet{Type: siopacket.Connect, Namespace: p.Endpoint, Payload: authOf(p.Query)})
	if int64(len(text)) > t.maxPayload {
		return errTooLarge
	}
	t.endpoints[p.Endpoint] = asked
	t.pass(text)
	return nil
}

// The limits for which a namespace is refused.
const (
	namespacesKey = "limits.namespaces_per_client"
	nameBytesKey  = "limits.namespace_bytes"
)

// refuseFor refuses a namespace for a limit.
func (t *translator) refuseFor(key, endpoint string) {
	t.later = append(t.later, func() { t.refused(key) })
	t.refuse(endpoint)
}

// authOf is a query as JSON: an object of texts, nil without one.
func authOf(query string) []byte {
	if query == "" {
		return nil
	}
	texts := make(map[string]string)
	for name, value := range request.Parameters(query) {
		texts[name] = value
	}
	auth, err := json.Marshal(texts)
	if err != nil {
		panic("v09: texts always marshal: " + err.Error())
	}
	return auth
}

// leave leaves a namespace. Who leaves the main one ends the session.
func (t *translator) leave(endpoint string) {
	if _, known := t.endpoints[endpoint]; known {
		t.release(endpoint, true)
		delete(t.endpoints, endpoint)
		t.send(siopacket.Packet{Type: siopacket.Disconnect, Namespace: namespaceOf(endpoint)})
	}
	if endpoint == "" && !t.left {
		t.left = true
		t.pass([]byte{byte(eiopacket.Close)})
	}
}

// event sends an event on. What is for an endpoint that was refused or left is dropped: clients do not wait until they
// have joined, and may not know yet.
func (t *translator) event(p Packet) error {
	at, known := t.endpoints[p.Endpoint]
	e, err := eventOf(p)
	if err != nil || !known {
		return err
	}
	if p.WithData {
		e.ID = p.ID
	}
	text := messageOf(e)
	if int64(len(text)) > t.maxPayload {
		return errTooLarge
	}
	if !p.WithData && !p.ID.IsZero() {
		t.reply(Packet{Type: Ack, Endpoint: p.Endpoint, Data: p.ID.Append(nil)})
	}
	if at == asked {
		t.hold(p.Endpoint, text)
	} else {
		t.pass(text)
	}
	return nil
}

// eventOf is a message, JSON or event packet as an event of today, without its id.
func eventOf(p Packet) (e siopacket.Packet, err error) {
	e = siopacket.Packet{Type: siopacket.Event, Namespace: namespaceOf(p.Endpoint), Name: messageEvent}
	switch p.Type {
	case Message:
		e.Payload = append(siopacket.AppendString([]byte{'['}, string(p.Data)), ']')
		return e, nil
	case JSON:
		if siopacket.Walk(p.Data, siopacket.MaxDepth, nil) != nil {
			return e, ErrJSON
		}
		e.Payload = append(append([]byte{'['}, p.Data...), ']')
		return e, nil
	}
	var event struct {
		Name *string         `json:"name"`
		Args json.RawMessage `json:"args"`
	}
	if json.Unmarshal(p.Data, &event) != nil || event.Name == nil {
		return e, ErrEvent
	}
	e.Name = *event.Name
	e.Payload, err = list(event.Args, ErrEvent)
	return e, err
}

// list is a JSON array, [] where there is nothing.
func list(text []byte, otherwise error) ([]byte, error) {
	text = bytes.TrimLeft(text, " \t\r\n")
	switch {
	case len(text) == 0 || string(text) == "null":
		return []byte("[]"), nil
	case text[0] != '[' || siopacket.Walk(text, siopacket.MaxDepth, nil) != nil:
		return nil, otherwise
	}
	return text, nil
}

// ack sends an acknowledgement on: id+[arguments], or the id alone.
func (t *translator) ack(p Packet) error {
	digits, args, _ := bytes.Cut(p.Data, []byte{'+'})
	id, ok := siopacket.ParseID(digits)
	if !ok {
		return ErrAck
	}
	args, err := list(args, ErrAck)
	if at, known := t.endpoints[p.Endpoint]; err != nil || !known || at == asked {
		return err
	}
	t.send(siopacket.Packet{Type: siopacket.Ack, Namespace: namespaceOf(p.Endpoint), ID: id, Payload: args})
	return nil
}
