package nats

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/siohub/siohub/hub/cluster"
	"github.com/siohub/siohub/hub/cluster/internal/wire"
)

// A message of the log holds what one hub has published, in order, or a part of it:
//
//	0  'S' 'j'            what it is
//	2  version            1
//	3  flags              1: it goes on in the hub's next message; 2: it began in an earlier one
//	4  sender             8 bytes: the hub's id
//	12 number             8 bytes: one more for each message of the sender, and beyond those of a former life
//	20 start              8 bytes: of a message that began in an earlier one the sequence of that; else 0
//	28 entries
//
// An entry is a namespace, a room or nothing, and a command as package wire has it, each with its length before it.
const logHeader = 28

// mostEntries bounds the entries of a message.
const mostEntries = 4096

// logMessage is a message of the log.
type logMessage struct {
	more, continued bool
	sender          string
	number, start   uint64
	entries         []byte
}

var errLog = errors.New("nats: no message of a log")

// appendLog writes a message.
func appendLog(m *logMessage) []byte {
	b := make([]byte, logHeader, logHeader+len(m.entries))
	b[0], b[1], b[2] = 'S', 'j', 1
	if m.more {
		b[3] |= 1
	}
	if m.continued {
		b[3] |= 2
	}
	_, _ = hex.Decode(b[4:12], []byte(m.sender))
	binary.BigEndian.PutUint64(b[12:], m.number)
	binary.BigEndian.PutUint64(b[20:], m.start)
	return append(b, m.entries...)
}

// setStart says in a message where the first one of its parts stands.
func setStart(message []byte, start uint64) { binary.BigEndian.PutUint64(message[20:], start) }

// readLog reads one. Its entries are part of b.
func readLog(b []byte) (m logMessage, err error) {
	if len(b) < logHeader || b[0] != 'S' || b[1] != 'j' {
		return m, errLog
	}
	if b[2] != 1 {
		return m, wire.ErrUnknown
	}
	m = logMessage{
		more: b[3]&1 != 0, continued: b[3]&2 != 0, sender: hex.EncodeToString(b[4:12]),
		number: binary.BigEndian.Uint64(b[12:]), start: binary.BigEndian.Uint64(b[20:]), entries: b[logHeader:],
	}
	if m.number == 0 || m.continued != (m.start != 0) {
		return m, errLog
	}
	return m, nil
}

// logEntry is a command in a message.
type logEntry struct {
	namespace, room string
	command         []byte
}

func appendEntry(b []byte, e *logEntry) []byte {
	for _, field := range []string{e.namespace, e.room} {
		b = binary.AppendUvarint(b, uint64(len(field)))
		b = append(b, field...)
	}
	b = binary.AppendUvarint(b, uint64(len(e.command)))
	return append(b, e.command...)
}

// readEntries reads those of a message that is whole. Their commands are part of b.
func readEntries(b []byte) (list []logEntry, err error) {
	field := func(limit uint64) (f []byte) {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > limit || n > uint64(len(b)-size) {
			err = errLog
			return nil
		}
		f, b = b[size:size+int(n)], b[size+int(n):]
		return f
	}
	for len(b) > 0 && err == nil {
		if len(list) == mostEntries {
			return nil, errLog
		}
		namespace, room := field(wire.MaxNameBytes), field(wire.MaxNameBytes)
		command := field(uint64(len(b)))
		list = append(list, logEntry{string(namespace), string(room), command})
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// decode reads the command of an entry.
func (e *logEntry) decode(sender string, at cluster.Position) (*cluster.Command, error) {
	c, err := wire.DecodeCommand(e.command)
	if err != nil {
		return nil, err
	}
	if c.Namespace != e.namespace {
		return nil, errLog
	}
	c.Origin.Hub, c.Origin.At = sender, at
	return c, nil
}

// Positions within a log: when its stream was made, and the sequence of a message with the place in it.
const placeBits = 13

// place is that of the n-th entry of a message, from 1 on.
func place(epoch, sequence uint64, n int) cluster.Position {
	return cluster.Position{Major: epoch, Minor: sequence<<placeBits | uint64(n)}
}

// endOf is behind all entries of a message.
func endOf(epoch, sequence uint64) cluster.Position {
	return place(epoch, sequence, 1<<placeBits-1)
}

// sequenceOf is the message that a place is in, and whether it is behind all of it.
func sequenceOf(p cluster.Position) (sequence uint64, end bool) {
	return p.Minor >> placeBits, p.Minor&(1<<placeBits-1) == 1<<placeBits-1
}

// parts joins messages that go in parts, for each sender.
type parts struct {
	most    int // bytes of all parts of one
	waiting map[string]*partial
}

type partial struct {
	start, number uint64
	entries       []byte
}

// mostPartial bounds the senders of which a part waits for others.
const mostPartial = 256

// join takes a message with its sequence, and returns the entries once they are whole. Nil: they are not. why is the reason of
// cluster.Trace.Dropped if it is not taken.
func (p *parts) join(m *logMessage, sequence uint64) (entries []byte, why string) {
	last := p.waiting[m.sender]
	delete(p.waiting, m.sender)
	switch {
	case !m.more && !m.continued:
		return m.entries, ""
	case !m.continued:
		if len(p.waiting) >= mostPartial {
			return nil, cluster.DropOverrun
		}
		last = &partial{start: sequence}
	case last == nil || last.start != m.start || last.number+1 != m.number:
		return nil, cluster.DropPart
	}
	if len(last.entries)+len(m.entries) > p.most {
		return nil, cluster.DropTooLarge
	}
	last.number = m.number
	last.entries = append(slices.Clip(last.entries), m.entries...)
	if !m.more {
		return last.entries, ""
	}
	if p.waiting == nil {
		p.waiting = map[string]*partial{}
	}
	p.waiting[m.sender] = last
	return nil, ""
}
