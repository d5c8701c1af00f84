package nodewire

import (
	"bytes"
	"strconv"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// eventType is the type of the packet of an event. Servers broadcast no others.
const eventType = 2

// packet reads a packet, in which an event stands.
func (c *Codec) packet(m *Message, data []byte, attachments [][]byte) (err error) {
	kind, event := int64(eventType), []byte(nil)
	is := members(data, func(key, value []byte) bool {
		switch string(key) {
		case "type":
			kind, _ = whole(value)
		case "nsp":
			m.Namespace, _ = text(value)
		case "data":
			event = value
		}
		return true
	})
	if !is || kind != eventType {
		return errShape
	}
	m.Event, err = c.event(event, attachments)
	return err
}

// event reads an array of a name and arguments.
func (c *Codec) event(array []byte, attachments [][]byte) (*cluster.Message, error) {
	if array = trim(array); len(array) == 0 || array[0] != '[' {
		return nil, errShape
	}
	if err := c.check.CheckArgs(array, len(attachments)); err != nil {
		return nil, err
	}
	first, rest := split(array)
	called, ok := name(first)
	switch {
	case !ok:
		return nil, siopacket.ErrName
	case len(called) > c.limits.Event.WithDefaults().NameBytes:
		return nil, siopacket.ErrNameLength
	}
	return &cluster.Message{Event: c.known.Intern([]byte(called)), Args: rest, Attachments: attachments}, nil
}

// flagged puts into an event what its flags say.
func (c *Codec) flagged(m *Message, f *flags) error {
	m.Event.Volatile, m.Event.NoCompress = f.volatile, f.noCompress
	if len(f.mark.args) == 0 {
		return nil
	}
	m.Event.Args = f.mark.args
	return c.check.CheckArgs(f.mark.args, len(m.Event.Attachments))
}

// lossy reports whether arguments have a number that MessagePack cannot say as it is written.
func lossy(args []byte) bool {
	if bytes.IndexByte(args, '.') < 0 && bytes.IndexByte(args, 'e') < 0 && bytes.IndexByte(args, 'E') < 0 && len(args) < 18 {
		return false
	}
	if !hasNumber(args) {
		return false
	}
	var l numbers
	return siopacket.Walk(args, siopacket.MaxDepth, &l) == nil && bool(l)
}

// hasNumber reports whether there is a digit outside of texts.
func hasNumber(args []byte) bool {
	for i := 0; i < len(args); i++ {
		switch c := args[i]; {
		case c == '"':
			i = quoted(args, i) - 1
		case c >= '0' && c <= '9':
			return true
		}
	}
	return false
}

// numbers looks for numbers that lose something.
type numbers bool

// Open implements siopacket.Visitor.
func (n *numbers) Open(bool) {}

// Key implements siopacket.Visitor.
func (n *numbers) Key([]byte) {}

// Close implements siopacket.Visitor.
func (n *numbers) Close() error { return nil }

// Scalar implements siopacket.Visitor.
func (n *numbers) Scalar(raw []byte) {
	if c := raw[0]; c != '-' && (c < '0' || c > '9') {
		return
	}
	const digits = 18 // of an integer of 64 bits, whatever they are
	if len(raw) <= digits && !bytes.ContainsAny(raw, ".eE") && string(raw) != "-0" {
		return
	}
	packed := msgpacket.AppendJSON(nil, raw, nil)
	back, _, err := msgpacket.ToJSON(packed, siopacket.Limits{}, 1<<10)
	if err != nil || string(back) != string(raw) {
		*n = true
	}
}

// value reads the one value of an answer as an array.
func (c *Codec) value(m *Message, value []byte, attachments [][]byte) error {
	m.Value = []byte("[]")
	if len(value) > 0 {
		m.Value = append(append(append(make([]byte, 0, 2+len(value)), '['), value...), ']')
	}
	m.Attachments = attachments
	return c.check.CheckArgs(m.Value, len(attachments))
}

// appendEvent appends the array of an event.
func appendEvent(buf []byte, e *cluster.Message) []byte {
	buf = siopacket.AppendString(append(buf, '['), e.Event)
	if args := trim(e.Args); len(args) > 0 {
		if from := next(args, 1); args[from] != ']' {
			return append(append(buf, ','), args[from:]...)
		}
	}
	return append(buf, ']')
}

// appendPacket appends the packet of an event.
func appendPacket(buf []byte, m *Message) []byte {
	buf = strconv.AppendInt(append(buf, `{"type":`...), eventType, 10)
	buf = appendEvent(append(buf, `,"data":`...), m.Event)
	buf = siopacket.AppendString(append(buf, `,"nsp":`...), m.Namespace)
	return append(buf, '}')
}

// appendValue appends the first value of an array; null if there is none.
func appendValue(buf, array []byte) []byte {
	if array = trim(array); len(array) > 0 {
		if first, _ := split(array); len(first) > 0 {
			return append(buf, first...)
		}
	}
	return append(buf, "null"...)
}
