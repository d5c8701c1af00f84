package nodewire

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/siohub/siohub/hub/internal/msgpacket"
	"github.com/siohub/siohub/hub/internal/siopacket"
)

// Limits bound what a Codec reads. Zero means the default.
type Limits struct {
	// Message is the size of a message, and of what becomes of it, in bytes: 16 MiB.
	Message int64
	// Event are the limits of an event's arguments, as browsers have them.
	Event siopacket.Limits
	// Names is how many rooms or sockets a message names in one place: 65 536; NameBytes is the length of each: 1024. A
	// name that is longer than what the hub itself takes harms nobody here, as its room is empty.
	Names, NameBytes int
}

// Codec reads and writes messages.
type Codec struct {
	limits Limits
	check  *siopacket.JSON
	known  siopacket.Names
}

// New returns a codec.
func New(limits Limits) *Codec {
	if limits.Message <= 0 {
		limits.Message = 16 << 20
	}
	if limits.Names <= 0 {
		limits.Names = 1 << 16
	}
	if limits.NameBytes <= 0 {
		limits.NameBytes = 1024
	}
	event := limits.Event
	event.Arguments = event.WithDefaults().Arguments + 1 // the name is one of them
	return &Codec{limits: limits, check: siopacket.NewJSON(event)}
}

// envelope is how many containers are around the arguments of an event.
const envelope = 6

// read makes JSON and attachments of a message that is JSON or MessagePack. Of plain, binary is said in the JSON.
func (c *Codec) read(message []byte) ([]byte, [][]byte, error) {
	limits := c.limits.Event.WithDefaults()
	limits.Depth += envelope
	switch {
	case int64(len(message)) > c.limits.Message:
		return nil, nil, errLarge
	case len(message) == 0:
		return nil, nil, errShape
	case message[0] != '{': // no MessagePack of ours begins with it: it would be the number 123
		return msgpacket.ToJSON(message, limits, c.limits.Message)
	case !utf8.Valid(message):
		return nil, nil, errText
	}
	if err := siopacket.Walk(message, limits.Depth, nil); err != nil {
		return nil, nil, err
	}
	return message, nil, nil
}

// readPlain is as read, for what has no attachments: binary becomes what JSON.stringify makes of it.
func (c *Codec) readPlain(message []byte) ([]byte, error) {
	limits := c.limits.Event.WithDefaults()
	limits.Depth += envelope
	return msgpacket.ToPlainJSON(message, limits, c.limits.Message)
}

// tooMany reports whether an error says that there are more attachments than an event may have.
func tooMany(err error) bool { return errors.Is(err, siopacket.ErrAttachments) }

// trim takes the white space away that may stand around a value.
func trim(value []byte) []byte { return bytes.TrimSpace(value) }

// split takes the first element of an array, and makes an array of what is left.
func split(array []byte) (first, rest []byte) {
	from := next(array, 1)
	if from >= len(array) || array[from] == ']' {
		return nil, nil
	}
	end := skip(array, from)
	first = array[from:end]
	more := next(array, end)
	if array[more] == ']' {
		return first, []byte("[]")
	}
	rest = append(make([]byte, 0, 1+len(array)-more), '[')
	return first, append(rest, array[more:]...)
}
